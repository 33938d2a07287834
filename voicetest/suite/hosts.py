"""Processes that make calls on the real clock, many at once, and do nothing else."""

from __future__ import annotations

import math
import os
import pickle
from collections.abc import Callable
from contextlib import AbstractContextManager

from voicetest.checks.result import Result
from voicetest.report.progress import Notice
from voicetest.suite.errand import Errand, Unfinished, make_only
from voicetest.suite.finishers import Finishers
from voicetest.suite.job_messages import Beat, Role
from voicetest.suite.jobs import JobProcess, arrived
from voicetest.suite.serving import Station

__all__ = ["Beat", "Hosts", "hosts_for"]

_CALLS = 40
"""A process has no more of them while there are processors: they keep half of one busy, agents that
speak all at once more."""


def hosts_for(calls: int) -> int:
    """In how many processes so many calls at once are made."""
    return min(math.ceil(calls / _CALLS), os.cpu_count() or 1)


class Hosts(AbstractContextManager["Hosts"]):
    """Makes calls in processes with one event loop each, and has them finished in others.

    Calls are dealt out evenly. Those of a process that dies are errors; they are not made again,
    and those after them go to another process. Its methods belong to one event loop, but
    `interrupt` and `give_up`, which may be called from anywhere.
    """

    def __init__(
        self,
        calls: int,
        tell: Callable[[Notice], None],
        beat: Callable[[Beat], None] = lambda beat: None,
        size: int | None = None,
    ) -> None:
        """For so many `calls` at once, in `size` processes.

        By default there is one for each forty calls, and no more than there are processors. They
        start at once; calls may be given to them meanwhile. `tell` gets what the calls tell, and
        `beat` once a second how each process is, both from threads.
        """
        self._calls = calls
        self._tell = tell
        self._beat = beat
        self._by = ""
        """What interrupted it."""
        self._finishers = Finishers(tell)
        self._hosts = [self._begun(number) for number in range(size or hosts_for(calls))]

    async def make(self, errand: Errand) -> Result:
        """Make a call and finish it; raises OutOfMeans when its process dies."""
        made = await self.call(errand)
        return await self.finish(errand, made) if isinstance(made, Unfinished) else made

    async def call(self, errand: Errand) -> Unfinished | Result:
        """Make a call, to be finished by `finish`; a result if it could not even begin.

        Raises OutOfMeans when its process dies.
        """
        number = min(range(len(self._hosts)), key=lambda n: (self._hosts[n].jobs, n))
        if self._hosts[number].gone:
            self._hosts[number] = self._begun(number)
        done = self._hosts[number].submit(_make, errand)
        made: Unfinished | Result = pickle.loads(await arrived(done))  # noqa: S301  # our own
        return made

    async def finish(self, errand: Errand, made: Unfinished) -> Result:
        """Listen to a call, judge it, and write it down; raises OutOfMeans when that dies twice."""
        return await self._finishers.finish(errand, made)

    def interrupt(self, by: str) -> None:
        """Ask all calls to end now and to keep what they have; `by` is what wants it, in words."""
        self._by = by
        for host in self._hosts:
            host.interrupt(by)
        self._finishers.interrupt(by)

    def give_up(self) -> None:
        """Kill the calls that are still under way."""
        for host in self._hosts:
            host.kill()
        self._finishers.give_up()

    def _begun(self, number: int) -> JobProcess:
        role = Role(threads=self._calls, beats=True)
        host = JobProcess(role, number, self._told)
        if self._by:
            host.interrupt(self._by)
        return host

    def _told(self, what: Notice | Beat) -> None:
        if isinstance(what, Beat):
            self._beat(what)
        else:
            self._tell(what)

    def __exit__(self, *failure: object) -> None:
        for host in self._hosts:
            host.close()
        self._finishers.__exit__()


def _make(station: Station, errand: Errand) -> Unfinished | Result:
    return make_only(errand, station.speech, station.tell, station.interruption, station.loops)
