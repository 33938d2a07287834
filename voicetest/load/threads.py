"""An engine in this process: calls share its event loop, and each has a thread for the rest."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from functools import partial
from pathlib import Path
from typing import Self

from voicetest.checks.result import Result
from voicetest.clock import Interruption
from voicetest.executor.border import Border
from voicetest.executor.shared_loop import SharedLoops
from voicetest.load.engine import Line, Order, Outcome
from voicetest.load.errands import Errands
from voicetest.load.keeping import remove
from voicetest.load.outcome import outcome_of
from voicetest.report.progress import Notice
from voicetest.speech.providers import Speech
from voicetest.suite.errand import carry_out
from voicetest.suite.heaps import share_heaps

__all__ = ["Phases", "ThreadEngine"]

_LOOKED_AT = 16
"""Calls that are over and still looked at, beside as many as can be on the line."""


class Phases:
    """What the phases of a call say of its line; told from any thread."""

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
                self._loop.call_soon_threadsafe(self._line.hung_up, notice.at)


class ThreadEngine(AbstractContextManager["ThreadEngine"]):
    """Makes calls with an event loop for each adapter and a thread for each call."""

    words = "this process"

    def __init__(self, errands: Errands, speech: Speech, slots: int) -> None:
        self.slots = slots
        self.room = 2 * slots + _LOOKED_AT
        self._errands = errands
        self._speech = speech
        self._interruption = Interruption()
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        share_heaps()
        self._loops = self._stack.enter_context(SharedLoops(self.slots))
        self._threads = self._stack.enter_context(ThreadPoolExecutor(self.room))
        return self

    def __exit__(self, *failure: object) -> None:
        self._stack.close()

    async def call(self, order: Order, line: Line) -> Outcome:
        """Make a call."""
        loop = asyncio.get_running_loop()
        phases = Phases(line, loop)
        work = partial(self._make, order, phases)
        result, target = await loop.run_in_executor(self._threads, work)
        kept = self._errands.keeps(order, result.status)
        if target is not None and not kept:
            await loop.run_in_executor(self._threads, remove, target)
        folder = self._errands.named(target) if kept and target is not None else None
        return outcome_of(result, phases.connect_s, folder)

    def _make(self, order: Order, phases: Phases) -> tuple[Result, Path | None]:
        made, target = None, None
        with Border("starting", self._interruption) as border:
            errand = self._errands.errand(order)
            target = errand.folder
            made = carry_out(errand, self._speech, phases.take, self._interruption, self._loops)
        return border.outcome(made), target

    def end(self, by: str) -> None:
        """End all calls now."""
        self._interruption.ask(by)

    def cpu_s(self) -> float:
        """CPU seconds of this process."""
        return time.process_time()
