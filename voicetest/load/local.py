"""A load, or a part of one, that is made by this machine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from voicetest.load.driver import Driver
from voicetest.load.meter import measure
from voicetest.load.processes import ProcessEngine
from voicetest.load.saturation import Saturation
from voicetest.load.schedule import Schedule
from voicetest.report.load_events import LoadEvent

__all__ = ["LocalLoad"]


class LocalLoad:
    """One load; belongs to the event loop that drives it."""

    def __init__(
        self, schedule: Schedule, engine: ProcessEngine, tell: Callable[[LoadEvent], None]
    ) -> None:
        self._engine = engine
        self._tell = tell
        self._saturation = Saturation()
        self._driver = Driver(schedule, engine, tell, self._saturation)

    @property
    def lines(self) -> int:
        """Calls on the line."""
        return self._driver.lines

    def stop(self, by: str) -> None:
        """Begin no further call."""
        self._driver.stop(by)

    def cut(self, by: str) -> None:
        """Begin no further call, and end those under way."""
        self._driver.cut(by)

    async def ready(self) -> None:
        """Wait until calls can be made at once; raises OutOfMeans if they never can."""
        await self._engine.ready()

    async def drive(self) -> None:
        """Make it, from the first call to the last result."""
        meter = asyncio.create_task(
            measure(self._driver, self._engine, self._saturation, self._tell)
        )
        try:
            await self._driver.drive()
        finally:
            meter.cancel()
            with suppress(asyncio.CancelledError):
                await meter
