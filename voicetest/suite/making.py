"""Decides in which process each call of a run is made, and in which it is finished."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Protocol, TypeVar

from voicetest.checks.result import Result
from voicetest.clock import Clock, Interruption
from voicetest.executor.plan import Plan
from voicetest.executor.shared_loop import SharedLoops, shares_loop
from voicetest.report.progress import Notice
from voicetest.speech.providers import Speech
from voicetest.suite.errand import Errand, Unfinished, carry_out, make_only
from voicetest.suite.finishers import FINISHERS, Finishers
from voicetest.suite.hosts import Hosts, hosts_for
from voicetest.suite.worker import CallWorkers

__all__ = ["Calls", "Making", "makers_for", "processes_for"]

_FEW = 16
"""So many calls on the real clock at once are made in the process of the run, beside what it says
of them: a process of their own would take longer to start than they would gain by it."""


Calls = Sequence[tuple[Plan, int]]
"""The plans of a run, each with the number of its calls."""


@dataclass(frozen=True)
class _Shares:
    """How many calls are at once of which kind, at the most."""

    workers: int
    """Processes for calls on virtual time; 0 where they are made in this one."""
    real: int
    """Calls on the real clock."""
    sharing: int
    """Those among them that share a loop."""

    @classmethod
    def of(cls, plans: Calls, jobs: int) -> _Shares:
        """For so many calls at once."""
        virtual = any(planned.clock is Clock.VIRTUAL for planned, _ in plans)
        real = sum(calls for planned, calls in plans if planned.clock is Clock.REAL)
        sharing = sum(calls for planned, calls in plans if shares_loop(planned))
        processes = min(jobs, os.cpu_count() or 1)
        workers = processes if virtual and processes > 1 else 0
        return cls(workers, min(jobs, real), min(jobs, sharing))

    @property
    def hosts(self) -> int:
        """Processes that make calls on the real clock; 0 where they are made in this one."""
        return hosts_for(self.sharing) if self.sharing > _FEW else 0

    @property
    def finishers(self) -> int:
        """Processes that finish these."""
        return FINISHERS if self.hosts or self.real > 1 else 0


def processes_for(plans: Calls, jobs: int) -> int:
    """How many processes there are beside this one for so many calls at once."""
    shares = _Shares.of(plans, jobs)
    return shares.workers + shares.hosts + shares.finishers


def makers_for(plans: Calls, jobs: int) -> int:
    """How many processes share the calls on the real clock, be it this one."""
    return _Shares.of(plans, jobs).hosts or 1


class _Helper(Protocol):
    """Processes of a run."""

    def interrupt(self, by: str) -> None:
        """Ask for an end."""

    def give_up(self) -> None:
        """Kill what is still under way."""


Helper = TypeVar("Helper", CallWorkers, Finishers, Hosts)


class Making(AbstractContextManager["Making"]):
    """Makes each call where it belongs.

    On virtual time: in a worker, alone. On the real clock: on a loop with others, in this process
    if there are few; it is finished elsewhere. With `jobs` 1 all is done here.
    """

    def __init__(
        self,
        plans: Calls,
        jobs: int,
        tell: Callable[[Notice], None],
        interruption: Interruption,
        speech: Speech,
    ) -> None:
        """For calls of which `jobs` are made at once."""
        self._tell = tell
        self._interruption = interruption
        self._speech = speech
        self._helpers: list[_Helper] = []
        self._workers: CallWorkers | None = None
        self._hosts: Hosts | None = None
        self._finishers: Finishers | None = None
        self._loops: SharedLoops | None = None
        shares = _Shares.of(plans, jobs)
        with ExitStack() as stack:
            if shares.workers:
                self._workers = self._kept(stack, CallWorkers(shares.workers, tell))
            if shares.hosts:
                self._hosts = self._kept(stack, Hosts(shares.sharing, tell))
            elif shares.finishers:
                self._finishers = self._kept(stack, Finishers(tell))
                self._loops = stack.enter_context(SharedLoops(shares.real))
            self._ending = stack.pop_all()

    async def make(self, planned: Plan, errand: Errand) -> Result:
        """Make one call and finish it; raises SetupError when it kills its process."""
        if self._workers is not None and planned.clock is Clock.VIRTUAL:
            return await self._workers.make(errand)
        if self._hosts is not None and shares_loop(planned):
            return await self._hosts.make(errand)
        given = (errand, self._speech, self._tell, self._interruption)
        finisher = self._hosts or self._finishers
        if finisher is None or planned.clock is Clock.VIRTUAL:
            return await asyncio.to_thread(carry_out, *given)
        made = await asyncio.to_thread(make_only, *given, self._loops)
        return await finisher.finish(errand, made) if isinstance(made, Unfinished) else made

    def give_up(self) -> None:
        """Kill what other processes still do."""
        for helper in self._helpers:
            helper.give_up()

    def _kept(self, stack: ExitStack, helper: Helper) -> Helper:
        stack.enter_context(helper)
        self._helpers.append(helper)
        told = partial(_interrupt, helper, self._interruption)
        stack.enter_context(self._interruption.telling(told))
        return helper

    def __exit__(self, *failure: object) -> None:
        self._ending.close()


def _interrupt(helper: _Helper, interruption: Interruption) -> None:
    helper.interrupt(interruption.by)
