"""A process that does many jobs of a run at once, as who gives them sees it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from itertools import count
from multiprocessing.connection import Connection
from multiprocessing.context import BaseContext
from typing import Any

from voicetest.child_process import context, held_back
from voicetest.machine import OutOfMeans
from voicetest.suite.job_messages import Done, Interrupt, Job, Known, Outbox, Role
from voicetest.suite.serving import serve

__all__ = ["JobProcess", "arrived", "way"]

_ENDING_S = 5.0


def way() -> BaseContext:
    """How the processes of a run are started."""
    return context("voicetest.suite.preloaded")


async def arrived(done: Future[bytes]) -> bytes:
    """What a job has come to, pickled."""
    return await asyncio.wrap_future(done)


class JobProcess:
    """A process as its parent sees it; it starts at once, and jobs may be given to it meanwhile."""

    def __init__(self, role: Role, number: int, tell: Callable[[Any], None]):
        """`tell` gets what its jobs tell, and each Beat, from a thread."""
        self._tell = tell
        self._lock = threading.Lock()
        self._numbers = count()
        self._jobs: dict[int, Future[bytes]] = {}
        """Those that are not done."""
        self._gone = False
        """Set once, when no more comes from it."""
        how = way()
        self._pipe, its = how.Pipe()
        self._outbox = Outbox(self._pipe)
        args = (its, Known.here(), role, number)
        self._process = how.Process(target=serve, args=args)  # type: ignore[attr-defined]
        self._thread = threading.Thread(target=self._live, args=(its,), daemon=True)
        self._thread.start()

    @property
    def jobs(self) -> int:
        """How many it has that are not done."""
        return len(self._jobs)

    @property
    def gone(self) -> bool:
        """Whether it died."""
        return self._gone

    def submit(self, do: Callable[..., Any], *args: Any, waits: bool = False) -> Future[bytes]:
        """What `do(station, *args)` returns there, pickled; what it raises is a broken Result.

        The future raises OutOfMeans when the process dies.
        """
        done: Future[bytes] = Future()
        done.set_running_or_notify_cancel()
        with self._lock:
            number = next(self._numbers)
            self._jobs[number] = done
        self._outbox.put(Job(number, do, args, waits))
        if self._gone:
            self._lose()
        return done

    def interrupt(self, by: str) -> None:
        """Ask all jobs to end and to keep what they have; `by` is what wants it, in words."""
        self._outbox.put(Interrupt(by))

    def kill(self) -> None:
        """End it at once."""
        with suppress(ValueError, AttributeError):  # it never began
            self._process.kill()

    def close(self, patience_s: float = _ENDING_S) -> None:
        """End it when its jobs are done; after that time it is killed."""
        self._outbox.put(None)
        self._thread.join(patience_s)
        if self._thread.is_alive():
            self.kill()
            self._thread.join(_ENDING_S)

    def _live(self, its: Connection) -> None:
        try:
            with held_back(), its:
                self._process.start()
            with self._pipe, suppress(EOFError, OSError):
                while True:
                    self._take(self._pipe.recv())
            self._process.join()
        finally:
            self._gone = True
            self._lose()

    def _take(self, what: Any) -> None:
        if isinstance(what, Done):
            with self._lock:
                done = self._jobs.pop(what.number)
            done.set_result(what.result)
        else:
            self._tell(what)

    def _lose(self) -> None:
        with self._lock:
            lost = list(self._jobs.values())
            self._jobs.clear()
        for job in lost:
            job.set_exception(OutOfMeans("the process of this call died: too little memory?"))
