"""A dialogue: what an embedded agent says to what it hears, written in YAML."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import (
    BeforeValidator,
    Field,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)

from voicetest.agents.faults import FaultList, Faults
from voicetest.agents.keypad import PressedKeys
from voicetest.agents.manners import Manners, Reprompt
from voicetest.errors import ScenarioError
from voicetest.scenario.load import load_model
from voicetest.scenario.nodes import Mapping
from voicetest.scenario.refusals import carried, nested
from voicetest.scenario.section import Section
from voicetest.scenario.values import (
    Count,
    Duration,
    Flag,
    InputFile,
    Json,
    Language,
    PositiveDuration,
    Text,
    TextList,
)

__all__ = ["Dialogue", "DialogueFile", "Rule", "SaysMore", "SpeaksUp", "ToolUse", "dialogue_schema"]


class ToolUse(Section):
    """A tool the agent calls before it speaks."""

    name: Text = Field(description="The tool's name.")
    arguments: dict[str, Json] = Field(
        default_factory=dict, description="What the agent passes to it, by name."
    )
    returns: Json = Field(
        default=None,
        description="What the tool gives where the agent's side runs it, as Pipecat bots do; "
        "elsewhere the scenario's `tools` answer.",
    )


class SaysMore(Section):
    """A second utterance of the agent in the same turn."""

    after: PositiveDuration = Field(description="The pause before it.")
    say: Text = Field(description="What the agent says then; ${result} as in `say`.")


class SpeaksUp(Section):
    """What the agent does when nobody speaks."""

    after: PositiveDuration = Field(
        description="How long nobody must have spoken or pressed a key, from the call's begin on."
    )
    say: Text = Field(description="What the agent says then.")
    times: Annotated[Count, Field(ge=1)] = Field(
        default=2, description="How often it does so in a row; then it waits for the user."
    )


def _any_of(value: object) -> object:
    return (value,) if isinstance(value, str) else value


class Rule(Section):
    """What the agent says to what it hears."""

    when: Annotated[tuple[TextList, ...], BeforeValidator(_any_of)] = Field(
        default=(),
        description="Phrases, any of which must be heard; a list inside means all of its phrases.",
    )
    keys: PressedKeys | None = Field(
        default=None,
        description="Instead of `when`: the keys that must be pressed, such as 12#; # ends an "
        "input, and so do 1.5 s without a further key.",
    )
    state: Text | None = Field(
        default=None, description="The rule counts only in this state of the conversation."
    )
    say: Text | None = Field(
        default=None,
        description="What the agent says; ${result} is what the tool gave, ${result.name} a part.",
    )
    says_more: SaysMore | None = Field(
        default=None, description="What the agent says after a pause in the same turn."
    )
    presses: PressedKeys | None = Field(
        default=None, description="Keys that the agent presses after speaking."
    )
    then: Text | None = Field(default=None, description="The state that follows.")
    once: Flag = Field(default=False, description="The rule counts only the first time.")
    tool: ToolUse | None = Field(default=None, description="A tool to call before speaking.")
    ends_call: Flag = Field(default=False, description="The agent hangs up after speaking.")

    @model_validator(mode="after")
    def _one_condition(self) -> Self:
        if bool(self.when) == (self.keys is not None):
            raise ValueError("a rule needs exactly one of 'when' and 'keys'")
        return self

    @model_validator(mode="after")
    def _more_after_something(self) -> Self:
        if self.says_more is not None and self.say is None:
            raise ValueError("'says_more' follows 'say', which is missing here")
        return self


class Dialogue(Section):
    """An embedded agent: what it says, and how it takes turns."""

    language: Language | None = Field(
        default=None,
        description="The language it hears and speaks, such as de; by default the scenario's.",
    )
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
    generates: Annotated[float, Field(gt=1, le=1_000)] = Field(
        default=4.0,
        description="How many times as fast as speech its sound is made, in pieces of 200ms with "
        "their words, where a platform sends it as it is made and not in real time.",
    )
    reprompt: SpeaksUp | None = Field(
        default=None, description="What the agent says when nobody speaks; without it, it waits."
    )
    faults: FaultList = Field(
        default_factory=Faults,
        description="What the agent does wrong on purpose: a list of faults, each a name, or a "
        "name with its parameter, such as `slow: 5s`.",
    )

    @property
    def manners(self) -> Manners:
        """How it takes turns."""
        up = self.reprompt
        reprompt = None if up is None else Reprompt(up.after, up.say, up.times)
        return Manners(self.reply_delay, self.yields_after, reprompt, generates=self.generates)

    @property
    def phrases(self) -> tuple[str, ...]:
        """Everything it listens for."""
        found = (phrase for rule in self.rules for all_of in rule.when for phrase in all_of)
        return tuple(dict.fromkeys(found))


def _load(value: object, info: ValidationInfo) -> object:
    """A dialogue that stands here or in the file that is named; its own problems surface."""
    if isinstance(value, Dialogue):
        return value
    if isinstance(value, Mapping):
        try:
            return Dialogue.model_validate(value, context=info.context)
        except ValidationError as error:
            raise nested(error, Dialogue, value) from None
    path = TypeAdapter(InputFile).validate_python(value, context=info.context)
    try:
        return load_model(Dialogue, path)
    except ScenarioError as error:
        raise carried(error) from None


DialogueFile = Annotated[
    Dialogue, BeforeValidator(_load), WithJsonSchema({"type": ["string", "object"]})
]
"""A setting that names a dialogue file, or has the dialogue in it; its value is the dialogue."""


def dialogue_schema() -> dict[str, Any]:
    """The JSON Schema of a dialogue file."""
    schema = Dialogue.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | schema
