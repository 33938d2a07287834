"""What a protocol map says of each side: its messages, by examples."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Self

from pydantic import (
    BeforeValidator,
    Field,
    InstanceOf,
    ModelWrapValidatorHandler,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from voicetest.protocols.example import Example
from voicetest.protocols.map_values import Examples, checked_object, read_examples
from voicetest.protocols.words import RECEIVED, SENT, Word
from voicetest.scenario.nodes import position
from voicetest.scenario.refusals import refuse
from voicetest.scenario.section import Section
from voicetest.scenario.values import JsonObject

__all__ = ["Direction", "Opening", "Receives", "Reply", "Reports", "Says", "Sends"]

_SOUND = frozenset({"audio"})

_Shown = Annotated[
    InstanceOf[Examples],
    WithJsonSchema(
        {
            "anyOf": [
                {"const": "binary"},
                {"type": "object"},
                {"type": "array", "items": {"type": "object"}},
            ]
        }
    ),
]


class Direction(Section):
    """What one side says; each key is an example of a message, or a list of examples."""

    words: ClassVar[Mapping[str, Word]]

    @field_validator("*", mode="before")
    @classmethod
    def _read(cls, value: object, info: ValidationInfo) -> object:
        match info.field_name:
            case _ if value is None:
                return None
            case "audio":
                return read_examples(value, _SOUND, _SOUND, may_be_binary=True)
            case "ready":
                return read_examples(value, {"session"})
            case name:
                word = cls.words[name or ""]
                return read_examples(value, sorted(word.placeholders), word.needs)

    @model_validator(mode="wrap")
    @classmethod
    def _unambiguous(cls, value: object, validated: ModelWrapValidatorHandler[Self]) -> Self:
        """A message of one key must not be read as another's, or nobody could tell them apart."""
        direction = validated(value)
        every = [(name, e) for name in cls.model_fields for e in direction.examples(name)]
        for name, example in every:
            sample = example.fill(dict.fromkeys(example.placeholders, "0"))
            for other, reader in every:
                if other != name and reader.read(sample):
                    raise refuse(
                        f"a message of '{name}' is also like the example of '{other}': add a key "
                        f"to '{other}' that tells them apart",
                        at=position(value, other),
                    )
        return direction

    def examples(self, name: str) -> tuple[Example, ...]:
        """The examples of a key; empty for one that is not there, or is binary."""
        found: Examples | None = getattr(self, name)
        return () if found is None else found.messages


class Says(Direction):
    """What the caller says to the agent, but sound."""

    words: ClassVar[Mapping[str, Word]] = SENT

    user_turn_started: _Shown | None = Field(None, description="The user begins to speak.")
    user_turn_ended: _Shown | None = Field(
        None, description="The user has finished; some agents answer only then."
    )
    reply_request: _Shown | None = Field(
        None, description="The agent is asked to speak although the user said nothing."
    )
    text: _Shown | None = Field(None, description="A typed turn of the user: <text>.")
    key: _Shown | None = Field(None, description="One key was pressed: <key>.")
    mark: _Shown | None = Field(
        None, description="Says that a mark of the agent has been heard: <name>."
    )
    interrupt: _Shown | None = Field(
        None,
        description="Tells the agent to stop at once; <heard_ms> is how much of it was heard.",
    )
    tool_result: _Shown | None = Field(
        None,
        description="What a tool gave: <id> of the call, <result> as JSON or <result_text> as "
        "text, and <failed>, which is true or false.",
    )
    hangup: _Shown | None = Field(None, description="Said before the caller hangs up: <reason>.")


class Reports(Direction):
    """What the agent says to the caller, but sound."""

    words: ClassVar[Mapping[str, Word]] = RECEIVED

    ready: _Shown | None = Field(
        None,
        description="The agent is ready; the call begins only then. <session> is its name for it.",
    )
    agent_turn_started: _Shown | None = Field(None, description="The agent begins an answer.")
    agent_turn_ended: _Shown | None = Field(
        None, description="The agent has sent its whole answer; without it, silence ends a turn."
    )
    agent_transcript: _Shown | None = Field(
        None, description="What the agent says, whole sentences or turns: <text>."
    )
    agent_transcript_part: _Shown | None = Field(
        None, description="The next words of what the agent is saying: <text>."
    )
    user_transcript: _Shown | None = Field(
        None, description="What the agent understood of the user: <text>."
    )
    tool_call: _Shown | None = Field(
        None, description="The agent calls a tool: <id>, <name>, <arguments> as JSON or its text."
    )
    tool_cancelled: _Shown | None = Field(
        None, description="The agent no longer wants the answer of a tool: <id>."
    )
    interrupted: _Shown | None = Field(
        None, description="The agent was interrupted: what was not heard yet is thrown away."
    )
    mark: _Shown | None = Field(
        None, description="A mark in the agent's sound, echoed when it has been heard: <name>."
    )
    key: _Shown | None = Field(None, description="The agent pressed one key: <key>.")
    error: _Shown | None = Field(
        None, description="Something went wrong at the agent: <code>, <message>."
    )
    hangup: _Shown | None = Field(None, description="The agent ends the call: <reason>.")


class _Sounding(Section):
    """A side whose sound is in its messages."""

    audio: _Shown = Field(
        description="Sound: an example with <audio> where its base64 text stands, or binary for "
        "messages that are nothing but samples."
    )


class Sends(_Sounding, Says):
    """What the caller says to the agent."""


class Receives(_Sounding, Reports):
    """What the agent says to the caller."""


Opening = Annotated[
    dict[str, Any],
    BeforeValidator(lambda value: checked_object(value, ())),
    WithJsonSchema({"type": "object"}),
]


class Reply(Section):
    """A message that is owed at once for another, such as a pong for a ping."""

    to: Annotated[_Shown, BeforeValidator(lambda value: read_examples(value, None))] = Field(
        description="An example of what the agent sends, with placeholders of any names."
    )
    send: JsonObject = Field(description="What it is answered, with the same placeholders.")

    @model_validator(mode="before")
    @classmethod
    def _same_placeholders(cls, value: object) -> object:
        if isinstance(value, dict) and {"to", "send"} <= value.keys():
            names = {
                name for e in read_examples(value["to"], None).messages for name in e.placeholders
            }
            checked_object(value["send"], sorted(names))
        return value
