"""What `run.json` says of each call and of each case."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from voicetest.call.record import CallError
from voicetest.checks.result import Result, Status
from voicetest.errors import ExitCode
from voicetest.report.summary import CaseLine, ScenarioLine, code_of, exit_code_of
from voicetest.scenario.load import ScenarioFile
from voicetest.suite.plan import Lacking
from voicetest.suite.repeat import Tally

__all__ = [
    "call_line",
    "given_up",
    "given_up_line",
    "judged",
    "lacking",
    "lacking_line",
    "left_out",
    "left_out_line",
]


def call_line(
    file: ScenarioFile,
    result: Result,
    *,
    repeat: int | None,
    attempt: int,
    retried: bool,
    started: datetime,
    wall_s: float,
    folder: str | None,
) -> ScenarioLine:
    """The line of a call that was made; `started` in UTC."""
    return ScenarioLine(
        **_identity(file),
        repeat=repeat,
        attempt=attempt,
        retried=retried,
        status=result.status,
        reason=file.secrets.mask(result.reason),
        exit_code=exit_code_of(result),
        started_at=started.isoformat(),
        duration_s=result.duration_s,
        wall_s=round(wall_s, 3),
        cost_usd=None if result.cost is None else result.cost.usd,
        warnings=len(result.warnings),
        folder=folder,
    )


def left_out_line(file: ScenarioFile, reason: str) -> ScenarioLine:
    """The line of a case of which no call was made."""
    return ScenarioLine(
        **_identity(file),
        status="skipped",
        reason=reason,
        exit_code=ExitCode.NOTHING_RAN,
        duration_s=0.0,
        folder=None,
    )


def left_out(file: ScenarioFile, planned: int, reason: str) -> CaseLine:
    """The verdict on a case of which no call was made."""
    return CaseLine(
        **_identity(file),
        status="skipped",
        reason=reason,
        exit_code=ExitCode.NOTHING_RAN,
        repeat=planned,
        required_rate=file.scenario.pass_rate,
        xfail=_xfail(file),
    )


def lacking_line(case: Lacking) -> ScenarioLine:
    """The line of a case for which this machine lacks something: no call was made."""
    return ScenarioLine(
        **_identity_of(case),
        status="error",
        reason=case.reason,
        exit_code=ExitCode.SETUP,
        duration_s=0.0,
        folder=None,
    )


def lacking(case: Lacking, planned: int | None) -> CaseLine:
    """The verdict on such a case; `planned` calls were asked for, in place of its own number."""
    scenario = None if case.file is None else case.file.scenario
    return CaseLine(
        **_identity_of(case),
        status="error",
        reason=case.reason,
        exit_code=ExitCode.SETUP,
        repeat=planned or (1 if scenario is None else scenario.repeat),
        required_rate=1.0 if scenario is None else scenario.pass_rate,
        xfail=None if case.file is None else _xfail(case.file),
    )


def given_up(file: ScenarioFile, planned: int, error: CallError) -> CaseLine:
    """The verdict on a case to which what makes the calls did not get."""
    return CaseLine(
        **_identity(file),
        status="error",
        reason=error.message,
        exit_code=code_of(error.kind),
        repeat=planned,
        required_rate=file.scenario.pass_rate,
        xfail=_xfail(file),
    )


def given_up_line(file: ScenarioFile, error: CallError) -> ScenarioLine:
    """The line of such a case if no call of it was made."""
    return ScenarioLine(
        **_identity(file),
        status="error",
        reason=error.message,
        exit_code=code_of(error.kind),
        duration_s=0.0,
        folder=None,
    )


def judged(file: ScenarioFile, tally: Tally, reason: str, *, cut_short: bool) -> CaseLine:
    """The verdict on a case; `reason` is that of its only call, `cut_short` by an interruption."""
    status, exit_code = tally.verdict, tally.exit_code
    if tally.planned > 1:
        reason = tally.summary()
    if cut_short and tally.decided is None:
        status, exit_code = "error", ExitCode.INTERRUPTED
        reason = f"interrupted: {reason}"
    status, exit_code, reason = _expected(file, status, exit_code, reason)
    low, high = tally.interval
    return CaseLine(
        **_identity(file),
        status=status,
        reason=reason,
        exit_code=exit_code,
        repeat=tally.planned,
        passed=tally.passed,
        failed=tally.failed,
        errors=len(tally.errors),
        inconclusive=tally.inconclusive,
        pass_rate=tally.rate,
        wilson_low=low,
        wilson_high=high,
        required_rate=tally.required,
        stopped_early=tally.decided is not None and tally.made < tally.planned,
        xfail=_xfail(file),
    )


def _expected(
    file: ScenarioFile, status: Status, exit_code: int, reason: str
) -> tuple[Status, int, str]:
    """A failure that was expected passes, and a pass then fails."""
    why = _xfail(file)
    if why is None:
        return status, exit_code, reason
    match status:
        case "failed":
            return "passed", ExitCode.PASSED, f"failed as expected ({why}): {reason}"
        case "passed":
            return "failed", ExitCode.FAILED, f"passed, and was expected to fail ({why})"
        case _:
            return status, exit_code, reason


def _xfail(file: ScenarioFile) -> str | None:
    why = file.scenario.xfail
    return None if why is None else file.secrets.mask(why)


def _identity(file: ScenarioFile) -> dict[str, Any]:
    mask = file.secrets.mask
    return {
        "name": mask(file.scenario.name),
        "file": file.shown,
        "where": file.where("name"),
        "case": file.shown_case,
        "tags": tuple(mask(tag) for tag in file.scenario.tags),
        "adapter": file.scenario.agent.adapter,
    }


def _identity_of(case: Lacking) -> dict[str, Any]:
    if case.file is not None:
        return _identity(case.file)
    name, where = Path(case.shown).stem, f"{case.shown}:1"
    return {"name": name, "file": case.shown, "where": where, "case": case.case, "adapter": ""}
