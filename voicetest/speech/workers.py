"""Processes that do the heavy speech work, so that no frame of a real-time call waits for it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections import defaultdict
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, nullcontext, suppress
from functools import partial
from multiprocessing import get_context
from multiprocessing.context import BaseContext
from typing import Any, TypeVar

from voicetest.child_process import begin, held_back
from voicetest.errors import Interrupted, SetupError
from voicetest.speech.patience import is_done_within

__all__ = ["Begin", "Workers"]

START_LIMIT = 60.0
JOB_LIMIT = 120.0

Result = TypeVar("Result")
Begin = Callable[[], object]


class Workers(AbstractContextManager["Workers"]):
    """One set of processes for each kind of work, started when first needed and ended by `close`.

    A kind has at most `size` processes, by default one for each processor but no more than four.
    A job on which its process worked for more than `job_limit` seconds is killed and raises
    SetupError; on a busy machine more time may pass. The object belongs to one run; its jobs may be
    awaited from several threads and event loops. `beginning` is open while a process starts, and
    gives what is called first in it, which must be picklable by a process that is being started;
    `way` is how that is done.
    """

    def __init__(
        self,
        size: int | None = None,
        job_limit: float = JOB_LIMIT,
        beginning: Callable[[], AbstractContextManager[Begin | None]] = nullcontext,
        way: BaseContext | None = None,
    ) -> None:
        self._beginning = beginning
        self._way = way or get_context("spawn")
        self._size = size or min(4, os.cpu_count() or 1)
        self._job_limit = job_limit
        self._changed = threading.Condition()
        self._idle: dict[str, list[_Worker]] = defaultdict(list)
        self._taken: dict[str, set[_Worker]] = defaultdict(set)
        self._starting: dict[str, int] = defaultdict(int)
        self._closed = False
        self._given_up = False
        self._told: int | None = None
        """The signal that `interrupt` sent; set once, and no work begins after it."""
        self._ending: Future[None] = Future()
        """Done when no work is to begin any more."""

    async def run(
        self,
        kind: str,
        function: Callable[..., Result],
        *args: Any,
        job_limit: float | None = None,
    ) -> Result:
        """What `function(*args)` returns or raises in a process that only does this `kind` of work.

        `function`, its arguments and its result must be picklable. The wait is one blocking job of
        the event loop's own executor, so a loop that runs those inline works too. `job_limit` is
        for this job alone.
        Raises SetupError when the work kills its process twice or takes too long.
        """
        job = partial(self._retried, kind, function, args, job_limit or self._job_limit)
        return await asyncio.get_running_loop().run_in_executor(None, job)

    def close(self) -> None:
        """End all processes, killing those that are busy."""
        with self._changed:
            self._closed = True
            sets = [*self._idle.values(), *self._taken.values()]
            self._changed.notify_all()
        for worker in [worker for workers in sets for worker in workers]:
            if self._given_up:
                worker.kill()  # to end in order takes a busy machine seconds
            worker.end()

    def interrupt(self, number: int = signal.SIGINT) -> None:
        """Send a signal to every process that is busy; what it does then is for `begin` to say.

        Work that has not begun raises Interrupted, also where a process is still starting for it.
        """
        with self._changed:
            self._told = number
            self._end_waiting()
            self._changed.notify_all()
            busy = [worker for workers in self._taken.values() for worker in workers]
        for worker in busy:
            worker.tell(number)

    def give_up(self) -> None:
        """Kill what is busy and take no more work; who waits for some gets SetupError at once."""
        with self._changed:
            self._closed = self._given_up = True
            self._end_waiting()
            busy = [worker for workers in self._taken.values() for worker in workers]
            self._changed.notify_all()
        for worker in busy:
            worker.kill()

    def __exit__(self, *failure: object) -> None:
        self.close()

    def _retried(
        self, kind: str, function: Callable[..., Result], args: tuple[Any, ...], limit: float
    ) -> Result:
        try:
            return self._once(kind, function, args, limit)
        except BrokenProcessPool:
            self._refuse_if_closed()
        try:
            return self._once(kind, function, args, limit)
        except BrokenProcessPool as error:
            self._refuse_if_closed()
            raise SetupError(
                f"the {kind} worker process died twice on the same work ({function.__name__})"
            ) from error

    def _once(
        self, kind: str, function: Callable[..., Result], args: tuple[Any, ...], limit: float
    ) -> Result:
        worker = self._take(kind)
        try:
            with self._changed:
                self._refuse_if_closed()
            return worker.do(function, args, limit)
        finally:
            self._give_back(kind, worker)

    def _take(self, kind: str) -> _Worker:
        with self._changed:
            while True:
                self._refuse_if_closed()
                if self._idle[kind]:
                    worker = self._idle[kind].pop()
                    self._taken[kind].add(worker)
                    return worker
                if len(self._taken[kind]) + self._starting[kind] < self._size:
                    self._starting[kind] += 1
                    break
                self._changed.wait()
        return self._start(kind)

    def _start(self, kind: str) -> _Worker:
        started: _Worker | None = None
        try:
            with self._beginning() as then:
                started = _Worker(kind, self._way, then, self._ending)
        finally:
            with self._changed:
                self._starting[kind] -= 1
                if started is not None:
                    self._taken[kind].add(started)
                self._changed.notify()
        return started

    def _give_back(self, kind: str, worker: _Worker) -> None:
        with self._changed:
            self._taken[kind].discard(worker)
            usable = worker.usable and not self._closed
            if usable:
                self._idle[kind].append(worker)
            self._changed.notify()
        if not usable:
            worker.end()

    def _end_waiting(self) -> None:
        if not self._ending.done():
            self._ending.set_result(None)

    def _refuse_if_closed(self) -> None:
        if self._told is not None:
            raise Interrupted("the run was to end before this began")
        if self._given_up:
            raise SetupError("speech work was given up: the run is ending")
        if self._closed:
            raise RuntimeError("these workers are closed")


class _Worker:
    """One process and the one job it may be doing.

    A pool of one process each, not one pool of many: a death then breaks one job, not all, and a
    job that hangs can be killed.
    """

    def __init__(
        self, kind: str, way: BaseContext, then: Begin | None, ending: Future[None]
    ) -> None:
        """Raises Interrupted when `ending` is done before the process is ready."""
        self._kind = kind
        self._broken = False
        self._ended = False
        self._ending = threading.Lock()
        self._job: Future[Any] = Future()
        with held_back():
            self._pool = ProcessPoolExecutor(
                1, mp_context=way, initializer=_begin, initargs=(dict(os.environ), then)
            )
            started = self._pool.submit(os.getpid)
        either: list[Future[Any]] = [started, ending]
        wait(either, START_LIMIT, FIRST_COMPLETED)
        if ending.done() and not started.done():
            self._pool.shutdown(wait=False, cancel_futures=True)
            raise Interrupted("the run was to end before this began")
        try:
            self._pid = started.result(0)
        except (BrokenProcessPool, TimeoutError) as error:
            self._pool.shutdown(wait=False, cancel_futures=True)
            raise SetupError(
                f"the {kind} worker process does not start; a script that uses voicetest must"
                " guard its top level with: if __name__ == '__main__':"
            ) from error
        self._job.set_result(None)

    @property
    def usable(self) -> bool:
        """Whether the process lives and is free."""
        return self._job.done() and not self._broken

    def do(self, function: Callable[..., Result], args: tuple[Any, ...], limit: float) -> Result:
        """Run one job, for at most `limit` seconds of work."""
        try:
            self._job = job = self._pool.submit(function, *args)
            if is_done_within(limit, job, self._pid):
                return job.result()
        except BrokenProcessPool:
            self._broken = True
            raise
        raise SetupError(
            f"{function.__name__} took more than {limit:g} s in the {self._kind} worker process"
        )

    def tell(self, number: int) -> None:
        """Send the process a signal."""
        with suppress(ProcessLookupError):
            os.kill(self._pid, number)

    def kill(self) -> None:
        """End the process at once; its job breaks."""
        # Of what ends a process it ignores all else.
        self.tell(signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL)

    def end(self) -> None:
        """End the process, at once if it is busy; returns when it is gone."""
        # A pool breaks when two threads end it, and both the closer and a failed job's thread may.
        with self._ending:
            if self._ended:
                return
            self._ended = True
            if not self._job.done():
                self.kill()
            self._pool.shutdown(wait=True, cancel_futures=True)


def _begin(environment: Mapping[str, str], then: Begin | None) -> None:
    with begin(environment):
        if then is not None:
            then()
