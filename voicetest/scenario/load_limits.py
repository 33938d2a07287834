"""What a load test expects of all its calls together."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Literal, NamedTuple

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from voicetest.scenario.nodes import shown
from voicetest.scenario.quantities import NUMBER, Duration, one_word
from voicetest.scenario.refusals import refuse
from voicetest.scenario.section import Section

__all__ = ["COUNTED", "STATISTICS", "TIMED", "Bound", "LoadLimits", "Most", "limits_of"]

LoadStatistic = Literal["p50", "p90", "p95", "p99", "max", "count", "share"]
TIMED = ("response_latency", "connect", "first_word", "stop_time")
"""Metrics of which each call has values, in seconds."""
COUNTED = ("failed", "errors", "dropped")
"""Calls that are counted: their number is limited, or their share."""
STATISTICS: tuple[LoadStatistic, ...] = ("p50", "p90", "p95", "p99", "max")


class Most(NamedTuple):
    """At most so many calls, or with `share` at most that part of them."""

    value: float
    share: bool


class Bound(NamedTuple):
    """One limit: seconds, a share (0 to 1) or a number of calls."""

    metric: str
    statistic: LoadStatistic
    most: float
    usual: bool = False
    """Whether nobody wrote it."""


def _most(value: object) -> Most:
    if isinstance(value, Most):
        return value
    text = one_word(str(value) if isinstance(value, int) else value, "a number or a share")
    found = re.fullmatch(rf"({NUMBER})\s*%", text)
    if found and float(found[1]) <= 100:
        return Most(float(found[1]) / 100, share=True)
    if re.fullmatch(r"[0-9]{1,9}", text):
        return Most(float(text), share=False)
    raise refuse(
        f"expected a number of calls such as 0 or a share such as 1%, found {shown(value)}"
    )


MostCalls = Annotated[
    Most,
    BeforeValidator(_most),
    WithJsonSchema(
        {"type": ["integer", "string"], "pattern": r"^[0-9.]+\s*%?$", "examples": [0, "1%"]}
    ),
]


class TimeLimits(Section):
    """The most that may be measured, by nearest rank, over all calls."""

    p50: Duration | None = Field(None, description="Half of the values may not be larger.")
    p90: Duration | None = Field(None, description="90 % of the values may not be larger.")
    p95: Duration | None = Field(None, description="95 % of the values may not be larger.")
    p99: Duration | None = Field(None, description="99 % of the values may not be larger.")
    max: Duration | None = Field(None, description="No value may be larger.")

    @model_validator(mode="before")
    @classmethod
    def _is_a_mapping(cls, value: object) -> object:
        if isinstance(value, str):
            raise refuse(f"expected limits, found {shown(value)}: write {{p95: {value}}}")
        return value

    @model_validator(mode="after")
    def _is_something(self) -> TimeLimits:
        if not self.model_fields_set:
            raise refuse("write a limit, for example p95: 1.5s")
        return self


class LoadLimits(Section):
    """Limits over all calls; those of single calls are in their scenarios."""

    response_latency: TimeLimits | None = Field(
        None, description="From the end of the user's speech to the start of the agent's."
    )
    connect: TimeLimits | None = Field(None, description="From dialling until the line is ready.")
    first_word: TimeLimits | None = Field(
        None, description="From then to the agent's first word, where it speaks first."
    )
    stop_time: TimeLimits | None = Field(
        None, description="How long the agent goes on speaking when it is interrupted."
    )
    failed: MostCalls = Field(
        Most(0, share=False), description="Calls in which a check of the scenario failed."
    )
    errors: MostCalls = Field(
        Most(0, share=False),
        description="Calls that could not be made, or whose line broke.",
    )
    dropped: MostCalls = Field(
        Most(0, share=False),
        description="Starts that voicetest could not make when they were due; more of them are no "
        "failure of the agent, but the load was not the one that was asked for.",
    )


def limits_of(limits: LoadLimits) -> Iterator[Bound]:
    """Each limit alone: times first, then what is counted."""
    for metric in TIMED:
        times: TimeLimits | None = dict(limits)[metric]
        for name in STATISTICS if times is not None else ():
            most = dict(times or ())[name]
            if most is not None:
                yield Bound(metric, name, most)
    for metric in COUNTED:
        value, is_share = dict(limits)[metric]
        kind: LoadStatistic = "share" if is_share else "count"
        yield Bound(metric, kind, value, metric not in limits.model_fields_set)
