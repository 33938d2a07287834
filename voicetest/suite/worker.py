"""Processes in which calls on virtual time are made, several at once."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from multiprocessing.queues import SimpleQueue
from multiprocessing.util import Finalize
from typing import ClassVar

from voicetest.checks.result import Result
from voicetest.clock import Interruption
from voicetest.errors import SetupError
from voicetest.report.progress import Notice
from voicetest.speech.providers import Speech
from voicetest.speech.workers import Workers
from voicetest.suite.errand import Errand, carry_out

__all__ = ["CallWorkers"]

_CALL_LIMIT_S = 3600.0
_PATIENCE_S = 5.0
_NICENESS = 5
"""Calls on virtual time can wait; those on the real clock cannot."""

Relay = SimpleQueue[Notice | None]


class CallWorkers(AbstractContextManager["CallWorkers"]):
    """Makes calls in processes, and hands on what they tell."""

    def __init__(self, size: int, tell: Callable[[Notice], None]) -> None:
        self._tell = tell
        self._relay: Relay = get_context("spawn").SimpleQueue()
        begin = partial(_Station.open, self._relay)
        self._workers = Workers(size, _CALL_LIMIT_S, begin)
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    async def make(self, errand: Errand) -> Result:
        """Make one call; raises SetupError when it kills its process."""
        return await self._workers.run("call", _make, errand)

    def interrupt(self) -> None:
        """Ask all calls to end now and keep what they have."""
        self._workers.interrupt()

    def _listen(self) -> None:
        while (notice := self._relay.get()) is not None:
            self._tell(notice)

    def __exit__(self, *failure: object) -> None:
        self._workers.close()
        self._relay.put(None)
        self._listener.join(_PATIENCE_S)
        self._relay.close()


@dataclass(frozen=True)
class _Station:
    """What one process has for all its calls."""

    relay: Relay
    speech: Speech
    interruption: Interruption

    here: ClassVar[_Station]
    """Set once, when the process begins."""

    @classmethod
    def open(cls, relay: Relay) -> None:
        """Get this process ready."""
        interruption = Interruption()
        speech = Speech()
        cls.here = cls(relay, speech, interruption)
        # A process waits for its own children before it ends, and they wait to be told.
        Finalize(None, speech.close, exitpriority=100)
        signal.signal(signal.SIGINT, lambda *_: interruption.ask())
        if hasattr(os, "nice"):
            os.nice(_NICENESS)


def _make(errand: Errand) -> Result:
    if (errand.folder / "recording.wav").exists():
        raise SetupError("the process of this call died: too little memory?")
    station = _Station.here
    return carry_out(errand, station.speech, station.relay.put, station.interruption)
