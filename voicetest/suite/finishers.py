"""Processes that finish calls made elsewhere, in which no call has to wait for that."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable
from contextlib import AbstractContextManager

from voicetest.checks.result import Result
from voicetest.machine import OutOfMeans
from voicetest.report.progress import Notice
from voicetest.suite.errand import Errand, Unfinished, finish_only
from voicetest.suite.job_messages import Role
from voicetest.suite.jobs import JobProcess, arrived
from voicetest.suite.serving import Station

__all__ = ["FINISHERS", "Finishers"]

FINISHERS = min(2, os.cpu_count() or 1)
"""How many processes: there are calls beside them."""
_ROLE = Role(niceness=5, threads=1, waiting=8)
"""A judge is waited for; listening to a recording keeps a processor busy."""


class Finishers(AbstractContextManager["Finishers"]):
    """Listens to calls that were made, has them judged, and writes them down."""

    def __init__(self, tell: Callable[[Notice], None]) -> None:
        self._tell = tell
        self._by = ""
        """What interrupted it."""
        self._processes = [self._begun() for _ in range(FINISHERS)]

    async def finish(self, errand: Errand, made: Unfinished) -> Result:
        """The result of a call.

        When the process dies another one is asked, once, as nobody is called again by that.
        Raises OutOfMeans when that dies as well.
        """
        try:
            return await self._once(errand, made)
        except OutOfMeans:
            return await self._once(errand, made)

    def interrupt(self, by: str) -> None:
        """Ask all to come to an end, with what there is."""
        self._by = by
        for process in self._processes:
            process.interrupt(by)

    def give_up(self) -> None:
        """Kill what is still under way."""
        for process in self._processes:
            process.kill()

    async def _once(self, errand: Errand, made: Unfinished) -> Result:
        free = min(range(len(self._processes)), key=lambda i: self._processes[i].jobs)
        if self._processes[free].gone:
            self._processes[free] = self._begun()
        done = self._processes[free].submit(_finish, errand, made, waits=made.waits)
        result: Result = pickle.loads(await arrived(done))  # noqa: S301  # our own
        return result

    def _begun(self) -> JobProcess:
        process = JobProcess(_ROLE, 0, self._tell)
        if self._by:
            process.interrupt(self._by)
        return process

    def __exit__(self, *failure: object) -> None:
        for process in self._processes:
            process.close()


def _finish(station: Station, errand: Errand, made: Unfinished) -> Result:
    return finish_only(errand, made, station.speech, station.tell, station.interruption)
