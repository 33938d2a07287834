"""What the phases of a call say of its line."""

from __future__ import annotations

import asyncio
import time

from voicetest.load.engine import Line
from voicetest.report.progress import Notice

__all__ = ["Phases"]


class Phases:
    """Tells a line what becomes of it, on the event loop; told itself from any thread.

    Notices have the time at which they were made, and it does not matter when they arrive.
    """

    def __init__(self, line: Line, loop: asyncio.AbstractEventLoop) -> None:
        self._line, self._loop = line, loop
        self._dialled: float | None = None
        self.connect_s: float | None = None
        """Set when the line is ready."""

    def take(self, notice: Notice) -> None:
        """A phase begins."""
        match notice.phase:
            case "" | "preparing":
                pass
            case "dialling":
                self._dialled = notice.at
                self._loop.call_soon_threadsafe(self._line.dialled, notice.at)
            case "calling":
                self.connect_s = notice.at - (self._dialled or notice.at)
            case _:
                self.over(notice.at)

    def over(self, at: float | None = None) -> None:
        """The line is over, at the latest now."""
        at = time.monotonic() if at is None else at
        self._loop.call_soon_threadsafe(self._line.hung_up, at)
