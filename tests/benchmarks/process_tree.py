"""What a process and all it started take of a machine, noted as they run."""

from __future__ import annotations

import threading
import time
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import psutil

__all__ = ["Sample", "Watched", "cpu_between"]

LOOK_S = 0.1
_CHILDREN_S = 1.0
_MIB = 1 << 20


@dataclass(frozen=True)
class Sample:
    """One look at all the processes."""

    at: float
    """Seconds on the machine's monotonic clock."""
    cpu_s: float
    """User and system time of all of them so far, those that ended included."""
    rss_mib: float
    """Resident memory: what several of them share counts for each."""
    pss_mib: float
    """The same, where what is shared counts once; of the look before, mostly."""
    processes: int


class Watched:
    """Looks at a process and its descendants every 100 ms inside the block."""

    def __init__(self, pid: int) -> None:
        self._root = psutil.Process(pid)
        self._known: dict[int, psutil.Process] = {pid: self._root}
        self._spent: dict[int, float] = {}
        """CPU seconds of every process that was ever seen, by id."""
        self._pss = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.samples: list[Sample] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *failure: object) -> None:
        self._over.set()
        self._thread.join(10)

    def _watch(self) -> None:
        number = 0
        while not self._over.wait(LOOK_S):
            try:
                if number % round(_CHILDREN_S / LOOK_S) == 0:
                    found = (self._root, *self._root.children(recursive=True))
                    self._known = {one.pid: self._known.get(one.pid, one) for one in found}
                    self._pss = sum(_shared_memory(one) for one in found) / _MIB
                self._look()
            except psutil.NoSuchProcess:
                return
            number += 1

    def _look(self) -> None:
        at, rss = time.monotonic(), 0
        for pid, process in self._known.items():
            try:
                with process.oneshot():
                    times, memory = process.cpu_times(), process.memory_info()
            except psutil.NoSuchProcess:
                continue
            self._spent[pid] = times.user + times.system
            rss += memory.rss
        spent = sum(self._spent.values())
        self.samples.append(Sample(at, spent, rss / _MIB, self._pss, len(self._known)))


def _shared_memory(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except psutil.Error:
        return 0


def cpu_between(samples: Sequence[Sample], start: float, end: float) -> float:
    """CPU seconds that were spent from one moment to another."""
    return _spent_at(samples, end) - _spent_at(samples, start)


def _spent_at(samples: Sequence[Sample], at: float) -> float:
    after = bisect_left(samples, at, key=lambda sample: sample.at)
    if after == 0:
        return 0.0
    if after == len(samples):
        return samples[-1].cpu_s
    one, other = samples[after - 1], samples[after]
    share = (at - one.at) / (other.at - one.at)
    return one.cpu_s + share * (other.cpu_s - one.cpu_s)
