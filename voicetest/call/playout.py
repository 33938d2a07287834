"""What a listener hears of the agent, and when.

Positions are samples at 24 kHz since the line was ready.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from voicetest.audio.chunk import INTERNAL, Samples
from voicetest.audio.vad import VOICED, VOICED_FRAME, voiced
from voicetest.call.arrivals import Arrivals
from voicetest.call.floor import MEMORY, Floor
from voicetest.call.streamed_silence import QUIET, StreamedSilence

__all__ = ["BurstyPlayout", "ContinuousPlayout", "Playout", "Slip"]

FRAME = INTERNAL.rate // 50
MOST_EARLY = FRAME // 2
"""By how much the buffer may shrink or grow before a silence sets it right: 10 ms."""
JITTER_DELAY = INTERNAL.rate * 40 // 1000
"""How long a paced line's first frame waits for its successors: 40 ms."""
_LONG = INTERNAL.rate
"""More than a second in one piece is not looked at frame by frame."""
_NOTHING = np.zeros(0, dtype=np.int16)


@dataclass(frozen=True)
class Slip:
    """Playout departed from what was sent: `seconds` were dropped (negative) or inserted."""

    at_s: float
    seconds: float
    in_silence: bool = False
    """Whether it did so where the agent was known to be silent."""


class Playout(Protocol):
    """Takes what arrives, gives what is heard; `render` is called for adjoining spans."""

    delay_s: float
    """Seconds by which this playout itself makes everything later."""
    slips: list[Slip]
    arrivals: Arrivals
    """When the sound came that was heard."""

    def push(self, samples: Samples, at: int) -> None:
        """Sound of shape (n,) arrived at position `at`."""

    def render(self, start: int, frames: int) -> Samples:
        """What is heard from `start`, shape (frames,)."""

    def mark(self, name: str, at: int) -> None:
        """A label arrived at position `at`, behind the sound that is queued."""

    def passed(self, at: int) -> list[str]:
        """The labels that playout has reached at position `at`, each once, in order."""

    def clear(self, at: int) -> None:
        """Throw away what would be heard from position `at` on; its labels count as passed."""

    def pending(self, at: int) -> int:
        """How many samples are to be heard after position `at`, to the last above the noise."""

    def left(self, at: int) -> int:
        """How many samples are to be heard after position `at`, to the last that is audible."""

    def ahead(self, at: int) -> int:
        """How many samples wait at position `at`, audible or not."""


class BurstyPlayout:
    """For lines that send faster than real time: in order, each piece as soon as it can be.

    With a jitter buffer the first piece after a pause waits for it, so that a far side that is
    hardly faster than real time may be late by as much; a piece that is later still leaves a gap,
    which is kept as a slip. On a line that sends silence for ever the delay is kept in silence.
    """

    def __init__(self, jitter_s: float = 0.0) -> None:
        """`jitter_s` is the length of the jitter buffer in seconds; 0 for none."""
        self.delay_s = jitter_s
        self.slips: list[Slip] = []
        self.arrivals = Arrivals()
        self._wait = round(jitter_s * INTERNAL.rate)
        self._queue: deque[tuple[int, Samples, int]] = deque()
        """Each piece with the positions at which it begins and at which it arrived."""
        self._end = -self._wait
        self._silence = StreamedSilence(self._wait)
        self._floor = Floor()
        self._stands_out_until = 0
        """The end of the last 20 ms that stand out from the line's noise."""
        self._audible_until = 0
        """The end of the last 20 ms that are audible."""
        self._marks: deque[tuple[int, str]] = deque()
        """Labels with the positions at which they are reached."""

    def push(self, samples: Samples, at: int) -> None:
        """Queue a piece: it starts when it arrives or when the one before it ends."""
        (audible, sounds), ahead, cut = self._last(samples), self._end - at, 0
        if sounds:
            shift = self._silence.sound(at, ahead)
        else:
            shift = self._silence.silence(len(samples), at, ahead)
            cut = max(-shift, 0)
            samples = samples[cut:]
        start = self._end + shift if shift > 0 else self._start(at)
        self._end = start + len(samples)
        self._queue.append((start, samples, at))
        if audible:
            self._audible_until = start + max(audible - cut, 0)
        if sounds:
            self._stands_out_until = start + sounds

    def _last(self, samples: Samples) -> tuple[int, int]:
        """Up to where in a piece something is audible, and stands out; 0 where nothing does."""
        if len(samples) > _LONG:
            return self._last_of_many(samples)
        audible = stands_out = 0
        for offset in range(0, len(samples), FRAME):
            piece = samples[offset : offset + FRAME]
            sounds, energy = _gauged(piece)
            if sounds:
                audible = offset + len(piece)
                if self._floor.is_above(energy, len(piece)):
                    stands_out = audible
            _remember(self._floor, piece, energy)
        return audible, stands_out

    def _last_of_many(self, samples: Samples) -> tuple[int, int]:
        """The same from behind: a whole answer in one message is not looked at frame by frame."""
        self._floor.feed(samples[-MEMORY:])
        audible = 0
        for end in range(len(samples), 0, -FRAME):
            piece = samples[max(end - FRAME, 0) : end]
            if not voiced(piece):
                continue
            audible = audible or end
            if self._floor.stands_out(piece):
                return audible, end
        return audible, 0

    def _start(self, at: int) -> int:
        """Where a piece is heard that arrived at position `at`."""
        late = at - self._end
        if late <= 0:
            return self._end
        start = at if late < self._wait else at + self._wait
        if late < self._wait or self._silence.streams:
            self.slips.append(Slip(self._end / INTERNAL.rate, (start - self._end) / INTERNAL.rate))
        self._silence.gap(start - self._end)
        return start

    def render(self, start: int, frames: int) -> Samples:
        """What is heard from `start`, silence where nothing is due."""
        heard = np.zeros(frames, dtype=np.int16)
        end = start + frames
        while self._queue and self._queue[0][0] < end:
            at, samples, arrived = self._queue.popleft()
            skipped = max(start - at, 0)
            piece = samples[skipped : end - at]
            offset = at + skipped - start
            heard[offset : offset + len(piece)] = piece
            self.arrivals.heard(at + skipped, len(piece), arrived)
            if at + len(samples) > end:
                self._queue.appendleft((end, samples[end - at :], arrived))
                break
        return heard

    def mark(self, name: str, at: int) -> None:
        """A label behind what is queued."""
        self._marks.append((max(at, self._end), name))

    def passed(self, at: int) -> list[str]:
        """The labels that were reached by position `at`."""
        reached = []
        while self._marks and self._marks[0][0] <= at:
            reached.append(self._marks.popleft()[1])
        return reached

    def clear(self, at: int) -> None:
        """Throw away what would be heard from position `at` on."""
        self._queue = deque(
            (start, samples[: at - start], arrived)
            for start, samples, arrived in self._queue
            if start < at
        )
        self._end = min(self._end, at)
        self._stands_out_until = min(self._stands_out_until, at)
        self._audible_until = min(self._audible_until, at)
        self._marks = deque((min(position, at), name) for position, name in self._marks)

    def pending(self, at: int) -> int:
        """How many samples are to be heard after position `at`, to the last above the noise.

        A line that streams silence, or noise, for ever has nothing pending.
        """
        return max(self._stands_out_until - at, 0)

    def left(self, at: int) -> int:
        """How many samples are to be heard after position `at`, to the last that is audible."""
        return max(self._audible_until - at, 0)

    def ahead(self, at: int) -> int:
        """How many samples wait at position `at`, audible or not."""
        return max(self._end - at, 0)


@dataclass(frozen=True)
class _Piece:
    samples: Samples
    stands_out: bool
    """Whether it is more than the noise of the line."""
    arrived: int = 0
    """Position at which it came."""
    mark: str | None = None
    """The label that this piece is; it has no samples then."""


class ContinuousPlayout:
    """For lines that send in real time: a jitter buffer, of 40 ms unless it is to be another.

    When the backlog exceeds the buffer, queued frames without speech are dropped until it does
    not, and when it shrinks, a piece of the line's silence, or of its noise, is heard twice; when
    the buffer runs dry inside speech, silence fills the gap. All are kept as slips.
    """

    def __init__(self, jitter_s: float = JITTER_DELAY / INTERNAL.rate) -> None:
        """`jitter_s` is the length of the jitter buffer in seconds."""
        self.delay_s = jitter_s
        self._delay = round(jitter_s * INTERNAL.rate)
        self.slips: list[Slip] = []
        self.arrivals = Arrivals()
        self._floor = Floor()
        self._queue: deque[_Piece] = deque()
        self._queued = 0
        self._playing = False
        self._next = 0
        """Position at which the queue's first sample is due, while playing."""
        self._dry_at: int | None = None
        """Where the buffer last ran dry inside speech; cleared when sound arrives again."""
        self._stood_out = False
        self._silent = 0
        """Samples without speech that arrived last, in a row."""
        self._quiet: Samples = np.zeros(FRAME, dtype=np.int16)
        """The last piece that was no more than the noise of the line."""
        self._passed: list[str] = []
        """The labels that were reached and not told of yet."""

    def push(self, samples: Samples, at: int) -> None:
        """Queue a piece; the first one after a gap waits for the jitter buffer to fill."""
        if not self._playing:
            self._playing = True
            self._next = at + self._delay
            if self._dry_at is not None:
                self._slip(self._dry_at, self._next - self._dry_at)
                self._dry_at = None
        missing = at + self._delay - self._next - self._queued
        sounds = self._floor.stands_out(samples)
        if missing >= MOST_EARLY and (not sounds or self._silent >= QUIET):
            # The far clock is slow: this makes room before the buffer runs dry inside speech.
            self._queue.append(_Piece(np.resize(self._quiet, missing), False, at))
            self._queued += missing
            self._slip(at, missing, in_silence=True)
        self._silent = 0 if sounds else self._silent + len(samples)
        for start in range(0, len(samples), FRAME):
            piece = samples[start : start + FRAME]
            _, energy = _gauged(piece)
            stands_out = self._floor.is_above(energy, len(piece))
            self._queue.append(_Piece(piece, stands_out, at))
            _remember(self._floor, piece, energy)
            if not stands_out:
                self._quiet = piece
        self._queued += len(samples)
        self._trim(at, self._next + self._queued - at - self._delay - len(samples))

    def _trim(self, at: int, excess: int) -> None:
        if excess < MOST_EARLY:
            return
        kept: deque[_Piece] = deque()
        dropped = 0
        for piece in self._queue:
            cut = 0
            if not piece.stands_out and piece.mark is None:
                cut = min(excess - dropped, len(piece.samples))
                dropped += cut
            if cut < len(piece.samples) or piece.mark is not None:
                kept.append(replace(piece, samples=piece.samples[cut:]))
        self._queue = kept
        self._queued -= dropped
        if dropped:
            self._slip(at, -dropped, in_silence=True)

    def _slip(self, at: int, samples: int, *, in_silence: bool = False) -> None:
        self.slips.append(Slip(at / INTERNAL.rate, samples / INTERNAL.rate, in_silence))

    def render(self, start: int, frames: int) -> Samples:
        """What is heard from `start`, silence where nothing is due."""
        heard = np.zeros(frames, dtype=np.int16)
        if not self._playing:
            return heard
        end = start + frames
        at = max(self._next, start)
        for piece in self._take(end - at):
            heard[at - start : at - start + len(piece.samples)] = piece.samples
            self.arrivals.heard(at, len(piece.samples), piece.arrived)
            at += len(piece.samples)
        self._next = at
        if at < end:
            self._playing = False
            self._dry_at = at if self._stood_out else None
        return heard

    def _take(self, wanted: int) -> Iterator[_Piece]:
        while self._queue and (wanted > 0 or self._queue[0].mark is not None):
            piece = self._queue.popleft()
            if piece.mark is not None:
                self._passed.append(piece.mark)
                continue
            if len(piece.samples) > wanted:
                self._queue.appendleft(replace(piece, samples=piece.samples[wanted:]))
                piece = replace(piece, samples=piece.samples[:wanted])
            self._queued -= len(piece.samples)
            wanted -= len(piece.samples)
            self._stood_out = piece.stands_out
            yield piece

    def mark(self, name: str, at: int) -> None:
        """A label behind what is queued."""
        if self._queue:
            self._queue.append(_Piece(_NOTHING, False, at, name))
        else:
            self._passed.append(name)

    def passed(self, at: int) -> list[str]:
        """The labels that were reached since the last look."""
        reached, self._passed = self._passed, []
        return reached

    def clear(self, at: int) -> None:
        """Throw away everything that is queued; `at` is now."""
        self._passed += [piece.mark for piece in self._queue if piece.mark is not None]
        self._queue.clear()
        self._queued = 0
        self._playing = False
        self._dry_at = None

    def left(self, at: int) -> int:
        """How many samples are to be heard after position `at`, to the last that is audible."""
        silent = 0
        for piece in reversed(self._queue):
            if voiced(piece.samples):
                return self._queued - silent
            silent += len(piece.samples)
        return 0

    def pending(self, at: int) -> int:
        """How many samples are to be heard after position `at`, to the last above the noise.

        A line that streams silence, or noise, for ever has nothing pending.
        """
        silent = 0
        for piece in reversed(self._queue):
            if piece.stands_out:
                return self._queued - silent
            silent += len(piece.samples)
        return 0

    def ahead(self, at: int) -> int:
        """How many samples wait at position `at`, audible or not."""
        return self._queued


def _gauged(piece: Samples) -> tuple[bool, float]:
    """Whether any 10 ms of it are audible, and the sum of the squares of all of it."""
    audible, energy = False, 0.0
    wide = piece.astype(np.float64)
    for at in range(0, len(wide), VOICED_FRAME):
        part = wide[at : at + VOICED_FRAME]
        power = float(np.dot(part, part))
        audible = audible or power > VOICED * len(part)
        energy += power
    return audible, energy


def _remember(floor: Floor, piece: Samples, energy: float) -> None:
    """Let the line's noise be learnt from a piece; within one block its energy is enough."""
    if floor.ends_within(len(piece)):
        floor.feed(piece)
    else:
        floor.add(energy, len(piece))
