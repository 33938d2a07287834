"""`load.json`: what came of a load test, as a whole, by stage, by level and over time."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from voicetest.report.load_events import PlannedScenario
from voicetest.report.manifest import Versions
from voicetest.report.seal import sealed
from voicetest.shown import shown_json

__all__ = [
    "ErrorLine",
    "Figures",
    "KeptCall",
    "LevelFigures",
    "LimitLine",
    "LoadSummary",
    "Moment",
    "OwnFigures",
    "ScenarioFigures",
    "Spread",
    "StageFigures",
    "Verdict",
    "load_schema",
]

LimitStatus = Literal["holds", "broken", "unknown"]


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Spread(_Value):
    """How a measured time is spread, in seconds; percentiles by nearest rank.

    Values of calls in which voicetest was late are not among them. With too few values a
    percentile is the largest of them: p90 below 10, p95 below 20, p99 below 100.
    """

    n: int = Field(description="How many values there are.")
    min: float | None = Field(default=None, description="The smallest.")
    mean: float | None = Field(default=None, description="The arithmetic mean.")
    p50: float | None = Field(default=None, description="The median.")
    p90: float | None = Field(default=None, description="The 90th percentile.")
    p95: float | None = Field(default=None, description="The 95th percentile.")
    p99: float | None = Field(default=None, description="The 99th percentile.")
    max: float | None = Field(default=None, description="The largest.")


class Figures(_Value):
    """What some of the calls were like."""

    begun: int = Field(description="Calls that began.")
    connected: int = Field(description="Calls whose line was ready.")
    ended_well: int = Field(description="Calls that passed.")
    failed: int = Field(description="Calls in which a check failed.")
    errors: int = Field(description="Calls that could not be made, or whose line broke.")
    kinds: dict[str, int] = Field(
        description="Calls that did not end by themselves, by what went wrong: connection, "
        "protocol, and what is nobody's but voicetest's: setup, scenario, bug, cut off, lost."
    )
    dropped: int = Field(description="Starts that could not be made when they were due.")
    unknown: int = Field(
        description="Calls of which nothing can be said: voicetest was late, or could not make "
        "them, or ended them, or the worker that made them is gone, or they were never over."
    )
    late: int = Field(description="Calls in which voicetest was late; their times are left out.")
    connect: Spread = Field(description="From dialling to a ready line.")
    first_word: Spread = Field(
        description="From then to the agent's first word, where it speaks first."
    )
    response_latency: Spread = Field(
        description="From the end of the user's speech to the start of the agent's."
    )
    stop_time: Spread = Field(description="How long the agent spoke on when interrupted.")


class StageFigures(_Value):
    """One stage; a call belongs to that in which it began."""

    words: str = Field(description="The stage on one line.")
    calls: int | None = Field(description="Callers at once; null with a rate.")
    rate: float | None = Field(description="Calls that begin a second; null with callers.")
    start_s: float | None = Field(description="When it began; null if the load ended before.")
    length_s: float = Field(description="How long it was to last.")
    figures: Figures


class LevelFigures(_Value):
    """All that was measured while so many calls were on the line."""

    least: int = Field(description="From so many calls …")
    most: int = Field(description="… to so many, at once.")
    seconds: float = Field(description="For how long it was so.")
    figures: Figures = Field(
        description="Calls by the level at which they were dialled, times by that at which they "
        "were measured."
    )


class Moment(_Value):
    """A stretch of the load, `bin_s` long."""

    at_s: float = Field(description="When it began.")
    calls: float = Field(description="Calls on the line, on average.")
    begun: int = Field(description="Calls that began.")
    ended: int = Field(description="Calls that were over.")
    failed: int = Field(description="Of these, calls in which a check failed.")
    errors: int = Field(description="Of these, calls that ended in an error.")
    dropped: int = Field(description="Starts that could not be made.")
    response_latency: Spread
    connect: Spread
    first_word: Spread
    cpu: float | None = Field(description="Of voicetest, share of its cores; null if not known.")
    lag_ms: float | None = Field(description="Latest wake-up of its event loops.")


class ScenarioFigures(PlannedScenario):
    """A scenario and how its calls went."""

    begun: int
    ended_well: int
    failed: int
    errors: int


class ErrorLine(_Value):
    """Why calls failed or ended in an error."""

    kind: str = Field(description="check, or the kind of the error: connection, protocol, …")
    message: str = Field(description="In the words of the first of them.")
    calls: int = Field(description="In how many calls.")


class LimitLine(_Value):
    """A limit and whether it holds."""

    name: str = Field(description="What is limited, such as response_latency p95.")
    metric: str
    statistic: str
    most: float = Field(description="The limit: seconds, a share, or a number.")
    unit: Literal["s", "share", "calls"]
    usual: bool = Field(description="Whether it holds because nobody wrote another.")
    value: float | None = Field(description="What was measured; null if nothing was.")
    n: int = Field(description="Over how many values, or calls.")
    unknown: int = Field(description="How many more there were, of which nothing is known.")
    status: LimitStatus = Field(
        description="unknown: those of which nothing is known could have decided it."
    )
    words: str = Field(description="All of it for people.")


class Verdict(_Value):
    """One of the two verdicts, which are never mixed."""

    status: Literal["fine", "broken", "unknown"]
    reason: str


class OwnFigures(_Value):
    """How voicetest itself did."""

    late_calls: int = Field(description="Calls in which it was late.")
    reasons: dict[str, int] = Field(description="How, and in how many calls.")
    lateness_p99_ms: float | None = Field(
        description="The 99th percentile of its calls' largest lateness of a frame."
    )
    lateness_max_ms: float | None = Field(description="The latest frame of all.")
    start_late_p99_s: float | None = Field(description="From due to dialled: 99th percentile.")
    start_late_max_s: float | None = Field(description="From due to dialled: the largest.")
    cpu_mean: float | None = Field(description="Share of its cores, on average.")
    cpu_max: float | None = Field(description="Share of its cores, in the busiest second.")
    busiest_max: float | None = Field(
        description="What one event loop used of one core, in its busiest second."
    )
    saturated_s: float = Field(description="Seconds in which it had no CPU to spare.")
    lost_calls: int = Field(description="Calls whose worker is gone.")
    dropped: dict[str, int] = Field(description="What starts that were dropped lacked.")


class KeptCall(_Value):
    """A call whose recording is kept."""

    call: int = Field(description="Its number, from 1.")
    folder: str = Field(description="Below the load's folder.")
    name: str = Field(description="The scenario's name.")
    at_s: float = Field(description="When it began.")
    status: str = Field(description="How it went.")
    reason: str = Field(description="Why; empty if it passed.")


class LoadSummary(_Value):
    """A whole load test; times in seconds since it began."""

    schema_version: Literal[1] = 1
    voicetest: Versions
    command: tuple[str, ...] = Field(description="The command line, secrets masked.")
    started_at: str = Field(description="UTC, ISO 8601.")
    length_s: float = Field(description="How long it lasted.")
    folder: str = Field(description="Its folder.")
    exit_code: int = Field(description="The exit code of the process.")
    ended_by: str | None = Field(description="What ended it early; null if nothing did.")
    agent: Verdict = Field(description="Whether the agent kept the limits.")
    own: Verdict = Field(description="Whether voicetest made the load that was asked for, in time.")
    limits: tuple[LimitLine, ...]
    scenarios: tuple[ScenarioFigures, ...]
    figures: Figures = Field(description="Of all calls.")
    stages: tuple[StageFigures, ...]
    levels: tuple[LevelFigures, ...] = Field(description="By the number of calls on the line.")
    bin_s: float = Field(description="Length of each moment.")
    moments: tuple[Moment, ...] = Field(description="Over time.")
    errors: tuple[ErrorLine, ...] = Field(description="Most frequent first.")
    keeping_time: OwnFigures = Field(description="How voicetest itself did.")
    kept: tuple[KeptCall, ...] = Field(description="Calls whose recordings stay.")
    engine: str = Field(description="What made the calls.")
    cost_usd: float | None = Field(description="As far as it is known; null without any.")
    sha256: str | None = Field(default=None, description="Checksum of all other values.")

    def as_json(self) -> str:
        """The text of load.json."""
        return shown_json(sealed(self.model_dump(mode="json", exclude={"sha256"})), indent=2) + "\n"


def load_schema() -> dict[str, Any]:
    """The JSON Schema of load.json."""
    schema = LoadSummary.model_json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | schema
