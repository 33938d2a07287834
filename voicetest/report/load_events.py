"""`load.jsonl`: what a load test did, one event a line, written while it happens.

All times are seconds since the load began. Whatever is said of a load is computed from its events.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter

from voicetest.checks.result import Status
from voicetest.report.manifest import Versions
from voicetest.scenario.load_limits import Bound

__all__ = [
    "EVENTS",
    "Begun",
    "Dropped",
    "Ended",
    "LoadEvent",
    "LoadPlan",
    "Over",
    "PlannedScenario",
    "PlannedStage",
    "Sampled",
    "StageBegun",
    "events_schema",
]


def _rounded(seconds: float) -> float:
    return round(seconds, 6)


Seconds = Annotated[float, AfterValidator(_rounded)]
"""To the microsecond."""


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PlannedScenario(_Value):
    """A scenario, or one case of it, and its part of the calls."""

    name: str = Field(description="The scenario's name.")
    file: str = Field(description="Its file, as it was given.")
    case: str | None = Field(default=None, description="The case of its matrix or table.")
    adapter: str = Field(description="The adapter.")
    share: float = Field(description="Its part of all calls, 0 to 1.")


class PlannedStage(_Value):
    """A stage as it was asked for; times in seconds."""

    words: str = Field(description="The stage on one line.")
    calls: int | None = Field(default=None, description="Callers at once; null with a rate.")
    rate: float | None = Field(default=None, description="Calls that begin a second, or null.")
    ramp_s: float = Field(description="How long it takes to get there.")
    hold_s: float = Field(description="How long it stays there.")


class LoadPlan(_Value):
    """What the load set out to do: the first line."""

    kind: Literal["plan"] = "plan"
    schema_version: Literal[1] = 1
    voicetest: Versions = Field(default_factory=Versions)
    command: tuple[str, ...] = Field(description="The command line, secrets masked.")
    started_at: str = Field(description="UTC, ISO 8601.")
    scenarios: tuple[PlannedScenario, ...] = Field(description="What is called.")
    stages: tuple[PlannedStage, ...] = Field(description="In which stages.")
    limits: tuple[Bound, ...] = Field(
        description="Metric, statistic, the most it may be, and whether nobody wrote it."
    )
    most_calls: int | None = Field(default=None, description="Calls that are begun at most.")
    most_cost_usd: float | None = Field(default=None, description="What they may cost.")
    seed: int = Field(default=0, description="Where chance started.")
    engine: str = Field(default="", description="What makes the calls, in words.")
    slots: int = Field(default=0, description="Calls that it can make at once.")


class StageBegun(_Value):
    """A stage begins."""

    kind: Literal["stage"] = "stage"
    at_s: Seconds
    stage: int = Field(description="Counted from 0.")


class Begun(_Value):
    """A call begins."""

    kind: Literal["begun"] = "begun"
    at_s: Seconds
    call: int = Field(description="Its number, from 1.")
    stage: int = Field(description="The stage that it belongs to, from 0.")
    scenario: int = Field(description="Its place among the scenarios of the plan, from 0.")
    due_s: Seconds = Field(description="When it was due.")


class Dropped(_Value):
    """A start that could not be made when it was due; it is not made later."""

    kind: Literal["dropped"] = "dropped"
    at_s: Seconds
    stage: int
    why: str = Field(description="What was lacking.")


class Ended(_Value):
    """A call is over; what could not be measured is null or empty."""

    kind: Literal["ended"] = "ended"
    at_s: Seconds = Field(description="When its result was there.")
    call: int
    stage: int
    scenario: int
    begun_s: Seconds = Field(description="When it began.")
    due_s: Seconds = Field(description="When it was due.")
    dialled_s: Seconds | None = Field(default=None, description="When it was dialled.")
    hung_up_s: Seconds = Field(description="When its line was over.")
    level: int = Field(description="Calls on the line when it was dialled, itself among them.")
    status: Status = Field(description="How it went.")
    reason: str = Field(default="", description="Why; empty if it passed.")
    error: str | None = Field(default=None, description="The kind of its error: connection, …")
    failed: tuple[str, ...] = Field(default=(), description="The checks that failed.")
    connect_s: Seconds | None = Field(default=None, description="From dialling to a ready line.")
    first_word_s: Seconds | None = Field(
        default=None, description="From then to the agent's first word, if it speaks first."
    )
    answers: tuple[tuple[Seconds, Seconds], ...] = Field(
        default=(), description="Each answer: when it began, and its response latency."
    )
    stop_times_s: tuple[Seconds, ...] = Field(default=(), description="After interruptions.")
    duration_s: Seconds = Field(default=0.0, description="Length of the call.")
    cost_usd: float | None = Field(default=None, description="Null without paid services.")
    late: str = Field(
        default="", description="How voicetest itself was late; empty if it was in time."
    )
    lateness_p99_ms: float | None = Field(default=None, description="Of the call's own frames.")
    lateness_max_ms: float | None = Field(default=None, description="Of the call's own frames.")
    lost: bool = Field(default=False, description="Whether the worker that made it is gone.")
    cut: bool = Field(default=False, description="Whether voicetest ended it before its time.")
    folder: str | None = Field(default=None, description="Where it is kept, if it is.")


class Sampled(_Value):
    """How this machine does, once a second."""

    kind: Literal["sample"] = "sample"
    at_s: Seconds
    calls: int = Field(description="Calls on the line.")
    cpu: float = Field(description="What voicetest used of all cores that it may use, 0 to 1.")
    busiest: float = Field(
        default=0.0, description="What the busiest of its event loops used of one core, 0 to 1."
    )
    lag_ms: float = Field(description="The latest wake-up of its event loops.")
    saturated: bool = Field(default=False, description="Whether there was no more CPU to be had.")


class Over(_Value):
    """The load is over: the last line."""

    kind: Literal["over"] = "over"
    at_s: Seconds
    by: str | None = Field(default=None, description="What ended it early; null if nothing did.")


LoadEvent: TypeAlias = LoadPlan | StageBegun | Begun | Dropped | Ended | Sampled | Over

EVENTS: TypeAdapter[LoadEvent] = TypeAdapter(Annotated[LoadEvent, Field(discriminator="kind")])
"""Reads one line."""


def events_schema() -> dict[str, Any]:
    """The JSON Schema of one line of load.jsonl."""
    schema = EVENTS.json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | schema
