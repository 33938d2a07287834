"""Begins the calls of a load when they are due, and tells what becomes of each."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Set
from itertools import islice

from voicetest.load.engine import Engine, Order, Outcome
from voicetest.load.saturation import Saturation
from voicetest.load.schedule import Schedule, turns
from voicetest.load.starts import arrivals, callers
from voicetest.report.load_events import Begun, Dropped, Ended, LoadEvent, Over, StageBegun
from voicetest.scenario.load_stages import Stage

__all__ = ["BY_CALLS", "BY_COST", "LATEST_START_S", "Driver"]

LATEST_START_S = 0.5
"""A start that is later than this is none: it is dropped, or its call is no measurement."""
BY_CALLS, BY_COST = "most.calls", "most.cost"
_LEAST_PAUSE_S = 1.0
"""How long a caller waits that could not begin: it would do nothing but try."""
_ENDING_S = 10.0
"""How long calls that are cut off may take to end."""
_LOOKING_S = 900.0
"""How long calls that are over may still be looked at when the load is."""


class _Line:
    """The line of one call; its times are set as they come."""

    def __init__(self, driver: Driver, due: float, began: float, stage: int) -> None:
        self.due, self.began, self.stage = due, began, stage
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.dialled_at: float | None = None
        self.hung_up_at: float | None = None
        self.level = 0
        self._driver = driver

    def dialled(self, at: float) -> None:
        """It is dialled."""
        if self.dialled_at is None:
            self.dialled_at = at
            self.level = self._driver.lines

    def hung_up(self, at: float) -> None:
        """It is over."""
        if self.hung_up_at is None:
            self.hung_up_at = at
            self._driver.close(self)
            if not self.over.done():  # its caller may have been given up
                self.over.set_result(None)


class Driver:
    """One load. It belongs to the event loop that drives it; times are those of its clock."""

    def __init__(
        self,
        schedule: Schedule,
        engine: Engine,
        tell: Callable[[LoadEvent], None],
        saturation: Saturation | None = None,
    ) -> None:
        self.stopped_by: str | None = None
        """What keeps further calls from beginning; set once."""
        self._schedule = schedule
        self._engine = engine
        self._tell = tell
        self._saturation = saturation or Saturation()
        self._turns = turns(schedule.shares)
        self._on_line: set[_Line] = set()
        """Calls that were begun and whose line is not over."""
        self._calls: set[asyncio.Task[None]] = set()
        """Calls whose result is not there yet."""
        self._begun = 0
        self._spent_usd = 0.0
        self._callers: dict[int, asyncio.Task[None]] = {}
        """Whoever has come, by number; those that have gone may still be on the line."""
        self._wanted = 0
        """How many callers there should be at present: those with a higher number go."""
        self._pause_s = 0.0
        """How long a caller waits between two calls in the present stage."""
        self._stage = 0
        self._stop, self._cut = asyncio.Event(), asyncio.Event()
        self._began = 0.0
        """When the load began."""
        self._group = asyncio.TaskGroup()

    async def drive(self) -> None:
        """Go through all stages, and wait for what is under way."""
        loop = asyncio.get_running_loop()
        self._began = loop.time()
        async with self._group:
            await self._stages()
            self._wanted = 0
            await self._finish()
            for caller in self._callers.values():
                caller.cancel()  # it may still pause
        self._tell(Over(at_s=self._now(), by=self.stopped_by))

    @property
    def lines(self) -> int:
        """Calls that were begun and whose line is not over."""
        return len(self._on_line)

    def close(self, line: _Line) -> None:
        """A line is over."""
        self._on_line.discard(line)

    def stop(self, by: str) -> None:
        """Begin no further call; only the first reason counts."""
        self.stopped_by = self.stopped_by or by
        self._stop.set()

    def cut(self, by: str) -> None:
        """Begin no further call and end those that are under way."""
        self.stop(by)
        if not self._cut.is_set():
            self._cut.set()
            self._engine.end(by)

    def _now(self) -> float:
        return asyncio.get_running_loop().time() - self._began

    async def _stages(self) -> None:
        at, before = self._began, Stage(calls=0, hold=1)
        for index, stage in enumerate(self._schedule.stages):
            if self._stop.is_set():
                return
            self._stage = index
            self._tell(StageBegun(at_s=self._now(), stage=index))
            if stage.calls is not None:
                await self._closed(at, before.calls or 0, stage, stage.calls)
            else:
                self._wanted = 0
                await self._open(at, before.rate or 0.0, stage, index)
            at += stage.length_s
            await self._until(at)
            before = stage

    async def _closed(self, began: float, before: int, stage: Stage, calls: int) -> None:
        """Let callers come, or go, when they should; those that stay have their new pause."""
        self._pause_s = stage.pause
        schedule = self._schedule
        for due, number, comes in callers(before, calls, stage.ramp):
            if number % schedule.parts != schedule.part:
                continue
            if not await self._until(began + due):
                return
            self._wanted = number + 1 if comes else number
            still = self._callers.get(number)
            if comes and (still is None or still.done()):
                caller = self._caller(number, began + due)
                self._callers[number] = self._group.create_task(caller)

    async def _open(self, began: float, before: float, stage: Stage, index: int) -> None:
        """Begin each call when it is due, whatever became of those before."""
        schedule, rate = self._schedule, stage.rate or 0.0
        seed = schedule.seed * 1000 + index
        all_of_them = arrivals(before, rate, stage.ramp, stage.hold, stage.arrivals, seed)
        for due in islice(all_of_them, schedule.part, None, schedule.parts):
            if not await self._until(began + due):
                return
            self._begin(began + due)

    async def _caller(self, number: int, due: float) -> None:
        """One caller, from when it comes until it is no longer wanted."""
        while number < self._wanted and not self._stop.is_set():
            line = self._begin(due)
            if line is not None:
                await line.over
            least = _LEAST_PAUSE_S if line is None else 0.0
            due = asyncio.get_running_loop().time() + max(self._pause_s, least)
            await self._until(due)

    def _begin(self, due: float) -> _Line | None:
        """Begin a call that is due now; None where that cannot be done."""
        schedule, now = self._schedule, asyncio.get_running_loop().time()
        if schedule.most_here is not None and self._begun >= schedule.most_here:
            self.stop(BY_CALLS)
        if schedule.most_here_usd is not None and self._spent_usd >= schedule.most_here_usd:
            self.stop(BY_COST)
        if self._stop.is_set():
            return None
        why = self._why_not(now - due)
        if why:
            self._tell(Dropped(at_s=due - self._began, stage=self._stage, why=why))
            return None
        self._begun += 1
        line = _Line(self, due, now, self._stage)
        self._on_line.add(line)
        number = (self._begun - 1) * schedule.parts + schedule.part + 1
        order = Order(number, next(self._turns))
        self._tell(
            Begun(
                at_s=now - self._began,
                call=order.number,
                stage=line.stage,
                scenario=order.scenario,
                due_s=due - self._began,
            )
        )
        task = self._group.create_task(self._call(order, line))
        self._calls.add(task)
        task.add_done_callback(self._calls.discard)
        return line

    def _why_not(self, late_s: float) -> str:
        """Why a call cannot begin that should have begun so long ago; empty if it can."""
        if late_s > LATEST_START_S:
            return "voicetest was late"
        if self.lines >= self._engine.slots:
            return "all lines are in use"
        if len(self._calls) >= self._engine.room:
            return "too many calls are still looked at"
        return ""

    async def _call(self, order: Order, line: _Line) -> None:
        loop = asyncio.get_running_loop()
        try:
            outcome = await self._engine.call(order, line)
        finally:
            line.hung_up(loop.time())
        self._spent_usd += outcome.cost_usd or 0.0
        self._tell(self._ended(order, line, outcome, loop.time()))

    def _ended(self, order: Order, line: _Line, outcome: Outcome, now: float) -> Ended:
        began, over = self._began, now if line.hung_up_at is None else line.hung_up_at
        dialled = line.dialled_at
        ready = (line.began if dialled is None else dialled) + (outcome.connect_s or 0.0) - began
        return Ended(
            at_s=now - began,
            call=order.number,
            stage=line.stage,
            scenario=order.scenario,
            begun_s=line.began - began,
            due_s=line.due - began,
            dialled_s=None if dialled is None else dialled - began,
            hung_up_s=over - began,
            level=line.level,
            status=outcome.status,
            reason="" if outcome.status == "passed" else outcome.reason,
            error=outcome.error,
            failed=outcome.failed,
            connect_s=outcome.connect_s,
            first_word_s=outcome.first_word_s,
            answers=tuple((ready + at, latency) for at, latency in outcome.answers),
            stop_times_s=outcome.stop_times_s,
            duration_s=outcome.duration_s,
            cost_usd=outcome.cost_usd,
            late=outcome.late or self._lateness(line, over),
            lateness_p99_ms=outcome.lateness_p99_ms,
            lateness_max_ms=outcome.lateness_max_ms,
            lost=outcome.lost,
            cut=outcome.error == "interrupted",
            folder=outcome.folder,
        )

    def _lateness(self, line: _Line, over: float) -> str:
        """How what begins calls was late with this one, in words."""
        dialled = over if line.dialled_at is None else line.dialled_at
        if line.dialled_at is not None and dialled - line.due > LATEST_START_S:
            return f"it was dialled {dialled - line.due:.1f} s after it was due"
        if self._saturation.between(dialled, over):
            return "this machine had no CPU left"
        return ""

    async def _finish(self) -> None:
        """Wait for the calls under way; what takes too long is cut off, then left alone."""
        await self._while_uncut({line.over for line in self._on_line}, self._schedule.finish_s)
        if not self.lines:
            await self._while_uncut(set(self._calls), _LOOKING_S)
        if self._calls:
            self._engine.end("the end of the load")
            _, left = await asyncio.wait(set(self._calls), timeout=_ENDING_S)
            for task in left:
                task.cancel()

    async def _while_uncut(self, awaited: Set[asyncio.Future[None]], limit_s: float) -> None:
        """Wait for all of them, for so long, unless calls under way are to end."""
        if not awaited:
            return
        done = asyncio.create_task(asyncio.wait(awaited))
        cut = asyncio.create_task(self._cut.wait())
        try:
            first = asyncio.FIRST_COMPLETED
            await asyncio.wait({done, cut}, timeout=limit_s, return_when=first)
        finally:
            done.cancel()
            cut.cancel()

    async def _until(self, at: float) -> bool:
        """Wait until then; False if no call is to begin any more."""
        if self._stop.is_set():
            return False
        try:
            async with asyncio.timeout_at(at):
                await self._stop.wait()
        except TimeoutError:
            return True
        return False
