"""Brings sound that is still arriving into another format."""

from __future__ import annotations

from fractions import Fraction
from math import ceil

import numpy as np

from voicetest.audio.chunk import AudioChunk, AudioFormat, Encoding, Samples
from voicetest.audio.g711 import compress, expand
from voicetest.audio.resample import StreamingResampler

__all__ = ["Converter"]

_BLOCK = 1 << 14
_NOTHING = np.zeros(0, dtype=np.int16)


class Converter:
    """Changes encoding, channels and rate of chunks, each of which says what format it is in.

    Sound of another rate comes out 2 ms later than it went in; however often the source changes its
    format, after n seconds in there are n seconds out, within one sample. Channels are averaged,
    and what comes out has the same sound in each of its own.
    """

    def __init__(self, target: AudioFormat) -> None:
        self._target = target
        self._rate = target.rate
        """The rate of the sound that came last."""
        self._resampler: StreamingResampler | None = None
        """Set while the source has another rate than the target."""
        self._taken = 0
        """Samples that came in at `_rate`; set to 0 when it changes."""
        self._ahead = Fraction(0)
        """Samples given, less `_spare`, beyond those due when `_rate` last changed: (-1, 0]."""
        self._spare = 0
        """Samples of the next output to leave out, because one too many was given before."""
        self._ringing = _NOTHING
        """What a filter that is no longer used had still to give; it is added to what follows."""

    def convert(self, chunk: AudioChunk) -> AudioChunk:
        """The sound that this chunk makes ready, in the target's format.

        Raises ValueError for a rate that cannot be converted live.
        """
        if not chunk.data:
            return AudioChunk(b"", self._target)
        if chunk.format.rate != self._rate:
            self._change_rate(chunk.format.rate)
        self._taken += chunk.frames
        if chunk.format == self._target and not self._spare and not len(self._ringing):
            return chunk
        samples = _mono(chunk)
        if self._resampler is not None:
            samples = _in_blocks(self._resampler, samples)
        if self._spare or len(self._ringing):
            left_out = min(self._spare, len(samples))
            self._spare -= left_out
            samples = self._ring_out(samples[left_out:])
        return _encoded(samples, self._target)

    def _change_rate(self, rate: int) -> None:
        target = self._target.rate
        following = StreamingResampler(rate, target) if rate != target else None
        if self._resampler is not None:
            rest = np.zeros(round(2 * self._resampler.delay * self._rate), dtype=np.int16)
            self._ringing = _mixed(self._ringing, self._resampler.process(rest))
        due = Fraction(self._taken * target, self._rate)
        ahead = self._ahead + self._spare + ceil(due) - due
        self._spare = 1 if ahead > 0 else 0
        self._ahead = ahead - self._spare
        self._rate, self._resampler, self._taken = rate, following, 0

    def _ring_out(self, samples: Samples) -> Samples:
        if not len(self._ringing):
            return samples
        ringing, self._ringing = self._ringing[: len(samples)], self._ringing[len(samples) :]
        return _mixed(ringing, samples)


def _in_blocks(resampler: StreamingResampler, samples: Samples) -> Samples:
    """The same as all at once, but a message of many minutes takes no gigabytes."""
    if len(samples) <= _BLOCK:
        return resampler.process(samples)
    blocks = [samples[at : at + _BLOCK] for at in range(0, len(samples), _BLOCK)]
    return np.concatenate([resampler.process(block) for block in blocks])


def _mono(chunk: AudioChunk) -> Samples:
    """Int16 (n,) from any format."""
    if chunk.format.encoding is Encoding.PCM16:
        samples: Samples = np.frombuffer(chunk.data, dtype="<i2")
    else:
        samples = expand(chunk.data, chunk.format.encoding)
    if chunk.format.channels == 1:
        return samples
    averaged = samples.reshape(-1, chunk.format.channels).mean(axis=1)
    mono: Samples = np.rint(averaged).astype(np.int16)
    return mono


def _encoded(samples: Samples, target: AudioFormat) -> AudioChunk:
    """Int16 (n,) as a chunk of that format."""
    spread = np.repeat(samples, target.channels) if target.channels > 1 else samples
    if target.encoding is Encoding.PCM16:
        return AudioChunk(spread.astype("<i2").tobytes(), target)
    return AudioChunk(compress(spread, target.encoding), target)


def _mixed(one: Samples, other: Samples) -> Samples:
    """Both at once, int16 as long as the longer."""
    total = np.zeros(max(len(one), len(other)), dtype=np.int32)
    total[: len(one)] += one
    total[: len(other)] += other
    mixed: Samples = np.clip(total, -32_768, 32_767).astype(np.int16)
    return mixed
