"""What a process and its children hold, looked at from outside while it runs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

__all__ = ["Look", "looks"]


@dataclass(frozen=True)
class Look:
    """One look; memory in bytes, of the process itself and of its children together."""

    at_s: float
    memory: int
    of_children: int
    descriptors: int
    threads: int
    children: int
    temporary: int
    """Files and folders in the folder for temporary files, which it has for itself."""

    def __str__(self) -> str:
        return (
            f"{self.at_s:6.0f} s  {self.memory / 1e6:7.1f} MB + {self.of_children / 1e6:7.1f} MB in"
            f" {self.children} children, {self.descriptors} descriptors, {self.threads} threads, "
            f"{self.temporary} temporary files"
        )


def looks(process: psutil.Popen, temporary: Path, every_s: float) -> Iterator[Look]:
    """Look at a process from time to time until it is over."""
    began = time.monotonic()
    while True:
        try:
            process.wait(every_s)
        except psutil.TimeoutExpired:
            found = _look(process, temporary, time.monotonic() - began)
            if found is not None:
                yield found
        else:
            return


def _look(process: psutil.Popen, temporary: Path, at_s: float) -> Look | None:
    try:
        children = process.children(recursive=True)
        return Look(
            at_s,
            process.memory_full_info().uss,
            sum(child.memory_full_info().uss for child in children),
            process.num_fds(),
            process.num_threads(),
            len(children),
            sum(1 for _ in temporary.rglob("*")),
        )
    except psutil.NoSuchProcess:
        return None
