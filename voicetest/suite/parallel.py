"""Runs a suite from the paths of a command line to its run folder."""

from __future__ import annotations

import asyncio
import os
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from voicetest.checks.result import Result
from voicetest.clock import Clock, Interruption
from voicetest.executor.plan import Plan
from voicetest.report.console import Console
from voicetest.report.folder import call_name, new_run_folder, point_latest, write_atomically
from voicetest.report.summary import CaseLine, RunSummary, ScenarioLine, summarise
from voicetest.scenario.load import ScenarioFile
from voicetest.speech.cache import Cache, default_folder
from voicetest.speech.providers import Speech
from voicetest.spending import Spending
from voicetest.suite.beginning import Beginning, leave
from voicetest.suite.command_line import shown_command
from voicetest.suite.conduct import Conductor, Course, Make
from voicetest.suite.errand import Errand, carry_out
from voicetest.suite.heaps import share_heaps
from voicetest.suite.lines import lacking, lacking_line, left_out, left_out_line
from voicetest.suite.logs import hide_in_logs
from voicetest.suite.options import RunOptions
from voicetest.suite.plan import Lacking, load_all, plan_all
from voicetest.suite.repeat import Tally
from voicetest.suite.signals import BY_TIMEOUT, exit_code_by, until_told
from voicetest.suite.voices import speak_ahead
from voicetest.suite.worker import CallWorkers

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
        speak_ahead((p for p in plans if p.file.scenario.skip is None), console)
        return _run_all(cases, out, console, options, speech, spending.usd)


def _run_all(
    cases: Sequence[Plan | Lacking],
    out: Path,
    console: Console,
    options: RunOptions,
    speech: Speech,
    spent_usd: float,
) -> RunSummary:
    started = datetime.now(UTC)
    folder = new_run_folder(out, started)
    if cases:
        point_latest(folder)
    plans = [case for case in cases if isinstance(case, Plan)]
    courses = list(_courses(plans, options))
    absent = {case: _absent(case, options) for case in cases if isinstance(case, Lacking)}
    bad = sum(verdict.status == "error" for _, verdict in absent.values())
    interruption = Interruption()
    command = shown_command(sys.argv, [case.file for case in cases])
    with ExitStack() as stack:
        stack.callback(console.close)
        for _, verdict in absent.values():
            console.verdict(verdict)
        leaving = partial(_leave, folder, interruption, console)
        stack.enter_context(until_told(interruption, console.warn, leaving))
        beginning = stack.enter_context(Beginning(folder, command, started))
        for course in courses:
            beginning.call(course.plan, course.name, course.tally.planned)
        for line, verdict in absent.values():
            beginning.no_call(line, verdict)
        stack.enter_context(interruption.telling(speech.give_up))
        workers = None
        processes = min(options.jobs, os.cpu_count() or 1)
        if processes > 1 and any(planned.clock is Clock.VIRTUAL for planned in plans):
            workers = stack.enter_context(CallWorkers(processes, console.notice))
            stack.enter_context(interruption.telling(partial(_tell, workers, interruption)))
        making = _maker(console, interruption, speech, workers)
        conductor = Conductor(
            courses, folder, options, console, interruption, making, spent_usd, bad
        )
        asyncio.run(_conduct(conductor, options, console, interruption))
        lines, verdicts = _in_order(cases, courses, absent)
        summary = summarise(
            lines,
            verdicts,
            command=command,
            started=started,
            finished=datetime.now(UTC),
            folder=str(folder),
            interrupted=exit_code_by(interruption.by) if interruption.asked else None,
        )
        write_atomically(folder / "run.json", summary.as_json())
        if interruption.asked and workers is not None:
            workers.give_up()
    return summary


def _leave(folder: Path, interruption: Interruption, console: Console) -> None:
    leave(folder, interruption.by, exit_code_by(interruption.by))
    console.close()


def _tell(workers: CallWorkers, interruption: Interruption) -> None:
    workers.interrupt(interruption.by)


def _maker(
    console: Console, interruption: Interruption, speech: Speech, workers: CallWorkers | None
) -> Make:
    async def make(planned: Plan, errand: Errand) -> Result:
        if workers is not None and planned.clock is Clock.VIRTUAL:
            return await workers.make(errand)
        return await asyncio.to_thread(carry_out, errand, speech, console.notice, interruption)

    return make


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
