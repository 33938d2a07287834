"""What an agent does wrong on purpose: the `faults:` of a dialogue file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, GetPydanticSchema, WithJsonSchema
from pydantic_core import core_schema

from voicetest.agents.quirks import QUIRKS
from voicetest.scenario.nodes import position, shown
from voicetest.scenario.refusals import refuse
from voicetest.scenario.section import Section
from voicetest.scenario.values import Count, Level, Only, PositiveDuration, Text

__all__ = ["HEALTHY", "FaultList", "Faults", "Unheard"]

Unheard = Literal["text", "zeros", "noise"]
"""What comes of an answer that nobody hears: its words alone, or with sound that is no speech."""


@dataclass(frozen=True)
class Faults:
    """What is wrong with an agent; nothing by default, all times in seconds.

    `slow` is added before each answer; `drops_call`, `stalls`, `malformed` and `fails` count
    utterances from 1 (0: never); `talks_over` is how much of the user's speech it hears before it
    answers (None: all of it).
    """

    never_yields: bool = False
    slow: float = 0.0
    mute: bool = False
    repeats: bool = False
    cuts_off: bool = False
    drops_call: int = 0
    ignores_keys: bool = False
    talks_over: float | None = None
    false_yields: bool = False
    refuses: bool = False
    stalls: int = 0
    malformed: int = 0
    fails: int = 0
    unheard: Unheard | None = None
    """What comes of an answer in place of speech."""
    background: float | None = None
    """The level in dBFS of noise under its voice."""
    quirks: frozenset[str] = frozenset()
    """What the platform does besides, by the names in `agents/quirks`."""


HEALTHY = Faults()
"""Nothing is wrong."""


class _Entry(Section):
    """One fault of the list: the key that is set. A default is what the name alone stands for."""

    never_yields: Only = Field(True, description="It speaks on when the user speaks over it.")
    slow: PositiveDuration = Field(
        3.0, description="It takes 3s longer, or as long as is written, to answer."
    )
    mute: Only = Field(
        True,
        description="It thinks, calls its tools, begins and ends its turns, but makes no sound "
        "and sends no transcripts of itself.",
    )
    repeats: Only = Field(True, description="It says each answer twice.")
    cuts_off: Only = Field(
        True,
        description="Its sound stops in the middle of each answer and the turn ends there; the "
        "transcript still has the whole text.",
    )
    drops_call: Annotated[Count, Field(ge=1)] = Field(
        2,
        description="The line breaks (code 1011) in the middle of the second thing it says, or "
        "of the one with the number that is written; the greeting counts.",
    )
    ignores_keys: Only = Field(True, description="It takes no notice of key presses.")
    talks_over: PositiveDuration = Field(
        0.8,
        description="It answers while the user still speaks, once it has heard 800ms of it, or "
        "as much as is written.",
    )
    false_yields: Only = Field(
        True, description="It stops at once for any sound of the user, speech or not."
    )
    refuses: Only = Field(True, description="It does not take the call: HTTP 503, where there is.")
    stalls: Annotated[Count, Field(ge=1)] = Field(
        2,
        description="It falls silent for ever in the middle of the second thing it says, or of "
        "the one with the number that is written, and the line stays open.",
    )
    malformed: Annotated[Count, Field(ge=1)] = Field(
        2,
        description="It sends a broken message in the middle of the second thing it says, or of "
        "the one with the number that is written, and speaks on.",
    )
    fails: Annotated[Count, Field(ge=1)] = Field(
        2,
        description="Its platform fails to make the second thing it would say, or the one with "
        "the number that is written: it says why where it has a word for that, and is silent.",
    )
    unheard: Unheard = Field(
        "text",
        description="Its greeting is heard and no answer is: each is its text alone, or its text "
        "with sound of zeros, or of noise at -30dB.",
    )
    background: Level = Field(
        -45.0,
        description="Noise of this level, counted from full scale, is under its voice, and on "
        "lines in real time between its turns as well.",
    )

    quirk: Text | None = Field(None, description="A quirk of the platform.")


_NAMES = tuple(name for name in _Entry.model_fields if name != "quirk")
_BARE = frozenset(name for name, field in _Entry.model_fields.items() if field.default is True)
"""The faults that take no parameter."""


def _entry(value: object) -> object:
    """A name, or a mapping of one name to its parameter, as the mapping of an entry."""
    if isinstance(value, dict):
        if len(value) != 1:
            raise refuse("write one fault after each '- '")
        (name,) = value
    elif isinstance(value, str):
        name = value
    else:
        raise refuse(f"expected a fault, found {shown(value)}")
    at = position(value, name)
    if name in QUIRKS and isinstance(value, str):
        return {"quirk": str(name)}
    if name not in _NAMES:
        names = (*_NAMES, *QUIRKS)
        raise refuse(f"unknown fault {shown(name)}", at=at, instead_of=(name, names))
    if isinstance(value, str):
        return {str(name): _Entry.model_fields[name].default}
    if name in _BARE or name in QUIRKS:
        raise refuse(f"'{name}' takes nothing: write '- {name}'", at=at)
    return value


def _entry_schema() -> dict[str, Any]:
    """Each name with what it means, and as the key of its parameter where it has one."""
    every = _Entry.model_json_schema()["properties"]
    properties = {name: every[name] for name in _NAMES}
    meanings = {**{name: about["description"] for name, about in properties.items()}, **QUIRKS}
    names = [{"const": name, "description": meaning} for name, meaning in meanings.items()]
    with_parameter = [
        {
            "type": "object",
            "properties": {name: about},
            "required": [name],
            "additionalProperties": False,
        }
        for name, about in properties.items()
        if name not in _BARE
    ]
    return {"anyOf": [*names, *with_parameter]}


_Fault = Annotated[_Entry, BeforeValidator(_entry), WithJsonSchema(_entry_schema())]


def _together(value: object, entries: Callable[[object], tuple[_Entry, ...]]) -> Faults:
    """The faults of a list; those that are ready stay as they are."""
    if isinstance(value, Faults):
        return value
    switched_on: dict[str, Any] = {}
    quirks: list[str] = []
    for entry in entries(value):
        for name, parameter in entry.model_dump(exclude_unset=True).items():
            if name in switched_on or parameter in quirks:
                raise refuse(f"the fault '{parameter if name == 'quirk' else name}' is here twice")
            if name == "quirk":
                quirks.append(parameter)
            else:
                switched_on[name] = parameter
    return Faults(**switched_on, quirks=frozenset(quirks))


def _list_schema(source: object, handler: Callable[[object], Any]) -> Any:
    return core_schema.no_info_wrap_validator_function(
        _together,
        handler(tuple[_Fault, ...]),
        serialization=core_schema.plain_serializer_function_ser_schema(asdict),
    )


FaultList = Annotated[Faults, GetPydanticSchema(_list_schema)]
"""Faults as a file lists them: `[mute, slow: 5s]`."""
