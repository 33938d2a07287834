"""A scenario: one scripted phone call and what is expected of it."""

from __future__ import annotations

from typing import Annotated

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Field,
    InstanceOf,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)
from pydantic.json_schema import SkipJsonSchema

from voicetest.scenario.acoustics import Background, Effects, Line, background_section
from voicetest.scenario.checks import Checks
from voicetest.scenario.expectations import Expectations, SpeechExpectations, ToolCall
from voicetest.scenario.gating import PassRate, Repeat, Retries
from voicetest.scenario.judge import Judge
from voicetest.scenario.language_model import LanguageModel, NamedModel
from voicetest.scenario.matrix import Matrix
from voicetest.scenario.nodes import Mapping, Scalar, Sequence, as_mapping, shown
from voicetest.scenario.refusals import complain, refuse
from voicetest.scenario.section import Section
from voicetest.scenario.steps import (
    AgentStep,
    BackchannelStep,
    DtmfStep,
    ExpectStep,
    HangupStep,
    ImproviseStep,
    InterruptStep,
    JudgeStep,
    NoiseStep,
    PlayStep,
    SilenceStep,
    Step,
    TextStep,
    UserStep,
)
from voicetest.scenario.tools import Tool, ToolError
from voicetest.scenario.values import (
    Count,
    Flag,
    InputFile,
    Language,
    Money,
    PositiveDuration,
    Rate,
    Text,
    TextList,
)

__all__ = [
    "AgentSection",
    "AgentStep",
    "BackchannelStep",
    "Background",
    "Checks",
    "DtmfStep",
    "ExpectStep",
    "Expectations",
    "HangupStep",
    "ImproviseStep",
    "InterruptStep",
    "Judge",
    "JudgeStep",
    "LanguageModel",
    "Limits",
    "Line",
    "NoiseStep",
    "PlayStep",
    "Scenario",
    "SilenceStep",
    "SpeechExpectations",
    "Step",
    "TextStep",
    "Tool",
    "ToolCall",
    "ToolError",
    "Transcriber",
    "User",
    "UserStep",
]


def _version(value: object) -> int:
    if value in (1, "1"):
        return 1
    raise refuse(f"expected 1, the only version there is, found {shown(value)}")


def _transcriber(value: object) -> object:
    return {"use": value} if isinstance(value, str) else value


def _script(value: object, info: ValidationInfo) -> object:
    """An empty script, or one that goes on after `hangup`, cannot be meant."""
    if not isinstance(value, list | tuple):
        raise refuse(
            f"expected a list of steps, each line starting with '- ', found {shown(value)}"
        )
    if not value:
        raise refuse("the script has no steps: write at least one")
    for index, step in enumerate(value[:-1]):
        if _hangs_up(step):
            complain(info, value[index + 1], "this step is never reached: 'hangup' ends the call")
            break
    return value


def _no_list(value: object) -> object:
    """`checks:` written as a list of steps."""
    if isinstance(value, Sequence):
        message = "leave out the '- ': checks are lines such as 'response_latency: {p95: 2s}'"
        raise refuse(message)
    return value


def _reason(value: object) -> object:
    """`true` is no reason, and `false` would be one against its writer's intention."""
    if isinstance(value, str) and value.strip().lower() in ("true", "false", "yes", "no"):
        raise refuse(f"write the reason, in words, found {shown(value)}; or leave the line out")
    return value


def _hangs_up(step: object) -> bool:
    if isinstance(step, dict):
        return "hangup" in step
    return isinstance(step, HangupStep) or step == "hangup"


def _tools(value: object, info: ValidationInfo) -> object:
    seen: set[str] = set()
    if not isinstance(value, list | tuple):
        raise refuse(
            f"expected a list of tools, each starting with '- name:', found {shown(value)}"
        )
    for tool in value:
        name = tool.get("name") if isinstance(tool, dict) else None
        if isinstance(name, str):
            if name in seen:
                complain(info, name, f"the tool {shown(name)} stands twice: keep one")
            seen.add(name)
    return value


class AgentSection(Section):
    """The agent under test: its adapter, and everything else raw until that adapter is known."""

    model_config = ConfigDict(
        json_schema_extra={
            "additionalProperties": True,
            "properties": {
                "adapter": {
                    "type": "string",
                    "description": "How the agent is reached; see: voicetest list-adapters",
                },
            },
        }
    )

    adapter: Text = Field(description="How the agent is reached; see: voicetest list-adapters")
    simulator: Annotated[
        InstanceOf[Mapping] | InstanceOf[Scalar] | None,
        WithJsonSchema({"type": ["string", "object"]}),
    ] = Field(
        default=None,
        description="What --offline calls instead: a dialogue, here or in the file that is named.",
    )
    settings: SkipJsonSchema[InstanceOf[Mapping]] = Field(
        description="The adapter's settings, as they stand in the file."
    )

    @model_validator(mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            raise refuse(f"expected settings, found {shown(value)}: write 'adapter: …' under it")
        if not isinstance(value, dict):
            return value
        node = value if isinstance(value, Mapping) else as_mapping(value)
        parts: dict[str, object] = {"settings": node.without("adapter", "simulator")}
        return parts | {key: node[key] for key in ("adapter", "simulator") if key in node}


class User(Section):
    """How the user sounds, and who the user is where a language model plays that part."""

    voice: Text | None = Field(
        None, description="The user's voice, such as espeak/en-us+f2; see: list-adapters --voices"
    )
    rate: Rate | None = Field(None, description="The user's speaking rate; 1 is normal.")
    background: Annotated[
        Background | None,
        BeforeValidator(background_section, json_schema_input_type=Text | Background),
    ] = Field(None, description="What is heard behind the user.")
    effects: Effects = Field(
        (), description="Changes of the user's voice, in order, such as [phone, {gain: -6dB}]."
    )
    model: NamedModel | None = Field(
        None, description="The language model that plays the user in 'improvise' steps."
    )
    persona: Text | None = Field(
        None, description="Who the user is and how they talk, for 'improvise'."
    )
    goal: Text | None = Field(None, description="What the user wants, for 'improvise'.")
    facts: TextList = Field(
        (), description="All that the user knows, for 'improvise': nothing else is made up."
    )


class Transcriber(Section):
    """What turns the agent's speech into text."""

    use: Text = Field(description="The transcriber, such as pocketsphinx/espeak.")
    always: Flag = Field(
        False, description="Use it even where the platform gives a text of its own."
    )


class Limits(Section):
    """When a call that does not end by itself is stopped; times in seconds."""

    max_duration: PositiveDuration = Field(
        600.0, description="The longest the call may last; reaching it fails the test."
    )
    turn_timeout: PositiveDuration = Field(
        120.0,
        description="The longest one 'agent' step may last, whatever arrives, unless its own "
        "'within' or 'patience' is longer.",
    )
    idle_timeout: PositiveDuration = Field(
        60.0, description="The longest the line may be without any message."
    )
    patience: PositiveDuration = Field(
        5.0,
        description="How long an 'agent' step goes on listening, once the agent has stopped, for "
        "what it still expects; a step may have its own.",
    )
    max_cost: Money | None = Field(
        None,
        description="What the call may cost, such as $0.50; once that is spent, no paid service "
        "is asked any more.",
    )


class Scenario(Section):
    """One scripted phone call with a voice agent, and what is expected of it."""

    version: Annotated[int, BeforeValidator(_version), WithJsonSchema({"const": 1})] = Field(
        description="The version of this format: 1."
    )
    name: Text = Field("", description="What is tested, for people; the file's name by default.")
    description: Text | None = Field(None, description="More about it, for people.")
    tags: TextList = Field((), description="Words by which tests are selected (--tag).")
    extends: Text | None = Field(
        None, description="Another YAML file, which this one is laid over; lists are replaced."
    )
    vars: dict[str, Text] = Field(
        default_factory=dict,
        description="Named values: ${name} takes one anywhere in the file; --var replaces one.",
    )
    matrix: Matrix | None = Field(
        None, description="Lists of values for variables; one run for every combination."
    )
    cases: InputFile | None = Field(
        None, description="A CSV file; its first row names variables, each other row is one run."
    )
    language: Language = Field(
        "en",
        description="The language of the call, such as en, de or pt-BR: how numbers, times and "
        "amounts are read, and the usual voice.",
    )
    agent: AgentSection = Field(description="The agent under test and how it is reached.")
    user: User = Field(default_factory=User, description="The user: voice, and who it is.")
    tools: Annotated[tuple[Tool, ...], BeforeValidator(_tools)] = Field(
        (), description="What the agent may call, and what it is answered."
    )
    transcriber: Annotated[
        Transcriber | None, BeforeValidator(_transcriber, json_schema_input_type=Text | Transcriber)
    ] = Field(
        None, description="How the agent's speech becomes text where the platform gives none."
    )
    line: Line = Field(default_factory=Line, description="How bad the line is, each way.")
    script: Annotated[tuple[Step, ...], BeforeValidator(_script)] = Field(
        description="The steps of the call, in order."
    )
    checks: Annotated[Checks, BeforeValidator(_no_list)] = Field(
        default_factory=Checks, description="What is expected of the whole call."
    )
    judge: Judge | None = Field(
        None, description="A language model that judges the call when it is over."
    )
    limits: Limits = Field(default_factory=Limits, description="When the call is stopped.")
    seed: Count = Field(0, description="Where chance starts; the same seed gives the same call.")
    repeat: Repeat = Field(1, description="How many calls are made; each has the next seed.")
    pass_rate: PassRate = Field(
        1.0, description="How many of them have to pass: all, or a share such as 80%."
    )
    retries: Retries = Field(
        0, description="How often a call is made again when the agent could not be talked to."
    )
    skip: Annotated[Text | None, BeforeValidator(_reason)] = Field(
        None, description="Why this is not run at present."
    )
    xfail: Annotated[Text | None, BeforeValidator(_reason)] = Field(
        None, description="Why this is expected to fail at present; passing then fails."
    )

    @property
    def keys(self) -> frozenset[str]:
        """The keys of its language models, which must not be written anywhere."""
        models = (self.user.model, None if self.judge is None else self.judge.model)
        keys = (model.api_key for model in models if model is not None)
        return frozenset(key.get_secret_value() for key in keys if key is not None)
