"""Runs a suite from the paths of a command line to its run folder."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from voicetest.checks.result import Result
from voicetest.clock import Clock, Interruption
from voicetest.errors import ExitCode
from voicetest.executor.plan import Plan
from voicetest.report.console import Console
from voicetest.report.folder import call_name, new_run_folder, point_latest, write_atomically
from voicetest.report.summary import RunSummary, summarise
from voicetest.scenario.load import ScenarioFile
from voicetest.speech.cache import Cache, default_folder
from voicetest.speech.providers import Speech
from voicetest.spending import Spending
from voicetest.suite.conduct import Conductor, Course, Make
from voicetest.suite.errand import Errand, carry_out
from voicetest.suite.options import RunOptions
from voicetest.suite.plan import load_all, plan_all
from voicetest.suite.repeat import Tally
from voicetest.suite.voices import speak_ahead
from voicetest.suite.worker import CallWorkers

__all__ = ["run_suite", "select_cases"]

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

    Raises ScenarioError or SetupError before anyone is called when a scenario cannot work.
    """
    options = options or RunOptions()
    spending = Spending(options.max_cost_usd, "--max-cost")
    with Speech(Cache(default_folder())) as speech:
        plans = plan_all(
            paths,
            options.variables,
            speech,
            options.clock,
            offline=options.offline,
            selection=options.selection,
            spending=spending,
        )
        for warning in dict.fromkeys(w for planned in plans for w in planned.file.warnings):
            console.warn(str(warning))
        if not plans:
            console.warn("no scenario was selected")
        speak_ahead((p for p in plans if p.file.scenario.skip is None), console)
        return _run_all(plans, out, console, options, speech, spending.usd)


def _run_all(
    plans: Sequence[Plan],
    out: Path,
    console: Console,
    options: RunOptions,
    speech: Speech,
    spent_usd: float,
) -> RunSummary:
    started = datetime.now(UTC)
    folder = new_run_folder(out, started)
    if plans:
        point_latest(folder)
    courses = list(_courses(plans, options))
    interruption = Interruption()
    with ExitStack() as stack:
        stack.callback(console.close)
        stack.enter_context(_interrupted_by_ctrl_c(interruption, console))
        workers = None
        processes = min(options.jobs, os.cpu_count() or 1)
        if processes > 1 and any(planned.clock is Clock.VIRTUAL for planned in plans):
            workers = stack.enter_context(CallWorkers(processes, console.notice))
            stack.enter_context(interruption.telling(workers.interrupt))
        making = _maker(console, interruption, speech, workers)
        asyncio.run(_conduct(courses, folder, options, console, interruption, making, spent_usd))
    summary = summarise(
        [
            line
            for course in courses
            for line in sorted(course.lines, key=lambda line: (line.repeat or 0, line.attempt))
        ],
        [course.verdict for course in courses if course.verdict is not None],
        command=[_mask(plans, word) for word in sys.argv],
        started=started,
        finished=datetime.now(UTC),
        folder=str(folder),
        interrupted=interruption.asked,
    )
    write_atomically(folder / "run.json", summary.model_dump_json(indent=2) + "\n")
    return summary


def _maker(
    console: Console, interruption: Interruption, speech: Speech, workers: CallWorkers | None
) -> Make:
    async def make(planned: Plan, errand: Errand) -> Result:
        if workers is not None and planned.clock is Clock.VIRTUAL:
            return await workers.make(errand)
        return await asyncio.to_thread(carry_out, errand, speech, console.notice, interruption)

    return make


async def _conduct(
    courses: Sequence[Course],
    folder: Path,
    options: RunOptions,
    console: Console,
    interruption: Interruption,
    make: Make,
    spent_usd: float,
) -> None:
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(options.jobs + _SPARE_THREADS))

    def too_long() -> None:
        console.warn(f"the run takes longer than {options.timeout_s:g} s: it is interrupted")
        interruption.ask()

    timer = None if options.timeout_s is None else loop.call_later(options.timeout_s, too_long)
    usual = sys.getswitchinterval()
    sys.setswitchinterval(_SWITCH_S)
    try:
        conductor = Conductor(courses, folder, options, console, interruption, make, spent_usd)
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
        name = call_name(planned.file.path, planned.file.case, taken, shared)
        yield Course(planned, name, Tally(options.repeat or scenario.repeat, scenario.pass_rate))


@contextmanager
def _interrupted_by_ctrl_c(interruption: Interruption, console: Console) -> Iterator[None]:
    """The first Ctrl-C ends the calls and keeps what they have; the second leaves at once."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def on_signal(*_: Any) -> None:
        if interruption.asked:
            console.close()
            os._exit(ExitCode.INTERRUPTED)
        console.warn("interrupted: what there is gets written; Ctrl-C again leaves at once")
        interruption.ask()

    before = signal.signal(signal.SIGINT, on_signal)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _mask(plans: Sequence[Plan], text: str) -> str:
    for planned in plans:
        text = planned.file.secrets.mask(text)
    return text
