"""Notices when voicetest itself was not there: a process that did not run, a machine asleep."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import TracebackType

from voicetest.clock import VirtualTimeLoop

__all__ = ["GAP_S", "Absence", "Attendance", "DialWatch", "sleep_clock"]

GAP_S = 0.1
"""A gap between two looks that is longer than planned by this is time in which nobody looked."""
ASLEEP_S = 0.05
"""Clocks that were read one after the other differ by less."""
LOOK_S = 0.1
"""How often the clock is looked at while there are no frames."""


@dataclass(frozen=True)
class Absence:
    """voicetest did not run from `start_s` to `end_s`, and for `seconds` in all.

    A machine that sleeps may stop the clock of its event loops; `seconds` counts that as well.
    """

    start_s: float
    end_s: float
    seconds: float


def sleep_clock(loop: asyncio.AbstractEventLoop) -> Callable[[], float]:
    """Seconds for which the clock of that loop has stood still while this machine was asleep.

    Under virtual time nothing is missed, so this is always 0.
    """
    if isinstance(loop, VirtualTimeLoop):
        return lambda: 0.0
    return lambda: _with_sleep() - time.monotonic()


def _with_sleep() -> float:
    """A clock that also runs while the machine sleeps; Python's own stops on Linux and macOS."""
    if sys.platform == "linux":
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    if sys.platform == "darwin":
        return time.clock_gettime(time.CLOCK_MONOTONIC)
    return time.monotonic()


class Attendance:
    """Keeps when nobody looked; told of each look, in seconds of one clock."""

    def __init__(self, now: float, asleep: Callable[[], float]) -> None:
        """`asleep` is a sleep clock."""
        self.absences: list[Absence] = []
        self._due = now
        """When the next look is expected; set by each."""
        self._asleep = asleep
        self._slept = asleep()
        """What the sleep clock said at the last look."""

    def look(self, now: float, next_s: float) -> float:
        """voicetest runs at `now` and means to look again in `next_s`; gives the seconds missed."""
        slept = max(self._asleep() - self._slept, 0.0)
        missed = max(now - self._due, 0.0)
        missed = missed if missed >= GAP_S else 0.0
        if slept >= ASLEEP_S:
            self._slept += slept
            missed += slept
        if missed:
            self.absences.append(Absence(min(self._due, now), now, missed))
        self._due = now + next_s
        return missed

    def missed_between(self, since: float, now: float) -> float:
        """For how much of the time from `since` to `now` nobody looked, on the loop's clock."""
        spans = [(absence.start_s, absence.end_s) for absence in self.absences]
        if now - self._due >= GAP_S:  # the look that is due has not come
            spans.append((self._due, now))
        return sum(max(min(end, now) - max(start, since), 0.0) for start, end in spans)


class DialWatch:
    """Looks at the clock while a line is being opened, when there are no frames to be late."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._attendance = Attendance(loop.time(), sleep_clock(loop))
        self._timer: asyncio.TimerHandle | None = None
        """Set inside the block."""

    @property
    def absences(self) -> Iterable[Absence]:
        """When nobody looked, on the clock of the loop."""
        return self._attendance.absences

    def __enter__(self) -> DialWatch:
        self._look()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._attendance.look(self._loop.time(), 0.0)

    def _look(self) -> None:
        self._attendance.look(self._loop.time(), LOOK_S)
        self._timer = self._loop.call_later(LOOK_S, self._look)
