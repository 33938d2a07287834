"""What worker processes are asked to do in tests."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

__all__ = ["die", "die_once", "fail", "in_kind", "pid", "sleep", "work", "write_pid_and_sleep"]

_seen: list[str] = []


def pid() -> int:
    return os.getpid()


def in_kind(kind: str) -> list[str]:
    """All kinds of work that this process has ever been asked for."""
    _seen.append(kind)
    return _seen


def fail(text: str) -> None:
    raise LookupError(text)


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def die_once(marker: str) -> int:
    path = Path(marker)
    if not path.exists():
        path.touch()
        die()
    return os.getpid()


def sleep(seconds: float) -> int:
    time.sleep(seconds)
    return os.getpid()


def write_pid_and_sleep(path: str) -> None:
    Path(path).write_text(str(os.getpid()))
    time.sleep(600)


def work(seconds: float) -> int:
    """Keep a processor busy for so long; how many times it looked at the clock."""
    looked, until = 0, time.process_time() + seconds
    while time.process_time() < until:
        looked += 1
    return looked
