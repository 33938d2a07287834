"""What is expected of the whole call."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Generic, Literal, NamedTuple, TypeAlias, TypeVar

from pydantic import BeforeValidator, Field, model_validator

from voicetest.scenario.expectations import OneToolCall, Severity, ToolCall
from voicetest.scenario.nodes import shown
from voicetest.scenario.refusals import refuse
from voicetest.scenario.section import Section
from voicetest.scenario.values import Count, Duration, PhraseList, Share, Text, TextList

__all__ = [
    "Bounds",
    "Checks",
    "CountBounds",
    "HungUpBy",
    "Limit",
    "SecondsBounds",
    "ShareBounds",
    "Statistic",
]

Statistic = Literal["min", "max", "mean", "p50", "p90", "p95", "equals"]
Party = Literal["user", "agent", "platform", "limit"]
Value = TypeVar("Value", float, int)


class Limit(NamedTuple):
    """One bound of one metric: seconds, shares (0 to 1), counts, or who hung up."""

    metric: str
    statistic: Statistic
    limit: float | int | str


class Bounds(Section, Generic[Value]):
    """Limits of a metric; `min` is the least allowed, `mean` to `p95` and `max` the most."""

    min: Value | None = Field(None, description="No value may be smaller than this.")
    max: Value | None = Field(None, description="No value may be larger than this.")
    mean: Value | None = Field(None, description="The average may not be larger than this.")
    p50: Value | None = Field(None, description="Half of the values may not be larger than this.")
    p90: Value | None = Field(None, description="90 % of the values may not be larger than this.")
    p95: Value | None = Field(None, description="95 % of the values may not be larger than this.")
    equals: Value | None = Field(None, description="The value has to be exactly this.")

    @model_validator(mode="before")
    @classmethod
    def _is_a_mapping(cls, value: object) -> object:
        if isinstance(value, str):
            raise refuse(f"expected limits, found {shown(value)}: write {{max: {_bare(value)}}}")
        return value

    @model_validator(mode="after")
    def _is_possible(self) -> Bounds[Value]:
        if not self.model_fields_set:
            raise refuse("write a limit, for example 'max'")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise refuse("'min' is larger than 'max': nothing can be both")
        return self

    def limits(self) -> Iterator[tuple[Statistic, Value]]:
        """The limits that are set, in the order of the statistics."""
        every: tuple[tuple[Statistic, Value | None], ...] = (
            ("min", self.min),
            ("max", self.max),
            ("mean", self.mean),
            ("p50", self.p50),
            ("p90", self.p90),
            ("p95", self.p95),
            ("equals", self.equals),
        )
        return ((name, limit) for name, limit in every if limit is not None)


class SecondsBounds(Bounds[Duration]):
    """Limits of a time: durations such as 1.5s."""


class ShareBounds(Bounds[Share]):
    """Limits of a share: percentages such as 5%."""


class CountBounds(Bounds[Count]):
    """Limits of a number of events: whole numbers."""


class HungUpBy(Section):
    """Who has to end the call."""

    equals: Party = Field(description="Who has to end the call.")


def _bare(value: str) -> str:
    return shown(value).strip("'") if value else "…"


def _party(value: object) -> object:
    return {"equals": value} if isinstance(value, str) else value


def _calls(value: object) -> object:
    if isinstance(value, list | tuple):
        if not value:
            raise refuse("this list is empty: name at least one tool")
        return value
    return (value,)


_Calls: TypeAlias = Text | ToolCall | tuple[OneToolCall, ...]


class Checks(Section):
    """What is expected of the whole call, or of the call up to an `expect` step."""

    response_latency: SecondsBounds | None = Field(
        None, description="From the end of the user's speech to the start of the agent's answer."
    )
    greeting_latency: SecondsBounds | None = Field(
        None, description="From the line being ready to the agent's first word."
    )
    time_to_first_audio: SecondsBounds | None = Field(
        None, description="From the end of the user's speech to the agent's first sound arriving."
    )
    stop_time: SecondsBounds | None = Field(
        None, description="From the start of an interruption to the end of the agent's speech."
    )
    false_yields: CountBounds | None = Field(
        None, description="How often the agent stopped for a backchannel or a noise."
    )
    talk_over: ShareBounds | None = Field(
        None, description="Share of the user's speech during which the agent started to speak."
    )
    talk_overs: CountBounds | None = Field(
        None, description="How often the agent started to speak before the user had finished."
    )
    overlap: SecondsBounds | None = Field(None, description="How long both spoke at once.")
    dead_air: SecondsBounds | None = Field(
        None, description="The longest time in which neither spoke."
    )
    duration: SecondsBounds | None = Field(None, description="The length of the call.")
    turns: CountBounds | None = Field(None, description="How many turns the agent had.")
    missed_responses: CountBounds | None = Field(
        None, description="How often the agent never answered."
    )
    wer: ShareBounds | None = Field(
        None, description="Share of the user's words that the platform understood wrongly."
    )
    pooled_wer: ShareBounds | None = Field(
        None,
        description="The word error rate of the whole call: all errors over all words, so that "
        "long turns count for more.",
    )
    hung_up_by: Annotated[
        HungUpBy | None, BeforeValidator(_party, json_schema_input_type=Party | HungUpBy)
    ] = Field(None, description="Who has to end the call: user, agent, platform or limit.")
    says: PhraseList = Field((), description="Words the agent has to say somewhere in the call.")
    never_says: PhraseList = Field((), description="Words the agent must not say in the call.")
    calls_tool: Annotated[
        tuple[OneToolCall, ...], BeforeValidator(_calls, json_schema_input_type=_Calls)
    ] = Field((), description="Tools the agent has to call: a name, name and arguments, or a list.")
    never_calls: TextList = Field((), description="Tools the agent must not call.")
    severity: Severity = Field(
        "fail", description="'warn' reports what does not hold without failing the call."
    )

    def limits(self) -> Iterator[Limit]:
        """Every limit on a metric, in the order of the metrics."""
        for metric, bounds in self:
            if isinstance(bounds, Bounds):
                for statistic, limit in bounds.limits():
                    yield Limit(metric, statistic, limit)
            elif isinstance(bounds, HungUpBy):
                yield Limit(metric, "equals", bounds.equals)
