"""Bytes of sound that are read as what they are not: A-law as µ-law, PCM as µ-law and so on."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from voicetest.audio.chunk import AudioFormat, Encoding
from voicetest.audio.g711 import expand

__all__ = ["Reading"]

_ENOUGH_S = 0.6
"""Seconds of sound, silence apart, that a judgement needs."""
_CERTAIN_S = 10.0
"""After so many seconds of sound nothing more is looked at: it is what it was announced as."""
_BLOCK_S = 0.02
_AT_ONCE = 10
"""Blocks that are looked at together: one by one they would cost ten times as much."""
_SILENT = 200.0
"""Root mean square below which 20 ms are left out, read either way: all of them are smooth."""
_SMOOTH = 0.6
"""Likeness of each sample with the next, of a voice that is read rightly, at least."""
_SMOOTHER = 0.25
"""By how much at least a voice is smoother when it is read rightly."""
_BY_ITS_LAW, _FEW, _TIMES = 0.08, 0.03, 4
"""The same for the two laws of G.711, which are much alike: by so much, or by a few hundredths
where the wrong one leaves so many times the roughness."""
_EIGHT_BITS, _SMOOTHER_THAN_PAIRS = 0.1, 0.05
"""Pairs of samples of 8 bits are as smooth in either byte order, samples of 16 bits are not."""
_LARGEST = 40_000.0
"""What is larger is no sample of 32 bits, be its scale 1 or 32,768."""
_NAMES = {
    "pcm16": "pcm16",
    "mulaw": "µ-law",
    "alaw": "A-law",
    "swapped": "big-endian pcm16",
    "float32": "32-bit floats",
}


class Reading:
    """Says once what sound seems to be that was read as something else.

    A voice is a smooth wave: each sample is much like the next one. Bytes that are read by the
    wrong rule are noise, and by the right one they are a voice.
    """

    def __init__(self) -> None:
        self._pending = b""
        self._format: AudioFormat | None = None
        self._encoding = Encoding.PCM16
        self._sums = _nothing()
        self._judged = 0
        """Blocks that were no silence."""
        self._certain = False
        """Set when enough was looked at."""
        self._told = False

    def feed(self, data: bytes, announced: AudioFormat) -> str | None:
        """What these bytes seem to be if it is not what they are announced as, once.

        It is looked at as soon as there are 0.2 s of it.
        """
        if announced is not self._format and announced != self._format:
            self._format, self._encoding = announced, Encoding(announced.encoding)
            self._pending, self._sums, self._judged = b"", _nothing(), 0
            self._certain = False
        if self._told or self._certain or announced.channels != 1:
            return None
        self._pending += data
        # A whole number of samples of each kind, so that no reading is out of step.
        size = round(_BLOCK_S * announced.rate) * announced.sample_bytes // 4 * 4
        blocks = len(self._pending) // size if size else 0
        if blocks < _AT_ONCE:
            return None
        sound, self._pending = self._pending, self._pending[blocks * size :]
        for at in range(0, blocks, _AT_ONCE):
            if self._judged * _BLOCK_S >= _CERTAIN_S:
                break
            some = min(_AT_ONCE, blocks - at)
            block = np.frombuffer(sound, np.uint8, some * size, at * size)
            self._take_in(block.reshape(some, size))
        self._certain = self._judged * _BLOCK_S >= _CERTAIN_S
        return self._judgement(self._encoding)

    def _take_in(self, blocks: NDArray[np.uint8]) -> None:
        """Add up what bytes of shape (blocks, bytes) are by each reading, silence apart."""
        read = _read(blocks, self._encoding)
        loud = np.einsum("ij,ij->i", read, read) >= _SILENT**2 * read.shape[1]
        count = int(np.count_nonzero(loud))
        if not count:
            return
        self._judged += count
        if count < len(blocks):
            blocks, read = blocks[loud], read[loud]
        for encoding in Encoding:
            samples = read if encoding is self._encoding else _read(blocks, encoding)
            self._sums[encoding] += _likeness(samples)
        self._sums["swapped"] += _likeness(blocks.view(">i2").astype(np.float64))
        if np.isfinite(self._sums["float32"][1]):
            self._sums["float32"] += _of_floats(blocks.view("<f4"))

    def _judgement(self, announced: Encoding) -> str | None:
        if self._judged * _BLOCK_S < _ENOUGH_S:
            return None
        likeness = {name: sums[0] / max(sums[1], 1.0) for name, sums in self._sums.items()}
        best = max(likeness, key=lambda name: likeness[name])
        if likeness[best] < _SMOOTH or not _differs(likeness, announced.value, best):
            return None
        self._told = True
        return (
            f"the agent's sound is noisy when it is read as {_NAMES[announced]}, as announced, and"
            f" a voice when it is read as {_NAMES[best]}"
        )


def _differs(likeness: Mapping[str, float], announced: str, best: str) -> bool:
    """Whether a voice is so much smoother by its best reading that it is not the announced one."""
    more = likeness[best] - likeness[announced]
    law = best in ("mulaw", "alaw")
    if law and announced == "pcm16" and more >= _SMOOTHER_THAN_PAIRS:
        pairs = abs(likeness["pcm16"] - likeness["swapped"]) < _EIGHT_BITS
        return pairs or more >= _SMOOTHER
    if law and announced != best and announced != "pcm16":
        much = 1 - likeness[announced] > _TIMES * (1 - likeness[best])
        return more >= _BY_ITS_LAW or (much and more >= _FEW)
    return more >= _SMOOTHER


def _nothing() -> dict[str, NDArray[np.float64]]:
    """Of each reading, the products of neighbouring samples and the squares."""
    return {name: np.zeros(2) for name in _NAMES}


def _read(blocks: NDArray[np.uint8], encoding: Encoding) -> NDArray[np.float64]:
    if encoding is Encoding.PCM16:
        return blocks.view("<i2").astype(np.float64)
    return _sizes(encoding).take(blocks)


@lru_cache(maxsize=2)
def _sizes(encoding: Encoding) -> NDArray[np.float64]:
    """What each byte of a law of G.711 stands for, (256,)."""
    return expand(bytes(range(256)), encoding).astype(np.float64)


def _likeness(samples: NDArray[np.float64]) -> NDArray[np.float64]:
    """The products of neighbours within each row, and the squares, as (2,)."""
    flat = samples.reshape(-1)
    across = samples[:-1, -1] @ samples[1:, 0]
    return np.array([flat[:-1] @ flat[1:] - across, flat @ flat])


def _of_floats(samples: NDArray[np.float32]) -> NDArray[np.float64]:
    """The same of samples of 32 bits; squares without end where they cannot be that."""
    with np.errstate(invalid="ignore"):
        wide = samples.astype(np.float64)
        sound = bool(np.all(np.abs(wide) <= _LARGEST))
    return _likeness(wide * 32_768) if sound else np.array([0.0, np.inf])
