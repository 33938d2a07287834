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
from voicetest.audio.vad import voiced
from voicetest.call.streamed_silence import QUIET, StreamedSilence

__all__ = ["BurstyPlayout", "ContinuousPlayout", "Playout", "Slip"]

FRAME = INTERNAL.rate // 50
MOST_EARLY = FRAME // 2
"""By how much the buffer may shrink or grow before a silence sets it right: 10 ms."""
JITTER_DELAY = INTERNAL.rate * 40 // 1000
"""How long a paced line's first frame waits for its successors: 40 ms."""
_NOTHING = np.zeros(0, dtype=np.int16)


@dataclass(frozen=True)
class Slip:
    """Playout departed from what was sent: `seconds` were dropped (negative) or inserted."""

    at_s: float
    seconds: float


class Playout(Protocol):
    """Takes what arrives, gives what is heard; `render` is called for adjoining spans."""

    delay_s: float
    """Seconds by which this playout itself makes everything later."""
    slips: list[Slip]

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
        """How many samples are still to be heard after position `at`, to the last that sounds."""


def _last_voiced(samples: Samples) -> int:
    """The end of the last 20 ms that sound, counted from the last sample; 0 if none do."""
    for offset in range(len(samples), 0, -FRAME):
        if voiced(samples[max(offset - FRAME, 0) : offset]):
            return offset
    return 0


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
        self._wait = round(jitter_s * INTERNAL.rate)
        self._queue: deque[tuple[int, Samples]] = deque()
        self._end = -self._wait
        self._silence = StreamedSilence(self._wait)
        self._sounds_until = 0
        """The end of the last 20 ms that sound."""
        self._marks: deque[tuple[int, str]] = deque()
        """Labels with the positions at which they are reached."""

    def push(self, samples: Samples, at: int) -> None:
        """Queue a piece: it starts when it arrives or when the one before it ends."""
        sounds, ahead = _last_voiced(samples), self._end - at
        if sounds:
            shift = self._silence.sound(at, ahead)
        else:
            shift = self._silence.silence(len(samples), at, ahead)
            samples = samples[max(-shift, 0) :]
        start = self._end + shift if shift > 0 else self._start(at)
        self._end = start + len(samples)
        self._queue.append((start, samples))
        if sounds:
            self._sounds_until = start + sounds

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
            at, samples = self._queue.popleft()
            skipped = max(start - at, 0)
            piece = samples[skipped : end - at]
            offset = at + skipped - start
            heard[offset : offset + len(piece)] = piece
            if at + len(samples) > end:
                self._queue.appendleft((end, samples[end - at :]))
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
            (start, samples[: at - start]) for start, samples in self._queue if start < at
        )
        self._end = min(self._end, at)
        self._sounds_until = min(self._sounds_until, at)
        self._marks = deque((min(position, at), name) for position, name in self._marks)

    def pending(self, at: int) -> int:
        """How many samples are still to be heard after position `at`, to the last that sounds.

        A line that streams silence for ever has nothing pending.
        """
        return max(self._sounds_until - at, 0)


@dataclass(frozen=True)
class _Piece:
    samples: Samples
    voiced: bool
    mark: str | None = None
    """The label that this piece is; it has no samples then."""


class ContinuousPlayout:
    """For lines that send in real time: a jitter buffer of 40 ms.

    When the backlog exceeds the buffer, queued frames without speech are dropped until it does
    not, and when it shrinks, silence is put in where there is silence; when the buffer runs dry
    inside speech, silence fills the gap. All are kept as slips.
    """

    delay_s = JITTER_DELAY / INTERNAL.rate

    def __init__(self) -> None:
        self.slips: list[Slip] = []
        self._queue: deque[_Piece] = deque()
        self._queued = 0
        self._playing = False
        self._next = 0
        """Position at which the queue's first sample is due, while playing."""
        self._dry_at: int | None = None
        """Where the buffer last ran dry inside speech; cleared when sound arrives again."""
        self._was_voiced = False
        self._silent = 0
        """Samples without speech that arrived last, in a row."""
        self._passed: list[str] = []
        """The labels that were reached and not told of yet."""

    def push(self, samples: Samples, at: int) -> None:
        """Queue a piece; the first one after a gap waits for the jitter buffer to fill."""
        if not self._playing:
            self._playing = True
            self._next = at + JITTER_DELAY
            if self._dry_at is not None:
                self._slip(self._dry_at, self._next - self._dry_at)
                self._dry_at = None
        missing = at + JITTER_DELAY - self._next - self._queued
        sounds = voiced(samples)
        if missing >= MOST_EARLY and (not sounds or self._silent >= QUIET):
            # The far clock is slow: silence makes room before the buffer runs dry inside speech.
            self._queue.append(_Piece(np.zeros(missing, dtype=np.int16), False))
            self._queued += missing
            self._slip(at, missing)
        self._silent = 0 if sounds else self._silent + len(samples)
        for start in range(0, len(samples), FRAME):
            piece = samples[start : start + FRAME]
            self._queue.append(_Piece(piece, voiced(piece)))
        self._queued += len(samples)
        self._trim(at, self._next + self._queued - at - JITTER_DELAY - len(samples))

    def _trim(self, at: int, excess: int) -> None:
        if excess < MOST_EARLY:
            return
        kept: deque[_Piece] = deque()
        dropped = 0
        for piece in self._queue:
            cut = 0
            if not piece.voiced and piece.mark is None:
                cut = min(excess - dropped, len(piece.samples))
                dropped += cut
            if cut < len(piece.samples) or piece.mark is not None:
                kept.append(replace(piece, samples=piece.samples[cut:]))
        self._queue = kept
        self._queued -= dropped
        if dropped:
            self._slip(at, -dropped)

    def _slip(self, at: int, samples: int) -> None:
        self.slips.append(Slip(at / INTERNAL.rate, samples / INTERNAL.rate))

    def render(self, start: int, frames: int) -> Samples:
        """What is heard from `start`, silence where nothing is due."""
        heard = np.zeros(frames, dtype=np.int16)
        if not self._playing:
            return heard
        end = start + frames
        at = max(self._next, start)
        for piece in self._take(end - at):
            heard[at - start : at - start + len(piece)] = piece
            at += len(piece)
        self._next = at
        if at < end:
            self._playing = False
            self._dry_at = at if self._was_voiced else None
        return heard

    def _take(self, wanted: int) -> Iterator[Samples]:
        while self._queue and (wanted > 0 or self._queue[0].mark is not None):
            piece = self._queue.popleft()
            if piece.mark is not None:
                self._passed.append(piece.mark)
                continue
            if len(piece.samples) > wanted:
                self._queue.appendleft(_Piece(piece.samples[wanted:], piece.voiced))
                piece = _Piece(piece.samples[:wanted], piece.voiced)
            self._queued -= len(piece.samples)
            wanted -= len(piece.samples)
            self._was_voiced = piece.voiced
            yield piece.samples

    def mark(self, name: str, at: int) -> None:
        """A label behind what is queued."""
        if self._queue:
            self._queue.append(_Piece(_NOTHING, False, name))
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

    def pending(self, at: int) -> int:
        """How many samples are still to be heard after position `at`, to the last that sounds.

        A line that streams silence for ever has nothing pending.
        """
        silent = 0
        for piece in reversed(self._queue):
            if piece.voiced:
                return self._queued - silent
            silent += len(piece.samples)
        return 0
