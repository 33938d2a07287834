"""A load from its scenarios to its folder: read this first.

scenarios ─plan─▶ Plans ─drive─▶ events ─tally─▶ LoadSummary ─write─▶ load.json + load.html
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from voicetest.call.record import CallError
from voicetest.clock import Interruption
from voicetest.errors import ExitCode, SetupError
from voicetest.executor.border import Border
from voicetest.executor.plan import Plan
from voicetest.load.driver import Driver, Schedule
from voicetest.load.engine import Engine
from voicetest.load.errands import CALLS, Errands
from voicetest.load.journal import JOURNAL, Journal
from voicetest.load.keeping import Keeper
from voicetest.load.meter import cores, measure
from voicetest.load.processes import ProcessEngine, processes_for
from voicetest.load.request import LoadRequest
from voicetest.load.saturation import Saturation
from voicetest.load.scenarios import Shared, shared_plans
from voicetest.load.slots import slots_for
from voicetest.load.stored import SUMMARY
from voicetest.load.tally import Tally
from voicetest.load.targets import allow
from voicetest.report.console import Console
from voicetest.report.folder import name_run, point_latest, write_atomically
from voicetest.report.load_events import LoadEvent, LoadPlan, PlannedScenario, PlannedStage
from voicetest.report.load_summary import LoadSummary
from voicetest.report.summary import code_of, overall
from voicetest.scenario.load_limits import limits_of
from voicetest.scenario.load_stages import stage_words
from voicetest.speech.cache import Cache, default_folder
from voicetest.speech.providers import Speech
from voicetest.suite.command_line import shown_command
from voicetest.suite.logs import hide_in_logs
from voicetest.suite.signals import exit_code_by, until_told
from voicetest.suite.telling import Telling
from voicetest.suite.voices import speak_ahead

__all__ = ["run_load"]

Show = Callable[[Tally, Driver], None]
"""Shows people how a load goes; called about once a second."""


def run_load(
    request: LoadRequest, out: Path, console: Console, show: Show
) -> tuple[LoadSummary, Path]:
    """Plan all, speak all, make the load, and leave a folder of its own in `out`.

    Gives what came of it, and that folder. Raises ScenarioError for mistakes in any file,
    LoadRefused for an agent that nobody has allowed to be loaded, and SetupError for what this
    machine lacks, before anyone is called.
    """
    hide_in_logs()
    with Speech(Cache(default_folder())) as speech:
        shared = shared_plans(request, speech, console.warn)
        plans = [one.plan for one in shared]
        allow(plans, request.targets, request.most.calls)
        size = processes_for(request.stages, cores())
        slots = slots_for(plans, request.stages, size)
        speak_ahead(plans, console)
        load = _Load(request, shared, _new_folder(out), console, show)
        return load.make(speech, slots, size), load.folder


def _new_folder(out: Path) -> Path:
    folder = name_run(out, datetime.now(UTC))
    try:
        (folder / CALLS).mkdir(parents=True)
    except OSError as error:
        raise SetupError(
            f"cannot make the folder {folder}: {error.strerror}; choose another with --out"
        ) from error
    point_latest(folder)
    return folder


@dataclass
class _Load:
    """One load, of which load.json is written whatever happens in between."""

    request: LoadRequest
    shared: Sequence[Shared]
    folder: Path
    console: Console
    show: Show

    def __post_init__(self) -> None:
        self._interruption = Interruption()
        self._telling = Telling()
        self._errors: list[CallError] = []
        """What went wrong outside the calls."""

    def make(self, speech: Speech, slots: int, size: int) -> LoadSummary:
        """Make the load and write what came of it."""
        request, plans = self.request, [one.plan for one in self.shared]
        keeper = Keeper(request.keep, request.seed)
        errands = Errands(plans, self.folder, keeper, request.variables, request.offline)
        with ExitStack() as stack:
            warn = self._telling.by(self.console.warn)
            engine = stack.enter_context(ProcessEngine(errands, slots, size, warn))
            tally = Tally(self._plan(engine, plans))
            leaving = partial(self._leave, tally)
            stack.enter_context(until_told(self._interruption, warn, leaving))
            stack.enter_context(self._interruption.telling(speech.give_up))
            with Border("loading", self._interruption) as border:
                self._drive(engine, tally)
            self._errors += [error for error in (border.error, self._telling.error) if error]
            return self._write(tally)

    def _drive(self, engine: ProcessEngine, tally: Tally) -> None:
        with Journal(self.folder / JOURNAL) as journal:
            journal.write(tally.plan)
            asyncio.run(self._run(engine, tally, journal))
        if journal.failure is not None:
            raise journal.failure

    async def _run(self, engine: ProcessEngine, tally: Tally, journal: Journal) -> None:
        """Drive the load; an interruption ends it early."""
        await engine.ready()
        saturation = Saturation()

        def tell(event: LoadEvent) -> None:
            tally.take(event)
            journal.write(event)
            if journal.failure is not None:
                driver.stop("a full disk")

        def tell_and_show(event: LoadEvent) -> None:
            tell(event)
            self._telling(self.show, tally, driver)

        driver = Driver(self._schedule(), engine, tell, saturation)
        with _ended_by(self._interruption, driver):
            meter = asyncio.create_task(measure(driver, engine, saturation, tell_and_show))
            try:
                await driver.drive()
            finally:
                meter.cancel()
                with suppress(asyncio.CancelledError):
                    await meter

    def _schedule(self) -> Schedule:
        request = self.request
        return Schedule(
            stages=request.stages,
            shares=[one.share for one in self.shared],
            finish_s=request.finish_s,
            most_calls=request.most.calls,
            most_cost_usd=request.most.cost,
            seed=request.seed,
        )

    def _plan(self, engine: Engine, plans: Sequence[Plan]) -> LoadPlan:
        request = self.request
        return LoadPlan(
            command=tuple(shown_command(sys.argv, [planned.file for planned in plans])),
            started_at=datetime.now(UTC).isoformat(),
            scenarios=tuple(_planned(one) for one in self.shared),
            stages=tuple(
                PlannedStage(
                    words=stage_words(stage),
                    calls=stage.calls,
                    rate=stage.rate,
                    ramp_s=stage.ramp,
                    hold_s=stage.hold,
                )
                for stage in request.stages
            ),
            limits=tuple(limits_of(request.limits)),
            most_calls=request.most.calls,
            most_cost_usd=request.most.cost,
            seed=request.seed,
            engine=engine.words,
            slots=engine.slots,
        )

    def _write(self, tally: Tally) -> LoadSummary:
        """Write load.json; where that cannot be done it is said, and in the exit code."""
        asked = self._interruption.asked
        by = exit_code_by(self._interruption.by) if asked else None
        summary = tally.summary(str(self.folder), by)
        for error in self._errors:
            for line in (error.traceback or error.message).splitlines():
                self._telling(self.console.warn, line)
        if self._errors and not asked:
            codes = [summary.exit_code, *(code_of(error.kind) for error in self._errors)]
            summary = summary.model_copy(update={"exit_code": overall(codes)})
        try:
            write_atomically(self.folder / SUMMARY, summary.as_json())
        except OSError as error:
            self._telling(self.console.warn, f"{SUMMARY} cannot be written: {error.strerror}")
            code = overall([summary.exit_code, ExitCode.SETUP])
            return summary.model_copy(update={"exit_code": code})
        return summary

    def _leave(self, tally: Tally) -> None:
        """Write load.json for a load that ends as it is."""
        if not (self.folder / SUMMARY).exists():
            tally.end(self._interruption.by)
            summary = tally.summary(str(self.folder), exit_code_by(self._interruption.by))
            write_atomically(self.folder / SUMMARY, summary.as_json())
        self.console.close()


@contextmanager
def _ended_by(interruption: Interruption, driver: Driver) -> Iterator[None]:
    """Let an interruption, from whatever thread, end the load inside the block."""
    loop = asyncio.get_running_loop()

    def end() -> None:
        driver.cut(interruption.by)

    with interruption.telling(lambda: loop.call_soon_threadsafe(end)):
        yield


def _planned(one: Shared) -> PlannedScenario:
    file = one.plan.file
    return PlannedScenario(
        name=file.secrets.mask(file.scenario.name),
        file=file.shown,
        case=file.shown_case,
        adapter=file.scenario.agent.adapter,
        share=round(one.share, 6),
    )
