"""A process of a run as it sees itself: it does many jobs at once, each in a thread."""

from __future__ import annotations

import gc
import os
import pickle
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from voicetest.child_process import begin
from voicetest.clock import Interruption
from voicetest.executor.border import Border
from voicetest.executor.shared_loop import SharedLoops
from voicetest.speech.providers import Speech
from voicetest.suite.descriptors import raise_limit
from voicetest.suite.heaps import share_heaps
from voicetest.suite.job_messages import Beat, Done, Interrupt, Job, Known, Outbox, Role
from voicetest.suite.logs import hide_in_logs

__all__ = ["Station", "serve"]

_SWITCH_S = 0.001
"""How long one thread may keep the others from running: no frame has to wait longer."""
_GARBAGE = 50_000
"""So many new objects are looked at together: each time takes a moment in which no frame leaves."""
_BEAT_S, _LOOKS = 1.0, 5
"""How often a process tells how it is, and how often it looks at its loops for that."""


@dataclass(frozen=True)
class Station:
    """What one process has for all its jobs."""

    speech: Speech
    interruption: Interruption
    loops: SharedLoops
    tell: Callable[[Any], None]


def serve(pipe: Connection, known: Known, role: Role, number: int) -> None:
    """Do the jobs that come over the pipe, until there are to be no more."""
    with begin(known.environment):
        known.take_over()
        hide_in_logs()
        raise_limit()
        share_heaps()
        sys.setswitchinterval(_SWITCH_S)
        gc.freeze()
        gc.set_threshold(_GARBAGE)
        if hasattr(os, "nice"):
            os.nice(role.niceness)
    with _Serving(pipe, role, number) as serving:
        serving.serve()


class _Serving(AbstractContextManager["_Serving"]):
    """A process as it sees itself."""

    def __init__(self, pipe: Connection, role: Role, number: int) -> None:
        self._pipe = pipe
        self._number = number
        self._outbox = Outbox(pipe)
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
                    case Interrupt(by=by):
                        interruption.ask(by)
                    case Job(waits=waits):
                        self._count(1)
                        (self._waiting if waits else self._busy).submit(self._do, what)

    def _do(self, job: Job) -> None:
        """One job, in a thread of the pool."""
        border = Border("working", self._station.interruption)
        result = None
        with border:
            result = pickle.dumps(job.do(self._station, *job.args))
        if result is None:
            result = pickle.dumps(border.outcome(None))
        self._outbox.put(Done(job.number, result))
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
