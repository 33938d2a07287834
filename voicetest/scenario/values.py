"""What a field of a YAML file may hold: texts, durations, shares, levels, files, JSON."""

from __future__ import annotations

import re
import stat
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, ValidationInfo, WithJsonSchema

from voicetest.scenario.json_values import json_value
from voicetest.scenario.losses import lost, not_a_text
from voicetest.scenario.nodes import Mapping, Scalar, Sequence, shown
from voicetest.scenario.refusals import folder, refuse, spent_on_patterns

__all__ = [
    "AudioFile",
    "Count",
    "Duration",
    "Flag",
    "InputFile",
    "Json",
    "JsonObject",
    "Level",
    "Only",
    "Pattern",
    "PositiveDuration",
    "Rate",
    "Share",
    "Text",
    "TextList",
    "literal_text",
]

LONGEST_SECONDS = 24 * 3600.0
LONGEST_PATTERN = 500
MAX_PATTERN_COST = 10_000  # of a whole file, in characters

_VARIABLE = r"|.*\$\{.+\}.*"
_NUMBER = r"(?:\d+(?:\.\d+)?|\.\d+)"
_DURATION = re.compile(rf"({_NUMBER})\s*(ms|s|m|h)")
_SHARE = re.compile(rf"({_NUMBER})\s*%")
_LEVEL = re.compile(rf"([+-]?{_NUMBER})\s*dB", re.IGNORECASE)
_BARE = re.compile(_NUMBER)
# Ignoring case, Python walks through every character of such a range when it compiles it.
_WIDE_RANGE = re.compile(r"-(?:[^\x00-\x7f]|\\[uUN])")
_PER_UNIT: dict[str, Callable[[float], float]] = {
    "ms": lambda number: number / 1000,
    "s": lambda number: number,
    "m": lambda number: number * 60,
    "h": lambda number: number * 3600,
}


def _plain(value: object, expected: str) -> str:
    if isinstance(value, str) and value.strip():
        return value.strip()
    raise refuse(f"expected {expected}, found {shown(value)}")


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


def _texts(value: object) -> object:
    if isinstance(value, str):
        return (value,)
    if isinstance(value, Mapping):
        raise refuse(not_a_text(value))
    if isinstance(value, list | tuple) and not value:
        raise refuse("this list is empty: write at least one text")
    return value


def _duration(value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    text = _plain(value, "a duration such as 800ms, 1.5s or 2m")
    found = _DURATION.fullmatch(text)
    if not found:
        if _is_bare(value, text):
            raise refuse(f"{text} has no unit: write {_with_unit(text)}")
        raise refuse(f"expected a duration such as 800ms, 1.5s or 2m, found {shown(value)}")
    seconds = _PER_UNIT[found[2]](float(found[1]))
    if seconds > LONGEST_SECONDS:
        raise refuse(f"{shown(value)} is too long: 24h is the most")
    return seconds


def _is_bare(value: object, text: str) -> bool:
    """Whether the text is a number without a unit, short and public enough to repeat."""
    secret = isinstance(value, Scalar) and value.secret
    return len(text) <= 20 and not secret and _BARE.fullmatch(text) is not None


def _with_unit(number: str) -> str:
    amount = float(number)
    return f"{number}ms or {number}s" if amount >= 100 else f"{number}s or {amount * 1000:g}ms"


def _positive(value: object) -> float:
    seconds = _duration(value)
    if seconds <= 0:
        raise refuse(f"{shown(value)} is too short: write more than 0s")
    return seconds


def _share(value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    text = _plain(value, "a share such as 80%")
    found = _SHARE.fullmatch(text)
    if found and float(found[1]) <= 1000:
        return float(found[1]) / 100
    if not found and _is_bare(value, text):
        amount = float(text)
        per_cent = amount * 100 if amount <= 1 and "." in text else amount
        raise refuse(f"{text} has no unit: write {per_cent:g}%")
    raise refuse(f"expected a share such as 80%, found {shown(value)}")


def _level(value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    text = _plain(value, "a level such as 15dB or -6dB")
    found = _LEVEL.fullmatch(text)
    if found and abs(float(found[1])) <= 200:
        return float(found[1])
    if _is_bare(value, text.lstrip("-")):
        raise refuse(f"{text} has no unit: write {text}dB")
    raise refuse(f"expected a level such as 15dB or -6dB, found {shown(value)}")


def _count(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    text = _plain(value, "a whole number")
    if re.fullmatch(r"[0-9]{1,9}", text):
        return int(text)
    raise refuse(f"expected a whole number such as 3, found {shown(value)}")


def _rate(value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    text = _plain(value, "a speaking rate such as 1.2")
    if re.fullmatch(_NUMBER, text) and 0.25 <= float(text) <= 4:
        return float(text)
    raise refuse(f"expected a speaking rate between 0.25 and 4 (1 is normal), found {shown(value)}")


def _flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    match _plain(value, "true or false").lower():
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


def _pattern(value: object, info: ValidationInfo) -> re.Pattern[str]:
    if isinstance(value, re.Pattern):
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
            return re.compile(text, re.IGNORECASE)
    except (re.error, RecursionError, OverflowError) as error:
        raise refuse(f"this is not a regular expression: {error}") from None


def _input_file(value: object, info: ValidationInfo) -> Path:
    if isinstance(value, Path):
        value = str(value)
    name = literal_text(value)
    if isinstance(value, Scalar) and value.unresolved:
        raise refuse(f"{shown(value)} is not known")
    path = folder(info) / name
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        raise refuse(f"there is no file {shown(value)} (looked in {folder(info)})") from None
    if not stat.S_ISREG(mode):
        raise refuse(f"{shown(value)} is not a file")
    return path.resolve()


def _json_object(value: object) -> object:
    if not isinstance(value, dict):
        raise refuse(f"expected a mapping, lines of 'key: value', found {shown(value)}")
    return json_value(value)


def _schema(pattern: str, *examples: str) -> WithJsonSchema:
    return WithJsonSchema(
        {"type": "string", "pattern": f"^(?:{pattern}{_VARIABLE})$", "examples": list(examples)}
    )


_TEXT_SCHEMA: dict[str, Any] = {"type": ["string", "number", "boolean"], "minLength": 1}
_DURATION_SCHEMA = _schema(rf"{_NUMBER}\s*(?:ms|s|m|h)", "800ms", "1.5s", "2m")

Text = Annotated[str, BeforeValidator(literal_text), WithJsonSchema(_TEXT_SCHEMA)]
TextList = Annotated[
    tuple[Text, ...],
    BeforeValidator(_texts),
    WithJsonSchema(
        {"anyOf": [_TEXT_SCHEMA, {"type": "array", "items": _TEXT_SCHEMA, "minItems": 1}]}
    ),
]
Duration = Annotated[float, BeforeValidator(_duration), _DURATION_SCHEMA]
PositiveDuration = Annotated[float, BeforeValidator(_positive), _DURATION_SCHEMA]
Share = Annotated[float, BeforeValidator(_share), _schema(rf"{_NUMBER}\s*%", "80%", "2.5%")]
Level = Annotated[
    float, BeforeValidator(_level), _schema(rf"[+-]?{_NUMBER}\s*[dD][bB]", "15dB", "-6dB")
]
Count = Annotated[
    int,
    BeforeValidator(_count),
    WithJsonSchema({"type": ["integer", "string"], "minimum": 0, "pattern": r"^\d+$|\$\{"}),
]
Rate = Annotated[
    float,
    BeforeValidator(_rate),
    WithJsonSchema({"type": ["number", "string"], "minimum": 0.25, "maximum": 4}),
]
Flag = Annotated[bool, BeforeValidator(_flag), WithJsonSchema({"type": "boolean"})]
Only = Annotated[bool, BeforeValidator(_only), WithJsonSchema({"const": True})]
Pattern = Annotated[
    re.Pattern[str], BeforeValidator(_pattern), WithJsonSchema({"type": "string", "minLength": 1})
]
InputFile = Annotated[
    Path, BeforeValidator(_input_file), WithJsonSchema({"type": "string", "minLength": 1})
]
AudioFile = InputFile
Json = Annotated[Any, BeforeValidator(json_value), WithJsonSchema({})]
JsonObject = Annotated[
    dict[str, Any], BeforeValidator(_json_object), WithJsonSchema({"type": "object"})
]
