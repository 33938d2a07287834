"""What happens to sound on its way: effects, background, and the line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Field, ValidationInfo, model_validator

from voicetest.audio.noises.library import names, path
from voicetest.scenario.nodes import shown
from voicetest.scenario.quantities import one_word
from voicetest.scenario.refusals import refuse
from voicetest.scenario.section import Section
from voicetest.scenario.values import (
    Level,
    Only,
    PositiveDuration,
    Share,
    Text,
    input_file,
)

__all__ = ["Background", "Effect", "Effects", "Line", "Noise", "Way", "background_section"]

BackgroundName = Literal["cafe", "street", "office", "babble"]
_BACKGROUNDS = ("cafe", "street", "office", "babble")
_PLAIN_EFFECTS = ("phone", "robotic")
_SETTABLE_EFFECTS = ("gain", "echo", "custom")


def _noise(value: object, info: ValidationInfo) -> Path:
    if isinstance(value, str) and value in names():
        return path(value)
    return _file_or_name(value, info, names(), "sound")


def _file_or_name(value: object, info: ValidationInfo, known: tuple[str, ...], what: str) -> Path:
    """A file; a word that looks like a name is refused as an unknown one."""
    text = one_word(value, f"a {what} or a file")
    if not {"/", "\\", "."} & set(text):
        raise refuse(f"{shown(value)} is neither a {what} nor a file", instead_of=(text, known))
    return input_file(value, info)


def _background_sound(value: object, info: ValidationInfo) -> object:
    if isinstance(value, str) and value in _BACKGROUNDS:
        return str(value)
    return _file_or_name(value, info, _BACKGROUNDS, "background")


def background_section(value: object) -> object:
    """`background: cafe` for short means `background: {sound: cafe}`."""
    return {"sound": value} if isinstance(value, str) else value


Noise = Annotated[Path, BeforeValidator(_noise, json_schema_input_type=Text)]


class Background(Section):
    """What is heard behind the user."""

    sound: Annotated[
        BackgroundName | Path,
        BeforeValidator(_background_sound, json_schema_input_type=BackgroundName | Text),
    ] = Field(description="cafe, street, office, babble, or an audio file.")
    snr: Level = Field(
        15.0, description="How far the user's speech is above the background, such as 15dB."
    )


class Effect(Section):
    """One change of the user's sound; exactly one of its keys."""

    phone: Only = Field(False, description="As it comes out of a telephone.")
    robotic: Only = Field(False, description="As a machine would speak.")
    gain: Level | None = Field(None, description="Louder or softer by this much, such as -6dB.")
    echo: PositiveDuration | None = Field(None, description="An echo this much later: 120ms.")
    custom: Text | None = Field(None, description="An effect that a package of yours provides.")

    @model_validator(mode="before")
    @classmethod
    def _one_word(cls, value: object) -> object:
        if isinstance(value, str):
            if value in _PLAIN_EFFECTS:
                return {str(value): True}
            if value in _SETTABLE_EFFECTS:
                raise refuse(f"'{value}' needs a value: write {{{value}: …}}")
            known = (*_PLAIN_EFFECTS, *_SETTABLE_EFFECTS)
            raise refuse(f"unknown effect {shown(value)}", instead_of=(value, known))
        if isinstance(value, dict) and len(value) != 1:
            raise refuse("write each effect on its own, such as [phone, {gain: -6dB}]")
        return value


def _effects(value: object) -> object:
    """One effect for short means a list of it."""
    return (value,) if isinstance(value, str | dict) else value


Effects: TypeAlias = Annotated[
    tuple[Effect, ...],
    BeforeValidator(
        _effects, json_schema_input_type=Literal["phone", "robotic"] | Effect | list[Any]
    ),
]


class Dropouts(Section):
    """Silence that comes again and again."""

    every: PositiveDuration = Field(description="From the start of one to the start of the next.")
    for_: PositiveDuration = Field(alias="for", description="How long each one lasts.")

    @model_validator(mode="after")
    def _leaves_something(self) -> Dropouts:
        if self.for_ >= self.every:
            raise refuse("'for' is as long as 'every': nothing would be left of the sound")
        return self


def _burst(value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        number = float(value)
    else:
        try:
            number = float(one_word(value, "a number of frames such as 4"))
        except ValueError:
            raise refuse(f"expected a number of frames such as 4, found {shown(value)}") from None
    if not 1 <= number <= 1000:
        raise refuse(f"expected a number of frames from 1 to 1000, found {shown(value)}")
    return number


class Way(Section):
    """What a line does to the sound on its way in one direction."""

    loss: Share = Field(0.0, description="Share of the 20 ms frames that are lost, such as 3%.")
    burst: Annotated[float, BeforeValidator(_burst)] = Field(
        1.0, description="How many frames are lost at a time on average."
    )
    codec: Literal["g711"] | None = Field(None, description="g711: a telephone's µ-law codec.")
    dropouts: Dropouts | None = Field(None, description="Silence that comes again and again.")

    @model_validator(mode="after")
    def _leaves_something(self) -> Way:
        if self.loss >= 1:
            raise refuse("'loss' leaves nothing of the sound: write less than 100%")
        shortest = self.loss / (1 - self.loss)
        if self.burst < shortest:
            raise refuse(f"so much 'loss' needs a 'burst' of at least {shortest:.3g} frames")
        return self


class Line(Section):
    """How bad the line is."""

    uplink: Way = Field(default_factory=Way, description="From the user to the agent.")
    downlink: Way = Field(default_factory=Way, description="From the agent to the user.")
