"""`run.json`: one entry per scenario, totals, and the exit code of the whole run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from voicetest.checks.result import Result, Status
from voicetest.errors import ExitCode
from voicetest.report.manifest import Versions

__all__ = ["RunSummary", "ScenarioLine", "exit_code_of", "overall", "summarise"]

_BY_KIND = {
    "scenario": ExitCode.SCENARIO,
    "setup": ExitCode.SETUP,
    "connection": ExitCode.CONNECTION,
    "protocol": ExitCode.CONNECTION,
    "bug": ExitCode.BUG,
    "interrupted": ExitCode.INTERRUPTED,
}
_WORST_FIRST = (
    ExitCode.INTERRUPTED,
    ExitCode.BUG,
    ExitCode.FAILED,
    ExitCode.SCENARIO,
    ExitCode.SETUP,
    ExitCode.CONNECTION,
)


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ScenarioLine(_Value):
    """One scenario of a run."""

    name: str = Field(description="The scenario's name.")
    file: str = Field(description="Its file, as it was given.")
    status: Status = Field(description="How it went.")
    reason: str = Field(description="Why.")
    exit_code: int = Field(description="What this scenario alone would exit with.")
    duration_s: float = Field(description="Length of the call.")
    folder: str = Field(description="Where its manifest and recording are, below the run folder.")


class RunSummary(_Value):
    """A whole run."""

    schema_version: int = 1
    voicetest: Versions = Field(default_factory=Versions)
    command: tuple[str, ...] = Field(description="The command line, secrets masked.")
    started_at: str = Field(description="UTC, ISO 8601.")
    finished_at: str = Field(description="UTC, ISO 8601.")
    folder: str = Field(description="The run's folder.")
    exit_code: int = Field(description="The exit code of the process.")
    totals: dict[str, int] = Field(description="How many scenarios had each status.")
    scenarios: tuple[ScenarioLine, ...]


def exit_code_of(result: Result) -> ExitCode:
    """What one result alone exits with."""
    match result.status:
        case "passed":
            return ExitCode.PASSED
        case "failed":
            return ExitCode.FAILED
        case "inconclusive":
            return ExitCode.CONNECTION
        case "skipped":
            return ExitCode.NOTHING_RAN
        case "error":
            return _BY_KIND[result.errors[0].kind]


def overall(codes: Sequence[int]) -> ExitCode:
    """The exit code over several results: who has to act most urgently."""
    for code in _WORST_FIRST:
        if code in codes:
            return code
    return ExitCode.PASSED if ExitCode.PASSED in codes else ExitCode.NOTHING_RAN


def summarise(
    lines: Sequence[ScenarioLine],
    *,
    command: Sequence[str],
    started: datetime,
    finished: datetime,
    folder: str,
) -> RunSummary:
    """Add up what a run did; times in UTC."""
    return RunSummary(
        command=tuple(command),
        started_at=started.isoformat(),
        finished_at=finished.isoformat(),
        folder=folder,
        exit_code=overall([line.exit_code for line in lines]),
        totals=dict(Counter(line.status for line in lines)),
        scenarios=tuple(lines),
    )
