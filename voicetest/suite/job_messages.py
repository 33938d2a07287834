"""What the processes of a run tell each other, and how."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from queue import SimpleQueue
from typing import Any

from voicetest import registry
from voicetest.audio.recorded import looked_at, take_over

__all__ = ["Beat", "Done", "Interrupt", "Job", "Known", "Outbox", "Role"]

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


@dataclass(frozen=True)
class Job:
    """Something to be done."""

    number: int
    do: Callable[..., Any]
    args: tuple[Any, ...]
    waits: bool
    """Whether it mostly waits."""


@dataclass(frozen=True)
class Interrupt:
    """All jobs are to end, and to keep what they have."""

    by: str
    """What wants it, in words."""


@dataclass(frozen=True)
class Done:
    """A job is done; its result is pickled."""

    number: int
    result: bytes


class Outbox:
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
