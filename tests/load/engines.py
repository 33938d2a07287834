"""An engine that calls nobody: each call lasts as long as it is told, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from voicetest.clock import Clock, run
from voicetest.load.driver import Driver
from voicetest.load.engine import Line, Order, Outcome, Use
from voicetest.load.schedule import Schedule
from voicetest.report.load_events import Begun, Dropped, Ended, LoadEvent, Over
from voicetest.scenario.load_stages import Stage

WELL = Outcome("passed", connect_s=0.25, first_word_s=0.5, answers=((3.0, 0.75),))


@dataclass
class PretendedEngine:
    """Makes calls of `length_s`, each with what `outcome` says of its number."""

    length_s: float = 10.0
    slots: int = 1000
    room: int = 1000
    outcome: Callable[[int], Outcome] = lambda number: WELL
    looked_at_s: float = 0.0
    """How long a call is looked at when its line is over."""
    obeys: bool = True
    """Whether calls end when they are told."""
    words: str = "nobody"
    ended_by: list[str] = field(default_factory=list)
    _told: asyncio.Event = field(default_factory=asyncio.Event)

    async def call(self, order: Order, line: Line) -> Outcome:
        loop = asyncio.get_running_loop()
        line.dialled(loop.time())
        try:
            async with asyncio.timeout(self.length_s):
                await self._told.wait()
        except TimeoutError:
            line.hung_up(loop.time())
            await asyncio.sleep(self.looked_at_s)
            return self.outcome(order.number)
        if not self.obeys:
            await asyncio.sleep(1e6)
        line.hung_up(loop.time())
        return replace(WELL, status="error", error="interrupted", reason=self.ended_by[0])

    def end(self, by: str) -> None:
        self.ended_by.append(by)
        self._told.set()

    def use(self) -> Use:
        return Use()


@dataclass
class Driven:
    """What a load has told."""

    events: list[LoadEvent]
    engine: PretendedEngine

    @property
    def begun(self) -> list[float]:
        return [round(e.at_s, 3) for e in self.events if isinstance(e, Begun)]

    @property
    def scenarios(self) -> list[int]:
        return [e.scenario for e in self.events if isinstance(e, Begun)]

    @property
    def dropped(self) -> list[tuple[float, str]]:
        return [(round(e.at_s, 3), e.why) for e in self.events if isinstance(e, Dropped)]

    @property
    def ended(self) -> list[Ended]:
        return [e for e in self.events if isinstance(e, Ended)]

    @property
    def over(self) -> Over:
        (over,) = (e for e in self.events if isinstance(e, Over))
        return over


def drive(
    *stages: Stage,
    engine: PretendedEngine | None = None,
    schedule: Schedule | None = None,
    meanwhile: Callable[[Driver], None] = lambda driver: None,
    clock: Clock = Clock.VIRTUAL,
) -> Driven:
    """A load on virtual time; `meanwhile` may set timers on its loop."""
    events: list[LoadEvent] = []
    engine = engine or PretendedEngine()
    schedule = replace(schedule or Schedule((), (1.0,)), stages=stages)

    async def main() -> None:
        driver = Driver(schedule, engine, events.append)
        meanwhile(driver)
        await driver.drive()

    run(main(), clock)
    return Driven(events, engine)


def at(seconds: float, do: Callable[[], None]) -> None:
    """Do it then, on the loop that runs."""
    asyncio.get_running_loop().call_later(seconds, do)
