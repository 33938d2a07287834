"""JSON values out of a YAML tree, by the YAML 1.2 core schema: quoted texts stay texts."""

from __future__ import annotations

import math
import re
from typing import Any

from voicetest.scenario.losses import lost
from voicetest.scenario.nodes import Mapping, Scalar, Sequence, Style, shown
from voicetest.scenario.refusals import refuse

__all__ = ["json_value"]

LONGEST_NUMBER = 100

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEAN = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile(r"[-+]?[0-9]+")
_BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")


def json_value(value: object) -> Any:
    """A node as a JSON value; plain Python values pass unchanged."""
    match value:
        case Mapping():
            return {str(key): _entry(value, key) for key in value}
        case Sequence():
            return [json_value(item) for item in value]
        case Scalar():
            return _scalar(value)
        case _:
            return value


def _entry(mapping: Mapping, key: str) -> Any:
    value, place = mapping[key], mapping.keys_at[key]
    if value == "" and place.lacks_colon:
        message = f"{shown(key)} has no value: put a text that contains a comma in quotes"
        raise refuse(message, at=(place.line, place.column))
    return json_value(value)


def _scalar(scalar: Scalar) -> Any:
    text = str(scalar)
    if scalar.style is not Style.PLAIN:
        return text
    loss = lost(scalar)
    if loss:
        raise refuse(loss[0], at=loss[1])
    if text in _NULL:
        return None
    if text in _BOOLEAN:
        return _BOOLEAN[text]
    if len(text) <= LONGEST_NUMBER:
        return _number(scalar, text)
    if _FLOAT.fullmatch(text):
        raise _number_refused(scalar, "has too many digits for a number")
    return text


def _number(scalar: Scalar, text: str) -> int | float | str:
    if _BASED.fullmatch(text):
        return int(text, 0)
    if _INTEGER.fullmatch(text):
        if len(text.lstrip("+-")) > 1 and text.lstrip("+-").startswith("0"):
            raise _number_refused(scalar, "starts with a zero: as a number it would lose it")
        return int(text)
    if _FLOAT.fullmatch(text):
        number = float(text)
        if math.isinf(number):
            raise _number_refused(scalar, "is too large for a number")
        return number
    return text


def _number_refused(scalar: Scalar, reason: str) -> Exception:
    message = f"{shown(scalar)} {reason}; put it in quotes to keep it as text"
    return refuse(message, at=(scalar.line, scalar.column))
