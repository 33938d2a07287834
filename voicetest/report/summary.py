"""`run.json`: one entry per case and per call, totals, and the exit code of the whole run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from voicetest.checks.result import Result, Status
from voicetest.errors import ExitCode
from voicetest.file_name import readable
from voicetest.report.manifest import Versions
from voicetest.report.seal import sealed
from voicetest.shown import shown_json

__all__ = [
    "NOT_RUN",
    "CaseLine",
    "RunSummary",
    "ScenarioLine",
    "code_of",
    "exit_code_of",
    "overall",
    "summarise",
]

_BY_KIND = {
    "scenario": ExitCode.SCENARIO,
    "setup": ExitCode.SETUP,
    "connection": ExitCode.CONNECTION,
    "protocol": ExitCode.CONNECTION,
    "bug": ExitCode.BUG,
    "interrupted": ExitCode.INTERRUPTED,
    "killed": ExitCode.KILLED,
}
NOT_RUN = "not run: "
"""What is said first of a case that the run did not get to: nothing is known of it yet."""
_WORST_FIRST = (
    ExitCode.KILLED,
    ExitCode.HUNG_UP,
    ExitCode.INTERRUPTED,
    ExitCode.TERMINATED,
    ExitCode.BUG,
    ExitCode.FAILED,
    ExitCode.SCENARIO,
    ExitCode.SETUP,
    ExitCode.CONNECTION,
)


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ScenarioLine(_Value):
    """One call of a run, or a scenario of which none was made: skipped, or lacking something."""

    name: str = Field(description="The scenario's name.")
    file: str = Field(description="Its file, as it was given.")
    where: str = Field(description="file:line of its name, for people and editors.")
    case: str | None = Field(default=None, description="The case of its matrix or table.")
    repeat: int | None = Field(default=None, description="From 1; null unless it is repeated.")
    attempt: int = Field(default=1, description="From 1; more after errors, with 'retries'.")
    retried: bool = Field(default=False, description="Whether another attempt took its place.")
    tags: tuple[str, ...] = Field(default=(), description="Its tags.")
    adapter: str = Field(description="The adapter.")
    status: Status = Field(description="How the call went.")
    reason: str = Field(description="Why.")
    exit_code: int = Field(description="What this call alone would exit with.")
    started_at: str | None = Field(
        default=None, description="UTC, ISO 8601; null if no call was made."
    )
    duration_s: float = Field(description="Length of the call.")
    wall_s: float = Field(default=0.0, description="Seconds it took to make and judge it.")
    cost_usd: float | None = Field(
        default=None,
        description="What is known of its cost; null when no paid service was used.",
    )
    warnings: int = Field(default=0, description="How many different warnings its manifest has.")
    folder: str | None = Field(
        description="Its manifest and recording, below the run folder; null if no call was made."
    )


class CaseLine(_Value):
    """The verdict on one scenario, or on one case of it, over all its calls.

    Errors and inconclusive calls are unknown: they stay out of the rate, and a verdict is given
    only if they could not have changed it.
    """

    name: str = Field(description="The scenario's name.")
    file: str = Field(description="Its file, as it was given.")
    where: str = Field(description="file:line of its name, for people and editors.")
    case: str | None = Field(default=None, description="The case of its matrix or table.")
    tags: tuple[str, ...] = Field(default=(), description="Its tags.")
    adapter: str = Field(description="The adapter.")
    status: Status = Field(description="The verdict.")
    reason: str = Field(description="Why.")
    exit_code: int = Field(description="What this verdict alone would exit with.")
    repeat: int = Field(description="How many calls were to be made.")
    passed: int = Field(default=0, description="Calls that passed.")
    failed: int = Field(default=0, description="Calls that failed.")
    errors: int = Field(default=0, description="Calls that ended in an error, after retries.")
    inconclusive: int = Field(default=0, description="Calls that nothing can be said of.")
    pass_rate: float | None = Field(
        default=None, description="Passed calls by passed and failed ones; null without any."
    )
    wilson_low: float | None = Field(default=None, description="95 % interval of the rate: from.")
    wilson_high: float | None = Field(default=None, description="95 % interval of the rate: to.")
    required_rate: float = Field(default=1.0, description="The rate that is needed to pass.")
    stopped_early: bool = Field(
        default=False, description="Whether calls were left out that could change nothing."
    )
    xfail: str | None = Field(
        default=None, description="Why it is expected to fail; a pass is then a failure."
    )


class RunSummary(_Value):
    """A whole run."""

    schema_version: int = 1
    voicetest: Versions = Field(default_factory=Versions)
    command: tuple[str, ...] = Field(description="The command line, secrets masked.")
    started_at: str = Field(description="UTC, ISO 8601.")
    finished_at: str = Field(description="UTC, ISO 8601.")
    folder: str = Field(description="The run's folder.")
    exit_code: int = Field(description="The exit code of the process.")
    cost_usd: float | None = Field(
        default=None,
        description="What is known of the cost of its calls; null when no paid service was used.",
    )
    totals: dict[str, int] = Field(description="How many cases had each verdict.")
    cases: tuple[CaseLine, ...] = Field(description="One per scenario, or per case of it.")
    scenarios: tuple[ScenarioLine, ...] = Field(description="One per call.")
    sha256: str | None = Field(
        default=None,
        description="Checksum of all other values; null where an older version wrote it.",
    )

    def as_json(self) -> str:
        """The text of run.json."""
        return shown_json(sealed(self.model_dump(mode="json", exclude={"sha256"})), indent=2) + "\n"


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
            return code_of(result.errors[0].kind)


def is_passing(result: Result) -> bool:
    """Whether an error of a call may not come again in the next one."""
    return bool(result.errors) and all(fault.passing for fault in result.errors)


def code_of(kind: str) -> ExitCode:
    """What an error of that kind exits with."""
    return _BY_KIND[kind]


def overall(codes: Sequence[int]) -> ExitCode:
    """The exit code over several results: who has to act most urgently."""
    for code in _WORST_FIRST:
        if code in codes:
            return code
    return ExitCode.PASSED if ExitCode.PASSED in codes else ExitCode.NOTHING_RAN


def summarise(
    lines: Sequence[ScenarioLine],
    cases: Sequence[CaseLine],
    *,
    command: Sequence[str],
    started: datetime,
    finished: datetime,
    folder: str,
    interrupted: ExitCode | None = None,
    errors: Sequence[str] = (),
) -> RunSummary:
    """Add up what a run did; times in UTC. One that was interrupted has that exit code.

    `errors` are kinds of what went wrong beside calls.
    """
    code = overall([*(case.exit_code for case in cases), *map(code_of, errors)])
    costs = [line.cost_usd for line in lines if line.cost_usd is not None]
    return RunSummary(
        command=tuple(map(readable, command)),
        started_at=started.isoformat(),
        finished_at=finished.isoformat(),
        folder=readable(folder),
        exit_code=code if interrupted is None else interrupted,
        cost_usd=sum(costs) if costs else None,
        totals=dict(Counter(case.status for case in cases)),
        cases=tuple(cases),
        scenarios=tuple(lines),
    )
