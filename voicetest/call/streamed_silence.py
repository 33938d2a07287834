"""What a line that never pauses does to the delay of a playout."""

from __future__ import annotations

from voicetest.audio.chunk import INTERNAL

__all__ = ["StreamedSilence"]

MILLISECOND = INTERNAL.rate // 1_000
STREAMS = 1_000 * MILLISECOND
"""A line that has sent silence in real time for so long sends it for ever; a longer gap ends it."""
QUIET = 200 * MILLISECOND
"""So much silence is a pause in which sound may be moved; less is a closure within a word."""
PIECE, AHEAD = 100 * MILLISECOND, 500 * MILLISECOND
"""Sound in larger pieces, or so far ahead of when it is due, does not come in real time."""
AT_ONCE = 5 * MILLISECOND
"""What comes so soon after another piece comes with it, and says nothing about the delay."""
SLACK = 2 * MILLISECOND
"""By how much the delay may be wrong before it is set right."""


class StreamedSilence:
    """Says by how much silence has to be moved so that playout's delay stays what it is said to be.

    A line that sends silence between its sounds fills the buffer once, at its start. A far clock
    that is slow then empties it, and a stall lengthens it, for the rest of the call. Silence takes
    back no more than playout itself put in: what the far side sends ahead is its own delay.
    """

    def __init__(self, wait: int) -> None:
        """`wait` is the delay to be kept, in samples at 24 kHz."""
        self._wait = wait
        self._run = 0
        """Samples of silence in a row that came in real time."""
        self._owed = 0
        """Samples that were put in and not taken back yet."""
        self._last = 0
        """The position at which the last piece arrived."""
        self.streams = False
        """Whether this is such a line; set by its silence, cleared by a gap of a second."""

    def gap(self, samples: int) -> None:
        """Playout put so much silence in before a piece."""
        if samples > STREAMS:
            self.streams = False
            self._run = self._owed = 0
        else:
            self._owed += samples

    def sound(self, at: int, ahead: int) -> int:
        """A piece that sounds arrived at `at`; the answer is that of `silence`, never negative."""
        missing = self._missing(at, ahead)
        self._run = 0
        if missing <= SLACK:
            return 0
        self.gap(missing)
        return missing

    def silence(self, length: int, at: int, ahead: int) -> int:
        """A silent piece arrived at `at`, with `ahead` samples still to be heard before it.

        How much later it has to be heard than right after them, in samples; negative: so many of
        it are to be left out.
        """
        in_time = length <= PIECE and ahead <= self._wait + self._owed + AHEAD
        self._run = self._run + length if in_time or self.streams else 0
        self.streams = self.streams or self._run >= STREAMS
        missing = self._missing(at, ahead)
        if missing > SLACK:
            self.gap(missing)
            return missing
        if missing >= -SLACK:
            return 0
        given = min(self._owed, -missing, length)
        self._owed -= given
        return -given

    def _missing(self, at: int, ahead: int) -> int:
        """How much the delay is too short in samples, as far as silence may change it now."""
        at_once = at - self._last < AT_ONCE
        self._last = at
        if not self.streams or self._run < QUIET or at_once:
            return 0
        return self._wait - ahead
