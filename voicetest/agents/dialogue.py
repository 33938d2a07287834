"""A dialogue: what an embedded agent says to what it hears, written in YAML."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, TypeAdapter, ValidationInfo, WithJsonSchema

from voicetest.agents.manners import Manners
from voicetest.errors import ScenarioError
from voicetest.scenario.load import load_model
from voicetest.scenario.refusals import carried
from voicetest.scenario.section import Section
from voicetest.scenario.values import Duration, Flag, InputFile, Json, Text, TextList

__all__ = ["Dialogue", "DialogueFile", "Rule", "ToolUse", "dialogue_schema"]


class ToolUse(Section):
    """A tool the agent calls before it speaks."""

    name: Text = Field(description="The tool's name.")
    arguments: dict[str, Json] = Field(
        default_factory=dict, description="What the agent passes to it, by name."
    )


def _any_of(value: object) -> object:
    return (value,) if isinstance(value, str) else value


class Rule(Section):
    """What the agent says to what it hears."""

    when: Annotated[tuple[TextList, ...], BeforeValidator(_any_of)] = Field(
        description="Phrases, any of which must be heard; a list inside means all of its phrases."
    )
    state: Text | None = Field(
        default=None, description="The rule counts only in this state of the conversation."
    )
    say: Text | None = Field(
        default=None,
        description="What the agent says; ${result} is what the tool gave, ${result.name} a part.",
    )
    then: Text | None = Field(default=None, description="The state that follows.")
    once: Flag = Field(default=False, description="The rule counts only the first time.")
    tool: ToolUse | None = Field(default=None, description="A tool to call before speaking.")
    ends_call: Flag = Field(default=False, description="The agent hangs up after speaking.")


class Dialogue(Section):
    """An embedded agent: what it says, and how it takes turns."""

    greeting: Text | None = Field(
        default=None, description="What the agent says when the call begins; without it, it waits."
    )
    rules: tuple[Rule, ...] = Field(
        default=(), description="Tried in order; the first one that matches decides."
    )
    fallback: Text = Field(
        default="Sorry, I did not understand that.",
        description="What the agent says when no rule matches.",
    )
    reply_delay: Duration = Field(
        default=0.0,
        description="From knowing that the user has finished (500ms of silence) to speaking.",
    )
    yields_after: Duration = Field(
        default=0.3, description="How long the user must speak over the agent to silence it."
    )

    @property
    def manners(self) -> Manners:
        """How it takes turns."""
        return Manners(self.reply_delay, self.yields_after)

    @property
    def phrases(self) -> tuple[str, ...]:
        """Everything it listens for."""
        found = (phrase for rule in self.rules for all_of in rule.when for phrase in all_of)
        return tuple(dict.fromkeys(found))


def _load(value: object, info: ValidationInfo) -> object:
    """A dialogue from the file that a scenario names; its own problems surface as they are."""
    if isinstance(value, Dialogue):
        return value
    path = TypeAdapter(InputFile).validate_python(value, context=info.context)
    try:
        return load_model(Dialogue, path)
    except ScenarioError as error:
        raise carried(error) from None


DialogueFile = Annotated[
    Dialogue, BeforeValidator(_load), WithJsonSchema({"type": "string", "minLength": 1})
]
"""A setting that names a dialogue file; its value is the dialogue."""


def dialogue_schema() -> dict[str, Any]:
    """The JSON Schema of a dialogue file."""
    schema = Dialogue.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | schema
