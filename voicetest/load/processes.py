"""An engine of processes of this machine: calls share event loops, and are looked at elsewhere."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Self

from voicetest.checks.result import Result
from voicetest.executor.border import Border
from voicetest.load.engine import Line, Order, Outcome, Use
from voicetest.load.errands import Errands
from voicetest.load.keeping import remove
from voicetest.load.outcome import outcome_of
from voicetest.load.phases import Phases
from voicetest.machine import OutOfMeans
from voicetest.report.progress import Notice
from voicetest.scenario.load_stages import Stage
from voicetest.suite.errand import Errand, Unfinished
from voicetest.suite.hosts import Beat, Hosts

__all__ = ["ProcessEngine", "processes_for"]

_EACH = 100
"""Calls that one process makes at once, while there are more cores."""
_LOOKED_AT = 32
"""Calls that are over and still looked at, beside as many as can be on the line."""
_START_S = 60.0


def processes_for(stages: Sequence[Stage], cores: int) -> int:
    """How many processes a load needs; of an open stage nobody knows, so all cores are taken."""
    if any(stage.rate for stage in stages):
        return cores
    return min(max(math.ceil((s.calls or 0) / _EACH) for s in stages), cores) or 1


class ProcessEngine(AbstractContextManager["ProcessEngine"]):
    """Makes calls in `size` processes. Its methods belong to one event loop."""

    def __init__(
        self, errands: Errands, slots: int, size: int, warn: Callable[[str], object]
    ) -> None:
        """`warn` is told of the first bug of voicetest itself, with its traceback."""
        self.slots = slots
        self.room = 2 * slots + _LOOKED_AT
        self.words = f"{size} process{'' if size == 1 else 'es'} on this machine"
        self._errands = errands
        self._size = size
        self._warn = warn
        self._phases: dict[int, Phases] = {}
        """Of each call that is under way."""
        self._beats: dict[int, Beat] = {}
        """The last one of each process."""
        self._used_s = 0.0
        """CPU seconds of the processes so far."""
        self._on_beat: Callable[[], object] = lambda: None
        """Set while it is waited for the first beats; called by the threads that hear them."""
        self._ended = False
        self._told = False
        """Whether a bug was told of."""
        self._hosts = Hosts(slots, self._notice, self._beat, size)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        if self._ended or failure[0] is not None:
            self._hosts.give_up()
        self._hosts.__exit__(*failure)

    async def ready(self) -> None:
        """Wait until all processes can be given calls; raises OutOfMeans if they never can."""
        beaten, loop = asyncio.Event(), asyncio.get_running_loop()
        self._on_beat = lambda: loop.call_soon_threadsafe(beaten.set)
        try:
            async with asyncio.timeout(_START_S):
                while len(self._beats) < self._size:
                    await beaten.wait()
                    beaten.clear()
        except TimeoutError as error:
            words = f"the processes that make calls do not start in {_START_S:g} s"
            raise OutOfMeans(words) from error
        finally:
            self._on_beat = lambda: None

    async def call(self, order: Order, line: Line) -> Outcome:
        """Make a call."""
        phases = self._phases[order.number] = Phases(line, asyncio.get_running_loop())
        result, errand = None, None
        with Border("starting") as border:
            try:
                errand = await asyncio.to_thread(self._errands.errand, order)
                result = await self._made(errand, phases)
            except OutOfMeans as error:
                if errand is None:
                    raise
                return Outcome("error", str(error), "setup", lost=True)
            finally:
                del self._phases[order.number]
        result = border.outcome(result)
        self._tell_bug(result)
        kept = errand is not None and self._errands.keeps(order, result.status)
        if errand is not None and not kept:
            await asyncio.to_thread(remove, errand.folder)
        folder = self._errands.named(errand.folder) if kept and errand is not None else None
        return outcome_of(result, phases.connect_s, folder)

    async def _made(self, errand: Errand, phases: Phases) -> Result:
        made = await self._hosts.call(errand)
        phases.over()
        return await self._hosts.finish(errand, made) if isinstance(made, Unfinished) else made

    def end(self, by: str) -> None:
        """End all calls now."""
        self._ended = True
        self._hosts.interrupt(by)

    def use(self) -> Use:
        """What making calls takes; looking at them, which can wait, is left out."""
        beats = self._beats.values()
        return Use(
            cpu_s=time.process_time() + self._used_s,
            busiest=max((beat.cpu for beat in beats), default=0.0),
            lag_s=max((beat.late_s for beat in beats), default=0.0),
        )

    def _tell_bug(self, result: Result) -> None:
        trace = next((fault.traceback for fault in result.errors if fault.traceback), None)
        if trace is not None and not self._told:
            self._told = True
            self._warn(f"a bug in voicetest, please report it: {trace}")

    def _notice(self, notice: Notice) -> None:
        phases = self._phases.get(notice.call)
        if phases is not None:
            phases.take(notice)

    def _beat(self, beat: Beat) -> None:
        self._used_s += beat.cpu
        self._beats[beat.process] = beat
        self._on_beat()
