"""What a field of a YAML file may hold: texts, flags, patterns, files, JSON, and quantities."""

from __future__ import annotations

import re
import stat
import warnings
from pathlib import Path
from typing import Annotated, Any

import regex
from pydantic import BeforeValidator, InstanceOf, ValidationInfo, WithJsonSchema

from voicetest.scenario.json_values import json_value
from voicetest.scenario.losses import lost, not_a_text
from voicetest.scenario.nodes import Mapping, Scalar, Sequence, shown
from voicetest.scenario.patterns import TextPattern
from voicetest.scenario.quantities import (
    Count,
    Duration,
    DurationOrOff,
    Level,
    Money,
    PositiveDuration,
    Rate,
    Share,
    one_word,
)
from voicetest.scenario.refusals import folder, refuse, spent_on_patterns

__all__ = [
    "AudioFile",
    "Count",
    "Duration",
    "DurationOrOff",
    "Flag",
    "InputFile",
    "Json",
    "JsonObject",
    "Keys",
    "Language",
    "Level",
    "Money",
    "Only",
    "Pattern",
    "Phrase",
    "PhraseList",
    "PositiveDuration",
    "Rate",
    "Share",
    "Text",
    "TextList",
    "input_file",
    "literal_text",
]

LONGEST_PATTERN = 500
MAX_PATTERN_COST = 10_000  # of a whole file, in characters

# Ignoring case, Python walks through every character of such a range when it compiles it.
_WIDE_RANGE = re.compile(r"-(?:[^\x00-\x7f]|\\[uUN])")


_COMPARED = regex.compile(r"[\p{L}\p{N}#%&$€£]")


def literal_text(value: object) -> str:
    """A text as it is written; refused when it is empty or YAML took something away from it."""
    if isinstance(value, Mapping | Sequence):
        raise refuse(not_a_text(value))
    if not isinstance(value, str):
        raise refuse(f"expected a text, found {shown(value)}")
    loss = lost(value)
    if loss:
        raise refuse(loss[0], at=loss[1])
    if not value.strip():
        raise refuse("expected a text, found nothing")
    return str(value)


def _phrase(value: object) -> str:
    text = literal_text(value)
    if not _COMPARED.search(text):
        raise refuse(f"{shown(value)} has no word in it to compare: write what is said")
    return text


def _texts(value: object) -> object:
    if isinstance(value, str):
        return (value,)
    if isinstance(value, Mapping):
        raise refuse(not_a_text(value))
    if isinstance(value, list | tuple) and not value:
        raise refuse("this list is empty: write at least one text")
    return value


def _flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    match one_word(value, "true or false").lower():
        case "true":
            return True
        case "false":
            return False
        case _:
            raise refuse(f"expected true or false, found {shown(value)}")


def _only(value: object) -> bool:
    if isinstance(value, bool) or _flag(value):
        return value is not False
    raise refuse("'false' would check nothing: leave the line out")


def _pattern(value: object, info: ValidationInfo) -> TextPattern:
    if isinstance(value, TextPattern):
        return value
    text = literal_text(value)
    if len(text) > LONGEST_PATTERN:
        raise refuse(f"this regular expression has more than {LONGEST_PATTERN} characters")
    cost = len(text) + LONGEST_PATTERN * len(_WIDE_RANGE.findall(text))
    if spent_on_patterns(info, cost) > MAX_PATTERN_COST:
        raise refuse("the regular expressions of this file are too long altogether")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            pattern = TextPattern(text)
            pattern.compile()
    except (regex.error, RecursionError, OverflowError) as error:
        raise refuse(f"this is not a regular expression: {error}") from None
    return pattern


def _language(value: object) -> str:
    tag = one_word(value, "a language such as en, de or pt-BR")
    if not re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", tag):
        raise refuse(
            f"{shown(value)} is no language: write its short name, such as en, de or pt-BR"
        )
    return tag


def input_file(value: object, info: ValidationInfo) -> Path:
    """The path of a file that exists, from the folder of the scenario."""
    name = str(value) if isinstance(value, Path) else literal_text(value)
    if isinstance(value, Scalar) and value.unresolved:
        raise refuse(f"{shown(value)} is not known")
    start = folder(info, value)
    path = start / name
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        raise refuse(f"there is no file {shown(value)} (looked in {start})") from None
    if not stat.S_ISREG(mode):
        raise refuse(f"{shown(value)} is not a file")
    return path.resolve()


def _keys(value: object) -> str:
    keys = one_word(value, "keys such as 123#")
    plain = keys.replace(" ", "").upper().replace("W", "w")
    if not re.fullmatch(r"[0-9A-D*#w]+", plain):
        raise refuse(f"{shown(value)} is not made of keys: 0 to 9, A to D, *, # and w for a pause")
    if not plain.strip("w"):
        raise refuse(f"{shown(value)} presses no key")
    return plain


def _json_object(value: object) -> object:
    if not isinstance(value, dict):
        raise refuse(f"expected a mapping, lines of 'key: value', found {shown(value)}")
    return json_value(value)


_TEXT_SCHEMA: dict[str, Any] = {"type": ["string", "number", "boolean"], "minLength": 1}
Text = Annotated[str, BeforeValidator(literal_text), WithJsonSchema(_TEXT_SCHEMA)]
TextList = Annotated[
    tuple[Text, ...],
    BeforeValidator(_texts),
    WithJsonSchema(
        {"anyOf": [_TEXT_SCHEMA, {"type": "array", "items": _TEXT_SCHEMA, "minItems": 1}]}
    ),
]
Phrase = Annotated[str, BeforeValidator(_phrase), WithJsonSchema(_TEXT_SCHEMA)]
"""Words that are held against what is said."""
PhraseList = Annotated[
    tuple[Phrase, ...],
    BeforeValidator(_texts),
    WithJsonSchema(
        {"anyOf": [_TEXT_SCHEMA, {"type": "array", "items": _TEXT_SCHEMA, "minItems": 1}]}
    ),
]
Flag = Annotated[bool, BeforeValidator(_flag), WithJsonSchema({"type": "boolean"})]
Only = Annotated[bool, BeforeValidator(_only), WithJsonSchema({"const": True})]
Pattern = Annotated[
    InstanceOf[TextPattern],
    BeforeValidator(_pattern),
    WithJsonSchema({"type": "string", "minLength": 1}),
]
Language = Annotated[
    str,
    BeforeValidator(_language),
    WithJsonSchema({"type": "string", "examples": ["en", "de", "pt-BR"]}),
]
"""A language by its tag of BCP 47."""
InputFile = Annotated[
    Path, BeforeValidator(input_file), WithJsonSchema({"type": "string", "minLength": 1})
]
AudioFile = InputFile
Keys = Annotated[
    str,
    BeforeValidator(_keys),
    WithJsonSchema({"type": ["string", "integer"], "minLength": 1, "examples": ["123#", "1w2"]}),
]
Json = Annotated[Any, BeforeValidator(json_value), WithJsonSchema({})]
JsonObject = Annotated[
    dict[str, Any], BeforeValidator(_json_object), WithJsonSchema({"type": "object"})
]
