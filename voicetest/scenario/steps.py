"""The steps of a script, one class each."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import (
    BeforeValidator,
    Discriminator,
    Field,
    Tag,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from voicetest.scenario.acoustics import Noise
from voicetest.scenario.checks import Checks
from voicetest.scenario.expectations import (
    Expectations,
    SpeechExpectations,
    silence_stands_alone,
)
from voicetest.scenario.improvise import Improvise, improvise_section
from voicetest.scenario.losses import lost
from voicetest.scenario.nodes import Mapping, Scalar, Sequence, position, shown
from voicetest.scenario.refusals import refuse
from voicetest.scenario.section import Section
from voicetest.scenario.values import (
    AudioFile,
    Count,
    Flag,
    Keys,
    Language,
    Level,
    Only,
    PositiveDuration,
    Rate,
    Text,
    TextList,
)

__all__ = [
    "AgentStep",
    "BackchannelStep",
    "DtmfStep",
    "ExpectStep",
    "HangupStep",
    "ImproviseStep",
    "InterruptStep",
    "JudgeStep",
    "NoiseStep",
    "PlayStep",
    "SilenceStep",
    "Step",
    "TextStep",
    "UserStep",
]


def _expectations(value: object) -> object:
    """`agent:` alone expects nothing, and `agent: text` for short means `says: text`."""
    if isinstance(value, Sequence):
        raise refuse("expected a text or expectations: write several phrases as 'says: […]'")
    if value is None or (isinstance(value, str) and not value.strip()):
        loss = lost(value) if isinstance(value, str) else None
        if loss:
            raise refuse(loss[0], at=loss[1])
        return {}
    return {"says": value} if isinstance(value, str) else value


def _nothing(value: object) -> None:
    if value not in (None, "", {}):
        raise refuse(f"'hangup' takes nothing, found {shown(value)}")


_Blank = Annotated[Any, WithJsonSchema({"type": "null"})]


class AgentStep(Section):
    """Listen to the agent and check what it does."""

    agent: Annotated[
        Expectations,
        BeforeValidator(_expectations, json_schema_input_type=Text | Expectations | _Blank),
    ] = Field(
        description="Listen to the agent. Write what it has to say, or expectations, or nothing."
    )

    @property
    def expectations(self) -> SpeechExpectations:
        """What is expected of the agent in this step."""
        return self.agent


class UserStep(Section):
    """Speak a text to the agent."""

    user: Text = Field(description="What the user says, word for word.")
    voice: Text | None = Field(None, description="Another voice for this text alone.")
    rate: Rate | None = Field(None, description="Speaking rate of this text; 1 is normal.")
    language: Language | None = Field(None, description="Another language for this text alone.")


class SilenceStep(SpeechExpectations):
    """Stay on the line without speaking."""

    silence: PositiveDuration = Field(description="How long the user stays silent, such as 3s.")
    stays_silent: Only = Field(
        False, description="The agent has to stay silent as well; nothing else beside it."
    )

    @model_validator(mode="before")
    @classmethod
    def _silence_stands_alone(cls, value: object, info: ValidationInfo) -> object:
        silence_stands_alone(value, info)
        return value

    @property
    def expectations(self) -> SpeechExpectations:
        """What is expected of the agent in this step."""
        return self


class PlayStep(Section):
    """Send a recording to the agent instead of synthetic speech."""

    play: AudioFile = Field(
        description="An audio file with speech in it; the path starts at this file's folder. What"
        " is around the words does not count: they begin and end where speech is found."
    )
    transcript: Text | None = Field(None, description="The words spoken in the recording.")
    gain: Level | None = Field(None, description="Louder or softer by this much, such as -6dB.")


class InterruptStep(Section):
    """Speak over the agent, which has to stop."""

    interrupt: Text = Field(description="What the user says while the agent is speaking.")
    after: PositiveDuration = Field(
        1.0, description="How long the agent has to have been speaking before, such as 800ms."
    )
    after_words: Count | None = Field(
        None, description="How many words of the agent have to have been heard, instead of 'after'."
    )
    mode: Literal["auto", "native", "voice"] = Field(
        "auto",
        description="'native' uses the platform's own signal, 'voice' only the user's speech.",
    )
    stops_within: PositiveDuration | None = Field(
        None, description="The agent has to fall silent this soon after the user began to speak."
    )
    if_missed: Literal["fail", "continue"] = Field(
        "fail", description="What it means that the agent had finished before it was interrupted."
    )
    voice: Text | None = Field(None, description="Another voice for this text alone.")
    rate: Rate | None = Field(None, description="Speaking rate of this text; 1 is normal.")
    language: Language | None = Field(None, description="Another language for this text alone.")


class BackchannelStep(Section):
    """Say something short while the agent is speaking, which has to go on."""

    backchannel: Text = Field(description="What the user says, such as: uh-huh.")
    after: PositiveDuration = Field(
        1.0, description="How long the agent has to have been speaking before, such as 800ms."
    )
    keeps_talking: Flag = Field(True, description="Whether the agent has to go on speaking.")
    voice: Text | None = Field(None, description="Another voice for this text alone.")
    rate: Rate | None = Field(None, description="Speaking rate of this text; 1 is normal.")
    language: Language | None = Field(None, description="Another language for this text alone.")


class NoiseStep(Section):
    """Make a sound that is not speech; an agent that is speaking has to go on."""

    noise: Noise = Field(description="A sound such as cough or door, or an audio file.")
    after: PositiveDuration | None = Field(
        None, description="Wait until the agent has been speaking this long; else at once."
    )
    keeps_talking: Flag = Field(True, description="Whether the agent has to go on speaking.")


class DtmfStep(Section):
    """Press keys."""

    dtmf: Keys = Field(description="Keys: 0 to 9, A to D, *, #; w is a pause of half a second.")
    mode: Literal["auto", "native", "inband"] = Field(
        "auto", description="'native' sends messages, 'inband' tones; 'auto' what the line can do."
    )


class TextStep(Section):
    """Type something to the agent instead of saying it."""

    text: Text = Field(
        description="What the user types; it is sent at once, where the line takes typed turns."
    )


class ImproviseStep(Section):
    """Let a language model play the user for a while."""

    improvise: Annotated[
        Improvise,
        BeforeValidator(improvise_section, json_schema_input_type=Text | Improvise | _Blank),
    ] = Field(
        description="A language model plays the user, turn by turn. Write what the user wants, or "
        "settings, or nothing."
    )


class HangupStep(Section):
    """End the call."""

    hangup: Annotated[None, BeforeValidator(_nothing)] = Field(
        None, description="The user ends the call; always the last step."
    )


class ExpectStep(Section):
    """Look at the call up to this moment."""

    expect: Checks = Field(description="What has to be true of the call up to this moment.")


class JudgeStep(Section):
    """Have the judge look at the call up to this moment."""

    judge: TextList = Field(
        description="Statements about the call up to this moment, for the judge at the top level."
    )


ACTIONS = {
    "agent": AgentStep,
    "user": UserStep,
    "silence": SilenceStep,
    "play": PlayStep,
    "interrupt": InterruptStep,
    "backchannel": BackchannelStep,
    "noise": NoiseStep,
    "dtmf": DtmfStep,
    "text": TextStep,
    "improvise": ImproviseStep,
    "hangup": HangupStep,
    "expect": ExpectStep,
    "judge": JudgeStep,
}


_SPOKEN = ("user", "interrupt", "backchannel")


def _step(value: object) -> object:
    """Every way to write a step as a mapping with one action; several or none are refused."""
    if isinstance(value, Scalar):
        return _bare_word(value)
    if not isinstance(value, dict):
        if isinstance(value, Sequence):
            raise refuse("expected a step, found a list")
        return value
    actions = [key for key in value if key in ACTIONS]
    if len(actions) == 1:
        _refuse_misplaced(actions[0], value)
        return value
    if actions:
        first, second = actions[:2]
        message = f"this step does two things, '{first}' and '{second}': start a line with '- '"
        raise refuse(message, at=position(value, second))
    if not value:
        raise refuse(f"this step is empty: write one of {', '.join(ACTIONS)}")
    key = next(iter(value))
    raise _no_action(key, position(value, key))


def _refuse_misplaced(action: str, step: dict[str, Any]) -> None:
    """What belongs to an `agent` step stands in one of the user, or the other way round."""
    written = step[action]
    if (
        action in _SPOKEN
        and isinstance(written, Mapping)
        and {"says", "say", "text"} & set(written)
    ):
        message = f"write the text right after '{action}:', without another key"
        raise refuse(message, at=position(step, action))
    if action == "expect" and isinstance(written, str) and written.strip():
        message = (
            "'expect' takes lines such as 'talk_overs: {max: 0}': did you mean "
            f"'agent: {written[:40]}'?"
        )
        raise refuse(message, at=position(step, action))


def _bare_word(word: Scalar) -> Mapping:
    if word in ("agent", "hangup", "improvise"):
        return Mapping([(word, Scalar("", word.line, word.column))], word.line, word.column)
    if word in ACTIONS:
        raise refuse(f"'{word}' needs something after it: write '- {word}: …'")
    if not word:
        raise refuse(f"this step is empty: write one of {', '.join(ACTIONS)}")
    if word.partition(":")[0] in ACTIONS:
        raise refuse(f"write a space after the ':' of '{word.partition(':')[0]}:'")
    if not word.isidentifier():
        raise refuse(f"expected a step, found {shown(word)}: to say it, write '- user: …'")
    raise refuse(f"unknown step {shown(word)}", instead_of=(word, ACTIONS))


def _no_action(key: str, at: tuple[int, int]) -> PydanticCustomError:
    if key in Expectations.model_fields:
        return refuse(f"'{key}' needs a step: write '- agent:' above it, and indent it", at=at)
    if key.startswith("-"):
        return refuse("write a space after the '-'", at=at)
    if not key.isidentifier():
        hint = "if this is a text, write '- user: \"…\"'"
        return refuse(f"expected a step, found {shown(key)}: {hint}", at=at)
    return refuse(f"unknown step {shown(key)}", at=at, instead_of=(key, ACTIONS))


def _kind(value: Any) -> str | None:
    """The name of the class of a step."""
    if isinstance(value, dict):
        return next((ACTIONS[key].__name__ for key in value if key in ACTIONS), None)
    return type(value).__name__


_StepAsWritten: TypeAlias = (
    Literal["agent", "hangup", "improvise"]
    | AgentStep
    | UserStep
    | SilenceStep
    | PlayStep
    | InterruptStep
    | BackchannelStep
    | NoiseStep
    | DtmfStep
    | TextStep
    | ImproviseStep
    | HangupStep
    | ExpectStep
    | JudgeStep
)

Step: TypeAlias = Annotated[
    Annotated[AgentStep, Tag("AgentStep")]
    | Annotated[UserStep, Tag("UserStep")]
    | Annotated[SilenceStep, Tag("SilenceStep")]
    | Annotated[PlayStep, Tag("PlayStep")]
    | Annotated[InterruptStep, Tag("InterruptStep")]
    | Annotated[BackchannelStep, Tag("BackchannelStep")]
    | Annotated[NoiseStep, Tag("NoiseStep")]
    | Annotated[DtmfStep, Tag("DtmfStep")]
    | Annotated[TextStep, Tag("TextStep")]
    | Annotated[ImproviseStep, Tag("ImproviseStep")]
    | Annotated[HangupStep, Tag("HangupStep")]
    | Annotated[ExpectStep, Tag("ExpectStep")]
    | Annotated[JudgeStep, Tag("JudgeStep")],
    Discriminator(_kind),
    BeforeValidator(_step, json_schema_input_type=_StepAsWritten),
]
