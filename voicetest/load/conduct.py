"""A load from its scenarios to its folder: read this first.

scenarios ─plan─▶ Plans ─drive─▶ events ─tally─▶ LoadSummary ─write─▶ load.json + load.html
"""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Protocol

from voicetest.call.record import CallError
from voicetest.clock import Interruption
from voicetest.errors import ExitCode, SetupError
from voicetest.executor.border import Border
from voicetest.load.cluster import ClusterLoad
from voicetest.load.errands import CALLS, Errands
from voicetest.load.journal import JOURNAL, Journal
from voicetest.load.keeping import Keeper
from voicetest.load.local import LocalLoad
from voicetest.load.meter import cores
from voicetest.load.processes import ProcessEngine, processes_for
from voicetest.load.request import LoadRequest
from voicetest.load.scenarios import Shared, shared_plans
from voicetest.load.schedule import Schedule
from voicetest.load.slots import slots_for
from voicetest.load.stored import SUMMARY
from voicetest.load.tally import Tally
from voicetest.load.targets import allow
from voicetest.report.console import Console
from voicetest.report.folder import name_run, point_latest, write_atomically
from voicetest.report.load_events import (
    LoadEvent,
    LoadPlan,
    PlannedScenario,
    PlannedStage,
    Sampled,
)
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

Tell = Callable[[LoadEvent], None]
Show = Callable[[Tally, int], None]
"""Shows people how a load goes, and how many calls are on the line; about once a second."""


class _Loading(Protocol):
    """A load that can be made, here or by others."""

    @property
    def lines(self) -> int:
        """Calls on the line."""

    def stop(self, by: str) -> None:
        """Begin no further call."""

    def cut(self, by: str) -> None:
        """Begin no further call, and end those under way."""

    async def ready(self) -> None:
        """Wait until calls can be made."""

    async def drive(self) -> None:
        """Make it."""


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
        slots = None if request.cluster else slots_for(plans, request.stages, size)
        speak_ahead(plans, console)
        load = _Load(request, shared, _new_folder(out), console, show)
        return load.make(speech, size, slots), load.folder


def _new_folder(out: Path) -> Path:
    folder = name_run(out, datetime.now(UTC))
    try:
        (folder / CALLS).mkdir(parents=True)
    except OSError as error:
        raise SetupError(
            f"cannot make the folder {folder}: {error.strerror}; choose another with --out"
        ) from error
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

    def make(self, speech: Speech, size: int, slots: int | None) -> LoadSummary:
        """Make the load and write what came of it.

        It is made by `size` processes on this machine, so many calls at once as there are `slots`;
        by others where that is None.
        """
        with ExitStack() as stack:
            warn = self._telling.by(self.console.warn)
            engine, words = None, f"the cluster at {self.request.cluster}"
            if slots is not None:
                engine = ProcessEngine(self._errands(), slots, size, warn)
                words = stack.enter_context(engine).words
            tally = Tally(self._plan(words, slots or 0))
            leaving = partial(self._leave, tally)
            stack.enter_context(until_told(self._interruption, warn, leaving))
            stack.enter_context(self._interruption.telling(speech.give_up))
            with Border("loading", self._interruption) as border:
                self._drive(partial(self._loading, engine), tally)
            if border.error is not None and border.error.kind == "setup" and not tally.begun:
                shutil.rmtree(self.folder, ignore_errors=True)
                raise SetupError(border.error.message)
            if border.error is not None:
                tally.end(f"an error ({border.error.kind})")
            self._errors += [error for error in (border.error, self._telling.error) if error]
            return self._write(tally)

    def _errands(self) -> Errands:
        """The calls, for this machine."""
        request, plans = self.request, [one.plan for one in self.shared]
        keeper = Keeper(request.keep, request.seed)
        return Errands(plans, self.folder, keeper, request.variables, request.offline)

    def _loading(self, engine: ProcessEngine | None, tell: Tell) -> _Loading:
        """The load, on the event loop that will drive it."""
        schedule, request = self._schedule(), self.request
        if engine is not None:
            return LocalLoad(schedule, engine, tell)
        shares: dict[Path, float] = {}
        for one in self.shared:
            path = one.plan.file.path.absolute()
            shares[path] = shares.get(path, 0.0) + one.share
        request = replace(request, scenarios=list(shares.items()))
        return ClusterLoad(request.cluster or "", request, schedule, self.folder.absolute(), tell)

    def _drive(self, loading: Callable[[Tell], _Loading], tally: Tally) -> None:
        with Journal(self.folder / JOURNAL) as journal:
            journal.write(tally.plan)
            asyncio.run(self._run(loading, tally, journal))
        if journal.failure is not None:
            raise journal.failure

    async def _run(
        self, loading: Callable[[Tell], _Loading], tally: Tally, journal: Journal
    ) -> None:
        """Drive the load; an interruption ends it early."""

        def tell(event: LoadEvent) -> None:
            tally.take(event)
            journal.write(event)
            if journal.failure is not None:
                load.stop("a full disk")
            if isinstance(event, Sampled):
                self._telling(self.show, tally, load.lines)

        load = loading(tell)
        with _ended_by(self._interruption, load):
            await load.ready()
            point_latest(self.folder)
            await load.drive()

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

    def _plan(self, engine: str, slots: int) -> LoadPlan:
        request, plans = self.request, [one.plan for one in self.shared]
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
            engine=engine,
            slots=slots,
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
def _ended_by(interruption: Interruption, load: _Loading) -> Iterator[None]:
    """Let an interruption, from whatever thread, end the load inside the block."""
    loop = asyncio.get_running_loop()

    def end() -> None:
        load.cut(interruption.by)

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
