"""Runs a suite from the paths of a command line to its run folder."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TypeGuard

from voicetest.call.record import CallError
from voicetest.clock import Interruption
from voicetest.executor.border import Border
from voicetest.executor.plan import Plan
from voicetest.report.console import Console
from voicetest.report.folder import call_name, new_run_folder, point_latest, remove_run_folder
from voicetest.report.summary import CaseLine, RunSummary, ScenarioLine, summarise
from voicetest.scenario.load import ScenarioFile
from voicetest.speech.cache import Cache, default_folder
from voicetest.speech.providers import Speech
from voicetest.spending import Spending
from voicetest.suite.beginning import Beginning, leave
from voicetest.suite.closing import close_run
from voicetest.suite.command_line import shown_command
from voicetest.suite.conduct import Conductor
from voicetest.suite.course import Course
from voicetest.suite.heaps import share_heaps
from voicetest.suite.limits import within_limits
from voicetest.suite.lines import lacking, lacking_line, left_out, left_out_line
from voicetest.suite.logs import hide_in_logs
from voicetest.suite.making import Calls, Making
from voicetest.suite.options import RunOptions
from voicetest.suite.plan import Lacking, load_all, plan_all
from voicetest.suite.repeat import Tally
from voicetest.suite.signals import BY_TIMEOUT, exit_code_by, until_told
from voicetest.suite.telling import Telling
from voicetest.suite.voices import speak_ahead

__all__ = ["run_suite", "select_cases"]

_Told = tuple[ScenarioLine, CaseLine]
_SWITCH_S = 0.001
"""How long one thread may keep the others from running: no frame has to wait longer."""
_SPARE_THREADS = 8
"""For the speech work of calls on the real clock."""


def select_cases(paths: Sequence[Path], options: RunOptions) -> list[ScenarioFile]:
    """The cases that would be run.

    Raises ScenarioError or SetupError for files that cannot be read.
    """
    found = load_all(paths, options.variables)
    found.check()
    return options.selection.choose(found.files)


def run_suite(
    paths: Sequence[Path], out: Path, console: Console, options: RunOptions | None = None
) -> RunSummary:
    """Select, plan all, speak all, call all, and leave a run folder in `out`.

    A case for which this machine lacks something is an error of its own. Raises ScenarioError for
    mistakes in any file, and SetupError for what the run itself lacks, before anyone is called.
    """
    hide_in_logs()
    options = options or RunOptions()
    spending = Spending(options.max_cost_usd, "--max-cost")
    with Speech(Cache(default_folder())) as speech:
        cases = plan_all(
            paths,
            options.variables,
            speech,
            options.clock,
            offline=options.offline,
            selection=options.selection,
            spending=spending,
        )
        plans = [case for case in cases if isinstance(case, Plan)]
        for warning in dict.fromkeys(w for planned in plans for w in planned.file.warnings):
            console.warn(str(warning))
        if not cases:
            console.warn("no scenario was selected")
        started = datetime.now(UTC)
        courses = list(_courses(plans, options))
        options = within_limits(_calls(courses), options, console.warn)
        # Voices may have to be paid for, so first of all it must be sure where the run goes.
        folder = new_run_folder(out, started, sum(course.tally.planned for course in courses))
        run = _Run(folder, started, cases, courses, console, options)
        with run.set_out() as beginning:
            try:
                speak_ahead((p for p in plans if p.file.scenario.skip is None), console)
            except BaseException:
                beginning.forget()
                remove_run_folder(folder)
                raise
            return run.make(speech, spending.usd)


def _calls(courses: Sequence[Course]) -> Calls:
    """What is to be called, and how often."""
    return [(c.plan, c.tally.planned) for c in courses if c.file.scenario.skip is None]


class _Run:
    """One run from its folder to run.json, which is written whatever happens in between."""

    def __init__(
        self,
        folder: Path,
        started: datetime,
        cases: Sequence[Plan | Lacking],
        courses: Sequence[Course],
        console: Console,
        options: RunOptions,
    ) -> None:
        self._folder = folder
        self._started = started
        self._cases = cases
        self._courses = courses
        self._console = console
        self._options = options
        self._command = shown_command(sys.argv, [case.file for case in cases])
        self._interruption = Interruption()
        self._tell = Telling()
        self._making: Making | None = None
        """Set before the first call."""
        self._errors: list[CallError] = []
        """What went wrong outside the calls; grows with each error."""
        self._absent = {case: _absent(case, options) for case in cases if _lacks(case)}

    def set_out(self) -> Beginning:
        """Write down what is to be called, before anything takes long."""
        beginning = Beginning(self._folder, self._command, self._started)
        for course in self._courses:
            beginning.call(course.plan, course.name, course.tally.planned)
        for line, verdict in self._absent.values():
            beginning.no_call(line, verdict)
        return beginning

    def make(self, speech: Speech, spent_usd: float) -> RunSummary:
        """Call all and write what came of it."""
        if self._cases:
            point_latest(self._folder)
        with ExitStack() as stack:
            stack.callback(self._tell, self._console.close)
            with Border("conducting", self._interruption) as border:
                self._conduct(stack, speech, spent_usd, list(self._absent.values()))
            found = (border.error, self._tell.error)
            self._errors += [error for error in found if error is not None]
            summary = self._close()
            if self._interruption.asked and self._making is not None:
                self._making.give_up()
        return summary

    def _conduct(
        self, stack: ExitStack, speech: Speech, spent_usd: float, absent: Sequence[_Told]
    ) -> None:
        interruption, console = self._interruption, self._console
        for _, verdict in absent:
            self._tell(console.verdict, verdict)
        leaving = partial(_leave, self._folder, interruption, console)
        stack.enter_context(until_told(interruption, self._tell.by(console.warn), leaving))
        stack.callback(speech.close)  # its processes take a moment, in which a signal may come
        stack.enter_context(interruption.telling(speech.give_up))
        notice = self._tell.by(console.notice)
        jobs = self._options.jobs
        making = Making(_calls(self._courses), jobs, notice, interruption, speech)
        self._making = stack.enter_context(making)
        conductor = Conductor(
            self._courses,
            self._folder,
            self._options,
            console,
            interruption,
            making.make,
            self._tell,
            self._errors,
            spent_usd,
            sum(verdict.status == "error" for _, verdict in absent),
        )
        asyncio.run(_conduct(conductor, self._options, console, interruption))

    def _close(self) -> RunSummary:
        """Write run.json; a case to which nobody got has the error that kept it from being made."""
        interruption, warn = self._interruption, self._tell.by(self._console.warn)
        for error in self._errors:
            for line in (error.traceback or error.message).splitlines():
                warn(line)
        for course in self._courses:
            if course.verdict is None and self._errors:
                course.give_up(self._errors[0])
        lines, verdicts = _in_order(self._cases, self._courses, self._absent)
        summary = summarise(
            lines,
            verdicts,
            command=self._command,
            started=self._started,
            finished=datetime.now(UTC),
            folder=str(self._folder),
            interrupted=exit_code_by(interruption.by) if interruption.asked else None,
            errors=[error.kind for error in self._errors],
        )
        return close_run(self._folder, summary, warn)


def _lacks(case: Plan | Lacking) -> TypeGuard[Lacking]:
    return isinstance(case, Lacking)


def _leave(folder: Path, interruption: Interruption, console: Console) -> None:
    leave(folder, interruption.by, exit_code_by(interruption.by))
    console.close()


def _absent(case: Lacking, options: RunOptions) -> _Told:
    """What is told of a case for which this machine lacks something; one to be skipped is that."""
    if case.file is not None and case.file.scenario.skip is not None:
        why = case.file.secrets.mask(case.file.scenario.skip)
        planned = options.repeat or case.file.scenario.repeat
        return left_out_line(case.file, why), left_out(case.file, planned, why)
    return lacking_line(case), lacking(case, options.repeat)


def _in_order(
    cases: Sequence[Plan | Lacking], courses: Sequence[Course], absent: Mapping[Lacking, _Told]
) -> tuple[list[ScenarioLine], list[CaseLine]]:
    """The lines of calls and of cases, in the order of the cases."""
    lines: list[ScenarioLine] = []
    verdicts: list[CaseLine] = []
    called = iter(courses)
    for case in cases:
        if isinstance(case, Lacking):
            line, verdict = absent[case]
            lines.append(line)
            verdicts.append(verdict)
            continue
        course = next(called)
        lines += sorted(course.lines, key=lambda line: (line.repeat or 0, line.attempt))
        verdicts += [course.verdict] if course.verdict is not None else []
    return lines, verdicts


async def _conduct(
    conductor: Conductor, options: RunOptions, console: Console, interruption: Interruption
) -> None:
    loop = asyncio.get_running_loop()
    share_heaps()
    loop.set_default_executor(ThreadPoolExecutor(options.jobs + _SPARE_THREADS))

    def too_long() -> None:
        console.warn(f"the run takes longer than {options.timeout_s:g} s: it is interrupted")
        interruption.ask(BY_TIMEOUT)

    timer = None if options.timeout_s is None else loop.call_later(options.timeout_s, too_long)
    usual = sys.getswitchinterval()
    sys.setswitchinterval(_SWITCH_S)
    try:
        await conductor.conduct()
    finally:
        sys.setswitchinterval(usual)
        if timer is not None:
            timer.cancel()


def _courses(plans: Sequence[Plan], options: RunOptions) -> Iterator[Course]:
    taken: set[str] = set()
    stems = Counter(path.stem for path in {planned.file.path.resolve() for planned in plans})
    shared = {stem for stem, files in stems.items() if files > 1}
    for planned in plans:
        scenario = planned.file.scenario
        name = call_name(planned.file.path, planned.file.shown_case, taken, shared)
        yield Course(planned, name, Tally(options.repeat or scenario.repeat, scenario.pass_rate))
