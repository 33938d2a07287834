"""Makes the calls of a suite, several at once, until there is nothing left that could matter."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

from voicetest.call.record import CallError, CallRecord
from voicetest.checks.result import Result
from voicetest.clock import Interruption
from voicetest.errors import ExitCode
from voicetest.executor.border import Border
from voicetest.executor.plan import Plan
from voicetest.report.call import masked, write_call
from voicetest.report.console import Console
from voicetest.report.folder import call_folder, give_room_back
from voicetest.report.summary import NOT_RUN, CaseLine, exit_code_of, is_passing
from voicetest.suite.course import Course
from voicetest.suite.errand import Errand
from voicetest.suite.lines import call_line, judged, left_out, left_out_line
from voicetest.suite.options import RunOptions
from voicetest.suite.telling import Telling

__all__ = ["Conductor", "Make"]

Make = Callable[[Plan, Errand], Awaitable[Result]]
"""Makes one call wherever it is to be made; what it raises is an error of that call alone."""


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
        tell: Telling,
        errors: list[CallError],
        spent_usd: float = 0.0,
        bad: int = 0,
    ) -> None:
        """`bad` cases have had an error before, which counts for --fail-fast.

        `errors` grows with what goes wrong outside the calls.
        """
        self._errors = errors
        self._courses = courses
        self._folder = folder
        self._options = options
        self._console = console
        self._interruption = interruption
        self._make = make
        self._tell = tell
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
                if course.file.scenario.skip is not None:
                    with self._border("skipping") as border:
                        self._leave_out(course, course.file.secrets.mask(course.file.scenario.skip))
                    self._note(border, course)
                    continue
                for repeat in range(1, course.tally.planned + 1):
                    group.create_task(self._repeat(course, repeat))
        for course in self._courses:
            with self._border("judging") as border:
                self._settle(course)
            self._note(border, course)

    def _border(self, where: str) -> Border:
        return Border(where, self._interruption)

    def _note(self, border: Border, course: Course) -> None:
        """Keep what went wrong with a case outside its calls."""
        if border.error is not None:
            self._errors.append(border.error)
            course.lose(border.error)

    def _settle(self, course: Course) -> None:
        if course.lost is not None:
            course.give_up(course.lost)
        elif not course.is_over:
            self._close(course)
        elif course.tally.made:
            course.verdict = self._judged(course)

    async def _repeat(self, course: Course, repeat: int) -> None:
        """One call of a case, with its retries, unless it could change nothing any more."""
        with self._border("conducting") as border:
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
        self._note(border, course)

    @property
    def _stopped(self) -> bool:
        fail_fast = self._options.fail_fast
        return self._interruption.asked or (fail_fast is not None and self._bad >= fail_fast)

    async def _attempt(self, course: Course, repeat: int, attempt: int) -> bool:
        """Make a call; whether it has to be made again."""
        file, tally = course.file, course.tally
        repeated = repeat if tally.planned > 1 else None
        call = next(self._numbers)
        marks = [f"r{repeat:02}"] * (tally.planned > 1) + [f"try {attempt}"] * (attempt > 1)
        self._tell(self._console.begin, call, " ".join([course.title, *marks]))
        started, began = datetime.now(UTC), time.perf_counter()
        target, made = None, None
        with self._border("starting") as border:
            target = call_folder(self._folder, course.name, repeated, attempt)
            made = await self._make(course.plan, self._errand(course, repeat, call, target))
        result = border.outcome(made)
        if border.error is not None:
            result = _left_by(course.plan, target, result, started)
        if target is not None:
            give_room_back(target / "manifest.json")
        if result.cost is not None:
            self._spent_usd += result.cost.usd
        self._tell(self._console.end, call, result, file.shown, target)
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
                folder=_name_of(target),
            )
        )
        code = exit_code_of(result)
        if code is ExitCode.INTERRUPTED:
            self._interruption.ask()
        if not again:
            course.reason = course.lines[-1].reason
            tally.add(result.status, code, passing=is_passing(result))
        return again

    def _errand(self, course: Course, repeat: int, call: int, target: Path) -> Errand:
        return Errand(
            call=call,
            path=course.file.path,
            case=course.file.case,
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

    def _close(self, course: Course) -> None:
        tally = course.tally
        if tally.made == 0:
            why = "interrupted" if self._interruption.asked else "--fail-fast"
            self._leave_out(course, f"{NOT_RUN}{why}")
            return
        verdict = course.verdict = self._judged(course)
        if verdict.status in ("failed", "error"):
            self._bad += 1
        if tally.planned > 1 or verdict.xfail is not None or any(c.retried for c in course.lines):
            self._tell(self._console.verdict, verdict)

    def _judged(self, course: Course) -> CaseLine:
        cut_short = self._interruption.asked and course.tally.made < course.tally.planned
        return judged(course.file, course.tally, course.reason, cut_short=cut_short)

    def _leave_out(self, course: Course, reason: str) -> None:
        course.verdict = left_out(course.file, course.tally.planned, reason)
        course.lines.append(left_out_line(course.file, reason))
        self._tell(self._console.verdict, course.verdict)


def _left_by(planned: Plan, target: Path | None, result: Result, started: datetime) -> Result:
    """What is known of a call whose process is gone, with a manifest for what it recorded."""
    if target is not None and (target / "recording.wav").exists() and _name_of(target) is None:
        record = CallRecord.nothing(target / "recording.wav")
        with Border("writing"):
            return write_call(target, planned, record, result, started)
    return masked(result, planned.file.secrets)


def _name_of(target: Path | None) -> str | None:
    """The folder of a call of which there is a manifest."""
    return target.name if target is not None and (target / "manifest.json").exists() else None


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
