"""Processes in which calls on virtual time are made, several at once."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from multiprocessing.util import Finalize
from typing import ClassVar

from voicetest.checks.result import Result
from voicetest.clock import Interruption
from voicetest.machine import OutOfMeans
from voicetest.report.progress import Notice
from voicetest.speech.providers import Speech
from voicetest.speech.workers import Begin, Workers
from voicetest.suite.errand import Errand, carry_out
from voicetest.suite.job_messages import Known
from voicetest.suite.jobs import way
from voicetest.suite.logs import hide_in_logs
from voicetest.suite.signals import WITHIN, ignored

__all__ = ["CallWorkers"]

_CALL_LIMIT_S = 3600.0
_PATIENCE_S = 5.0
_NICENESS = 5
"""Calls on virtual time can wait; those on the real clock cannot."""


class CallWorkers(AbstractContextManager["CallWorkers"]):
    """Makes calls in processes, and hands on what they tell."""

    def __init__(self, size: int, tell: Callable[[Notice], None]) -> None:
        self._tell = tell
        self._workers = Workers(size, _CALL_LIMIT_S, self._beginning, way())
        self._patience_s = _PATIENCE_S
        """How long each process may take to tell its last; set once, when it is given up."""
        self._listening: list[threading.Thread] = []
        """One for each process that was started."""

    async def make(self, errand: Errand) -> Result:
        """Make one call; raises SetupError when it kills its process."""
        return await self._workers.run("call", _make, errand)

    def interrupt(self, by: str) -> None:
        """Ask all calls to end now and keep what they have; `by` is what wants it, in words."""
        number = next((n for n, words in WITHIN.items() if words == by), signal.SIGINT)
        self._workers.interrupt(number)

    def give_up(self) -> None:
        """Kill the calls that are still under way."""
        self._patience_s = 0.0
        self._workers.give_up()

    @contextmanager
    def _beginning(self) -> Iterator[Begin]:
        """Listen to a process that starts, over a pipe of its own.

        One that all share has a lock, which a process that is killed would never give back.
        """
        ours, its = way().Pipe(duplex=False)
        listening = threading.Thread(target=self._listen, args=(ours,), daemon=True)
        self._listening.append(listening)
        listening.start()
        with its:
            yield partial(_Station.open, its, ignored(), Known.here())

    def _listen(self, pipe: Connection) -> None:
        with pipe, suppress(EOFError, OSError):
            while True:
                self._tell(pipe.recv())

    def __exit__(self, *failure: object) -> None:
        self._workers.close()
        for listening in self._listening:
            listening.join(self._patience_s)


@dataclass(frozen=True)
class _Station:
    """What one process has for all its calls."""

    relay: Connection
    speech: Speech
    interruption: Interruption

    here: ClassVar[_Station]
    """Set once, when the process begins."""

    @classmethod
    def open(cls, relay: Connection, ignored: Collection[int], known: Known) -> None:
        """Get this process ready; the signals `ignored` are ignored by the run as well."""
        hide_in_logs()
        known.take_over()
        interruption = Interruption()
        speech = Speech()
        cls.here = cls(relay, speech, interruption)
        # A process waits for its own children before it ends, and they wait to be told.
        Finalize(None, speech.close, exitpriority=100)
        for number in WITHIN.keys() - ignored:
            signal.signal(number, lambda number, _: interruption.ask(WITHIN[number]))
        if hasattr(os, "nice"):
            os.nice(_NICENESS)


def _make(errand: Errand) -> Result:
    if (errand.folder / "events.jsonl").exists():
        raise OutOfMeans("the process of this call died: too little memory?")
    station = _Station.here
    try:
        with station.interruption.telling(station.speech.give_up):
            return carry_out(errand, station.speech, station.relay.send, station.interruption)
    finally:
        if station.interruption.asked:
            station.speech.close()  # this process may be killed before it can do so at its end
