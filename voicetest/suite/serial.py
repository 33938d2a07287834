"""Runs scenarios one after the other."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from voicetest.checks.result import Result
from voicetest.errors import ExitCode
from voicetest.report.console import Console
from voicetest.report.folder import call_folder, new_run_folder, point_latest, write_atomically
from voicetest.report.summary import CaseLine, RunSummary, ScenarioLine, exit_code_of, summarise
from voicetest.run import Plan, run
from voicetest.speech.cache import Cache, default_folder
from voicetest.speech.providers import Speech
from voicetest.suite.plan import plan_all

__all__ = ["run_suite"]


def run_suite(
    paths: Sequence[Path],
    out: Path,
    variables: Mapping[str, str],
    clock: str,
    console: Console,
    *,
    offline: bool = False,
) -> RunSummary:
    """Plan all, run all, and leave a run folder in `out`; an interrupted run stops early.

    Raises ScenarioError or SetupError before anyone is called when a scenario cannot work.
    """
    with Speech(Cache(default_folder())) as speech:
        plans = plan_all(paths, variables, speech, clock, offline=offline)
        return _run_all(plans, out, console)


def _run_all(plans: Sequence[Plan], out: Path, console: Console) -> RunSummary:
    for planned in plans:
        for warning in planned.file.warnings:
            console.warn(str(warning))
    started = datetime.now(UTC)
    folder = new_run_folder(out, started)
    point_latest(folder)
    lines: list[ScenarioLine] = []
    taken: set[str] = set()
    stems = Counter(planned.file.path.stem for planned in plans)
    shared = {stem for stem, files in stems.items() if files > 1}
    for planned in plans:
        target = call_folder(folder, planned.file.path, taken, shared)
        console.begin(planned.file.scenario.name, planned.file.secrets.mask_value)
        result = run(planned, target, console)
        console.end(result, planned.file.shown, target)
        lines.append(_line(planned, result, target.name))
        if exit_code_of(result) is ExitCode.INTERRUPTED:
            break
    summary = summarise(
        lines,
        [_case(line) for line in lines],
        command=[_mask(plans, word) for word in sys.argv],
        started=started,
        finished=datetime.now(UTC),
        folder=str(folder),
    )
    write_atomically(folder / "run.json", summary.model_dump_json(indent=2) + "\n")
    return summary


def _line(planned: Plan, result: Result, folder: str) -> ScenarioLine:
    mask = planned.file.secrets.mask
    return ScenarioLine(
        name=mask(planned.file.scenario.name),
        file=planned.file.shown,
        where=planned.file.where("name"),
        tags=planned.file.scenario.tags,
        adapter=planned.file.scenario.agent.adapter,
        status=result.status,
        reason=mask(result.reason),
        exit_code=exit_code_of(result),
        duration_s=result.duration_s,
        folder=folder,
    )


def _case(line: ScenarioLine) -> CaseLine:
    """The verdict on a scenario that was called once."""
    return CaseLine(
        name=line.name,
        file=line.file,
        where=line.where,
        tags=line.tags,
        adapter=line.adapter,
        status=line.status,
        reason=line.reason,
        exit_code=line.exit_code,
        repeat=1,
        passed=int(line.status == "passed"),
        failed=int(line.status == "failed"),
    )


def _mask(plans: Sequence[Plan], text: str) -> str:
    for planned in plans:
        text = planned.file.secrets.mask(text)
    return text
