"""A process that does many jobs of a run at once, each in a thread, and tells meanwhile."""

from __future__ import annotations

import asyncio
import os
import pickle
import sys
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from itertools import count
from multiprocessing.connection import Connection
from multiprocessing.context import BaseContext
from queue import SimpleQueue
from typing import Any

from voicetest import registry
from voicetest.audio.recorded import looked_at, take_over
from voicetest.child_process import begin, context, held_back
from voicetest.clock import Interruption
from voicetest.executor.border import Border
from voicetest.executor.shared_loop import SharedLoops
from voicetest.machine import OutOfMeans
from voicetest.speech.providers import Speech
from voicetest.suite.descriptors import raise_limit
from voicetest.suite.heaps import share_heaps
from voicetest.suite.logs import hide_in_logs

__all__ = ["Beat", "JobProcess", "Known", "Role", "Station", "arrived", "way"]

_SWITCH_S = 0.001
"""How long one thread may keep the others from running: no frame has to wait longer."""
_BEAT_S, _LOOKS = 1.0, 5
"""How often a process tells how it is, and how often it looks at its loops for that."""
_ENDING_S = 5.0


@dataclass(frozen=True)
class Known:
    """What a process knows from the one that starts it, so that it need not find it out."""

    environment: Mapping[str, str] = field(repr=False)
    recordings: Mapping[Any, Any]
    """Where the speech of files is that scenarios play."""

    @classmethod
    def here(cls) -> Known:
        """What this process knows."""
        return cls(dict(os.environ), looked_at())

    def take_over(self) -> None:
        """Know it here, and what else all jobs need and would look for at the same time."""
        take_over(self.recordings)
        for group in (registry.ADAPTERS, registry.VOICES, registry.TRANSCRIBERS):
            registry.names(group)


@dataclass(frozen=True)
class Role:
    """What a process is for."""

    niceness: int = 0
    threads: int = 1
    """Jobs at once."""
    waiting: int = 0
    """Jobs at once beside these, of such as mostly wait."""
    beats: bool = False
    """Whether it tells every second how it is."""


@dataclass(frozen=True)
class Station:
    """What one process has for all its jobs."""

    speech: Speech
    interruption: Interruption
    loops: SharedLoops
    tell: Callable[[Any], None]


@dataclass(frozen=True)
class Beat:
    """How a process was in the last second."""

    process: int
    """Its number, counted from 0."""
    jobs: int
    """Which it had at the end of that second."""
    cpu: float
    """Processor seconds a second; more than about 0.8 is too much for calls."""
    late_s: float
    """How late its event loops were at worst of a few looks, in seconds."""


def way() -> BaseContext:
    """How the processes of a run are started."""
    return context("voicetest.suite.preloaded")


async def arrived(done: Future[bytes]) -> bytes:
    """What a job has come to, pickled."""
    return await asyncio.wrap_future(done)


@dataclass(frozen=True)
class _Job:
    number: int
    do: Callable[..., Any]
    args: tuple[Any, ...]
    waits: bool


@dataclass(frozen=True)
class _Interrupt:
    by: str


@dataclass(frozen=True)
class _Done:
    number: int
    result: bytes


class _Outbox:
    """Sends over a pipe from a thread of its own, so that nobody waits for who reads there."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self._sending: SimpleQueue[Any] = SimpleQueue()
        self._thread = threading.Thread(target=self._send, daemon=True)
        self._thread.start()

    def put(self, what: Any) -> None:
        """Send it after all that was put before."""
        self._sending.put(what)

    def close(self) -> None:
        """Return when all is sent."""
        self._sending.put(self)
        self._thread.join(_ENDING_S)

    def _send(self) -> None:
        with suppress(OSError):  # who read there is gone
            while (what := self._sending.get()) is not self:
                self._pipe.send(what)


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
        self._outbox = _Outbox(self._pipe)
        args = (its, Known.here(), role, number)
        self._process = how.Process(target=_serve, args=args)  # type: ignore[attr-defined]
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
        self._outbox.put(_Job(number, do, args, waits))
        if self._gone:
            self._lose()
        return done

    def interrupt(self, by: str) -> None:
        """Ask all jobs to end and to keep what they have; `by` is what wants it, in words."""
        self._outbox.put(_Interrupt(by))

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
        if isinstance(what, _Done):
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


def _serve(pipe: Connection, known: Known, role: Role, number: int) -> None:
    with begin(known.environment):
        known.take_over()
        hide_in_logs()
        raise_limit()
        share_heaps()
        sys.setswitchinterval(_SWITCH_S)
        if hasattr(os, "nice"):
            os.nice(role.niceness)
    with _Serving(pipe, role, number) as serving:
        serving.serve()


class _Serving(AbstractContextManager["_Serving"]):
    """A process as it sees itself."""

    def __init__(self, pipe: Connection, role: Role, number: int) -> None:
        self._pipe = pipe
        self._number = number
        self._outbox = _Outbox(pipe)
        loops = SharedLoops(role.threads)
        self._station = Station(Speech(), Interruption(), loops, self._outbox.put)
        self._busy = ThreadPoolExecutor(role.threads)
        self._waiting = ThreadPoolExecutor(role.waiting or 1)
        self._lock = threading.Lock()
        self._jobs = 0
        """Those that are not done; the lock guards it."""
        self._ending = threading.Event()
        if role.beats:
            threading.Thread(target=self._beat, daemon=True).start()

    def __exit__(self, *failure: object) -> None:
        self._busy.shutdown()
        self._waiting.shutdown()
        self._ending.set()
        self._station.loops.__exit__()
        self._station.speech.close()
        self._outbox.close()

    def serve(self) -> None:
        """Take jobs until there are to be no more."""
        interruption, speech = self._station.interruption, self._station.speech
        with interruption.telling(speech.give_up), suppress(EOFError):
            while (what := self._pipe.recv()) is not None:
                match what:
                    case _Interrupt(by=by):
                        interruption.ask(by)
                    case _Job(waits=waits):
                        self._count(1)
                        (self._waiting if waits else self._busy).submit(self._do, what)

    def _do(self, job: _Job) -> None:
        """One job, in a thread of the pool."""
        border = Border("working", self._station.interruption)
        result = None
        with border:
            result = pickle.dumps(job.do(self._station, *job.args))
        if result is None:
            result = pickle.dumps(border.outcome(None))
        self._outbox.put(_Done(job.number, result))
        self._count(-1)
        if self._station.interruption.asked:
            self._station.speech.close()  # it may be killed before it can do so at its end

    def _count(self, more: int) -> None:
        """So many jobs came, or went."""
        with self._lock:
            self._jobs += more

    def _beat(self) -> None:
        """Tell every second how it is."""
        began, spent, late = time.monotonic(), time.process_time(), 0.0
        while not self._ending.wait(_BEAT_S / _LOOKS):
            late = max(late, self._station.loops.lateness_s())
            now, cpu = time.monotonic(), time.process_time()
            if now - began >= _BEAT_S:
                share = (cpu - spent) / (now - began)
                self._outbox.put(Beat(self._number, self._jobs, share, late))
                began, spent, late = now, cpu, 0.0
