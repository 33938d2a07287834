"""Makes the calls of a suite, several at once, until there is nothing left that could matter."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from voicetest.checks.result import Result
from voicetest.clock import Interruption
from voicetest.errors import ExitCode, VoicetestError
from voicetest.executor.plan import Plan
from voicetest.report.console import Console
from voicetest.report.folder import call_folder
from voicetest.report.summary import CaseLine, ScenarioLine, exit_code_of
from voicetest.scenario.load import ScenarioFile
from voicetest.suite.errand import Errand, broken
from voicetest.suite.lines import call_line, judged, left_out, left_out_line
from voicetest.suite.options import RunOptions
from voicetest.suite.repeat import Tally

__all__ = ["Conductor", "Course", "Make"]

Make = Callable[[Plan, Errand], Awaitable[Result]]
"""Makes one call wherever it is to be made; raises VoicetestError only if it cannot begin."""


@dataclass
class Course:
    """One case on its way to a verdict."""

    plan: Plan
    name: str
    """What its folders are called."""
    tally: Tally
    lines: list[ScenarioLine] = field(default_factory=list)
    reason: str = ""
    """That of the last call."""
    verdict: CaseLine | None = None
    """Set when no further call of it is needed; those under way still count."""

    @property
    def is_over(self) -> bool:
        """Whether no further call is needed."""
        return self.verdict is not None

    @property
    def needs_verdict(self) -> bool:
        """Whether the calls so far are enough for a verdict, and there is none yet."""
        enough = self.tally.decided is not None or self.tally.made == self.tally.planned
        return enough and self.verdict is None

    @property
    def file(self) -> ScenarioFile:
        """The scenario."""
        return self.plan.file

    @property
    def title(self) -> str:
        """Its name for people, secrets masked."""
        name = self.file.secrets.mask(self.file.scenario.name)
        return name if self.file.case is None else f"{name} [{self.file.shown_case}]"


class Conductor:
    """The calls of one run. Its fields belong to the event loop that conducts."""

    def __init__(
        self,
        courses: Sequence[Course],
        folder: Path,
        options: RunOptions,
        console: Console,
        interruption: Interruption,
        make: Make,
        spent_usd: float = 0.0,
        bad: int = 0,
    ) -> None:
        """`bad` cases have had an error before, which counts for --fail-fast."""
        self._courses = courses
        self._folder = folder
        self._options = options
        self._console = console
        self._interruption = interruption
        self._make = make
        self._jobs = asyncio.Semaphore(options.jobs)
        self._lines = _turns([course.plan for course in courses])
        self._numbers = iter(range(1_000_000_000))
        self._bad = bad
        self._spent_usd = spent_usd
        """What the run has cost; grows with each call that is over."""

    async def conduct(self) -> None:
        """Bring every case to its verdict."""
        async with asyncio.TaskGroup() as group:
            for course in self._courses:
                why = course.file.scenario.skip
                if why is not None:
                    self._leave_out(course, course.file.secrets.mask(why))
                    continue
                for repeat in range(1, course.tally.planned + 1):
                    group.create_task(self._repeat(course, repeat))
        for course in self._courses:
            if not course.is_over:
                self._close(course)
            elif course.tally.made:
                course.verdict = self._judged(course)

    async def _repeat(self, course: Course, repeat: int) -> None:
        """One call of a case, with its retries, unless it could change nothing any more."""
        async with AsyncExitStack() as turns:
            adapter = course.file.scenario.agent.adapter
            if adapter in self._lines:
                await turns.enter_async_context(self._lines[adapter])
            await turns.enter_async_context(self._jobs)
            if self._stopped or course.is_over:
                return
            for attempt in range(1, course.file.scenario.retries + 2):
                if not await self._attempt(course, repeat, attempt):
                    break
        if course.needs_verdict:
            self._close(course)

    @property
    def _stopped(self) -> bool:
        fail_fast = self._options.fail_fast
        return self._interruption.asked or (fail_fast is not None and self._bad >= fail_fast)

    async def _attempt(self, course: Course, repeat: int, attempt: int) -> bool:
        """Make a call; whether it has to be made again."""
        file, tally = course.file, course.tally
        repeated = repeat if tally.planned > 1 else None
        target = call_folder(self._folder, course.name, repeated, attempt)
        call = next(self._numbers)
        errand = Errand(
            call=call,
            path=file.path,
            case=file.case,
            variables=self._options.variables,
            clock=self._options.clock,
            offline=self._options.offline,
            later_seed=repeat - 1,
            folder=target,
            verbose=self._console.verbose,
            max_cost_usd=self._options.max_cost_usd,
            spent_usd=self._spent_usd,
            keeping=self._options.keeping,
        )
        marks = [f"r{repeat:02}"] * (tally.planned > 1) + [f"try {attempt}"] * (attempt > 1)
        self._console.begin(call, " ".join([course.title, *marks]))
        started, began = datetime.now(UTC), time.perf_counter()
        try:
            result = await self._make(course.plan, errand)
        except VoicetestError as error:
            result = broken(error, "starting")
        if result.cost is not None:
            self._spent_usd += result.cost.usd
        self._console.end(call, result, file.shown, target)
        again = attempt <= file.scenario.retries and _may_be_retried(result) and not self._stopped
        course.lines.append(
            call_line(
                file,
                result,
                repeat=repeated,
                attempt=attempt,
                retried=again,
                started=started,
                wall_s=time.perf_counter() - began,
                folder=target.name if (target / "manifest.json").exists() else None,
            )
        )
        code = exit_code_of(result)
        if code is ExitCode.INTERRUPTED:
            self._interruption.ask()
        if not again:
            course.reason = course.lines[-1].reason
            tally.add(result.status, code)
        return again

    def _close(self, course: Course) -> None:
        tally = course.tally
        if tally.made == 0:
            why = "interrupted" if self._interruption.asked else "--fail-fast"
            self._leave_out(course, f"not run: {why}")
            return
        verdict = course.verdict = self._judged(course)
        if verdict.status in ("failed", "error"):
            self._bad += 1
        if tally.planned > 1 or verdict.xfail is not None or any(c.retried for c in course.lines):
            self._console.verdict(verdict)

    def _judged(self, course: Course) -> CaseLine:
        cut_short = self._interruption.asked and course.tally.made < course.tally.planned
        return judged(course.file, course.tally, course.reason, cut_short=cut_short)

    def _leave_out(self, course: Course, reason: str) -> None:
        course.verdict = left_out(course.file, course.tally.planned, reason)
        course.lines.append(left_out_line(course.file, reason))
        self._console.verdict(course.verdict)


def _may_be_retried(result: Result) -> bool:
    return result.status == "error" and exit_code_of(result) is ExitCode.CONNECTION


def _turns(plans: Sequence[Plan]) -> Mapping[str, asyncio.Semaphore]:
    """How many calls each adapter may have at once: of what its scenarios say, the least."""
    return {name: asyncio.Semaphore(limit) for name, limit in _limits(plans)}


def _limits(plans: Sequence[Plan]) -> Iterator[tuple[str, int]]:
    wanted: dict[str, list[int]] = {}
    for planned in plans:
        limit = planned.adapter.max_concurrent
        if limit and not planned.world.offline:
            wanted.setdefault(planned.file.scenario.agent.adapter, []).append(limit)
    for adapter, limits in wanted.items():
        yield adapter, min(limits)
