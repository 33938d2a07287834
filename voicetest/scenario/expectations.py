"""What a step expects of the agent."""

from __future__ import annotations

from collections.abc import Mapping as AnyMapping
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, model_validator

from voicetest.scenario.refusals import complain, refuse
from voicetest.scenario.section import Section
from voicetest.scenario.values import (
    JsonObject,
    Keys,
    Language,
    Only,
    Pattern,
    Phrase,
    PhraseList,
    PositiveDuration,
    Share,
    Text,
    TextList,
)

__all__ = [
    "Expectations",
    "Lasts",
    "OneToolCall",
    "Severity",
    "Similar",
    "SpeechExpectations",
    "ToolCall",
    "silence_stands_alone",
]

Severity = Literal["fail", "warn"]


class Lasts(Section):
    """How long the agent's turn may last, in seconds."""

    min: PositiveDuration | None = Field(None, description="The shortest the turn may be.")
    max: PositiveDuration | None = Field(None, description="The longest the turn may be.")

    @model_validator(mode="after")
    def _is_possible(self) -> Lasts:
        if self.min is None and self.max is None:
            raise refuse("write 'min', 'max' or both")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise refuse("'min' is longer than 'max': no turn can be both")
        return self


class ToolCall(Section):
    """A tool the agent has to call; arguments that are not named may have any value."""

    name: Text = Field(description="The name of the tool.")
    arguments: JsonObject = Field(
        default_factory=dict,
        description="Arguments the call has to have, with their values; others are not looked at.",
    )


def _named_call(value: object) -> object:
    """`calls_tool: lookup` for short means `calls_tool: {name: lookup}`."""
    return {"name": value} if isinstance(value, str) else value


OneToolCall = Annotated[
    ToolCall, BeforeValidator(_named_call, json_schema_input_type=Text | ToolCall)
]


class Similar(Section):
    """A text that the agent has to say nearly word for word."""

    text: Phrase = Field(description="What the agent should say.")
    wer: Share = Field(
        0.2, description="The word error rate it may have against that text, for example 20%."
    )


def _similar_text(value: object) -> object:
    """`similar_to: text` for short means `similar_to: {text: text}`."""
    return {"text": value} if isinstance(value, str) else value


OneSimilar = Annotated[
    Similar, BeforeValidator(_similar_text, json_schema_input_type=Text | Similar)
]


class SpeechExpectations(Section):
    """What is expected of the words and the tool calls of the agent in one step."""

    says: PhraseList = Field(
        (), description="Words the agent has to say, in this order; of a list, every entry."
    )
    says_any: PhraseList = Field((), description="The agent has to say at least one of these.")
    never_says: PhraseList = Field((), description="The agent must say none of these.")
    matches: Pattern | None = Field(
        None, description="A regular expression found in what the agent says; case is ignored."
    )
    similar_to: OneSimilar | None = Field(
        None, description="A text the agent has to say, but for a share of its words."
    )
    calls_tool: OneToolCall | None = Field(
        None, description="A tool the agent has to call: its name, or name and arguments."
    )
    never_calls: TextList = Field((), description="Tools the agent must not call.")
    language: Language | None = Field(
        None, description="The language of these words, where it is not the scenario's."
    )
    severity: Severity = Field(
        "fail", description="'warn' reports what does not hold without failing the call."
    )


class Expectations(SpeechExpectations):
    """What is expected of the agent in an `agent` step; everything is optional."""

    within: PositiveDuration | None = Field(
        None,
        description="The agent has to start speaking this soon, for example 2s. "
        "It never shortens the wait; a longer one than 'patience' lengthens it.",
    )
    patience: PositiveDuration | None = Field(
        None,
        description="How long this step goes on listening, once the agent has stopped, for what "
        "it still expects; that of 'limits' by default.",
    )
    lasts: Lasts | None = Field(None, description="How long the agent's first turn may last.")
    stays_silent: PositiveDuration | None = Field(
        None, description="The step lasts this long and holds if the agent says nothing."
    )
    presses: Keys | None = Field(
        None, description="Keys the agent has to press, in this order, such as 12#."
    )
    ends_call: Only = Field(
        False, description="The agent has to hang up within 5 s after its speech."
    )
    sounds_clean: Only = Field(
        False, description="The agent's sound has to be free of clipping, drop-outs and loops."
    )

    @model_validator(mode="before")
    @classmethod
    def _silence_stands_alone(cls, value: object, info: ValidationInfo) -> object:
        silence_stands_alone(value, info)
        return value


def silence_stands_alone(value: object, info: ValidationInfo) -> None:
    """`stays_silent` leaves nothing else to check in its step."""
    if not isinstance(value, AnyMapping) or "stays_silent" not in value:
        return
    for key in value:
        if key in Expectations.model_fields and key not in ("stays_silent", "severity"):
            message = f"'stays_silent' leaves nothing to check with '{key}': keep one of them"
            complain(info, value, message, key)
