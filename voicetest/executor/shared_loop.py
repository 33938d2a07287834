"""One event loop for many calls on the real clock, in a thread of its own.

A loop for each call would have as many threads wake each other for every frame: with twenty calls
frames are then late by a second and more.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, closing
from typing import Any, TypeVar

from voicetest.clock import Clock, Interruption, interruptible, kept, sleep_until
from voicetest.executor.lookout import Lookout
from voicetest.executor.plan import Plan
from voicetest.real_loop import real_loop
from voicetest.scenario.steps import ImproviseStep

__all__ = ["SharedLoops", "shares_loop"]

T = TypeVar("T")

_START_LIMIT_S = 10.0
_END_LIMIT_S = 10.0
_LATEST_S = 10.0
_BESIDE = 2
_APART_S = 0.03
"""Calls begin one after the other: what each does then takes some milliseconds, in which the first
frames of the others are due."""


def shares_loop(planned: Plan) -> bool:
    """Whether a call may be one of many on a loop.

    Who has the agent, or a language model, in this process has more to do than frames.
    """
    if planned.clock is not Clock.REAL or planned.world.offline:
        return False
    improvises = any(isinstance(step, ImproviseStep) for step in planned.file.scenario.script)
    return planned.adapter.over_a_line and not improvises


class SharedLoops(AbstractContextManager["SharedLoops"]):
    """The loops of one run: one for the calls by each adapter, as the first of them loads packages.

    What is waited for in the calls may take as many threads as there are calls.
    """

    def __init__(self, calls: int) -> None:
        """So many `calls` at once, at the most."""
        self.beside = threading.Semaphore(_BESIDE)
        """Held by who works in a thread beside the loops: of many, each would run between any two
        turns of a loop."""
        self._calls = calls
        self._loops: dict[str, _Loop] = {}
        self._lock = threading.Lock()

    def of(self, planned: Plan) -> _Loop | None:
        """The loop on which a call is to be made; None for a call that needs one of its own."""
        if not shares_loop(planned):
            return None
        with self._lock:
            name = planned.file.scenario.agent.adapter
            if name not in self._loops:
                self._loops[name] = _Loop(name, self._calls)
            return self._loops[name]

    def lateness_s(self) -> float:
        """How late the latest loop is now for what is due, in seconds; returns after that time."""
        return max((loop.lateness_s() for loop in list(self._loops.values())), default=0.0)

    def __exit__(self, *failure: object) -> None:
        for loop in self._loops.values():
            loop.end()


class _Loop:
    """One loop and its thread."""

    def __init__(self, name: str, threads: int) -> None:
        self._threads = threads
        self._running: Future[asyncio.AbstractEventLoop] = Future()
        self._next = 0.0
        """When the next call may begin, on the clock of the loop; set anew by each."""
        self._thread = threading.Thread(target=self._run, name=f"calls by {name}", daemon=True)
        self._thread.start()
        self._loop = self._running.result(_START_LIMIT_S)

    def run(self, main: Coroutine[Any, Any, T], interruption: Interruption | None) -> T:
        """What `main` returns; an `interruption` cancels it and raises KeyboardInterrupt."""
        interruption = interruption or Interruption()
        with closing(main):
            made = interruptible(self._in_turn(main), interruption)
            found = asyncio.run_coroutine_threadsafe(made, self._loop).result()
            return kept(found, interruption)

    async def _in_turn(self, main: Coroutine[Any, Any, T]) -> T:
        begins = max(self._loop.time(), self._next)
        self._next = begins + _APART_S
        try:
            await sleep_until(begins)
            return await main
        finally:
            main.close()

    def lateness_s(self) -> float:
        """How late it is for what is due now, in seconds; at most a limit."""
        asked, heard = self._loop.time(), Future[float]()
        self._loop.call_soon_threadsafe(lambda: heard.set_result(self._loop.time()))
        try:
            return heard.result(_LATEST_S) - asked
        except TimeoutError:
            return _LATEST_S

    def end(self) -> None:
        """Stop it, with what still runs on it."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_END_LIMIT_S)

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=real_loop) as runner:
            loop = runner.get_loop()
            loop.set_default_executor(ThreadPoolExecutor(self._threads))
            with Lookout(loop):
                self._running.set_result(loop)
                loop.run_forever()
