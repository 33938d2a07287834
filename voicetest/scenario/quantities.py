"""Numbers with their units: durations, shares, levels, counts, speaking rates, money."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated

from pydantic import BeforeValidator, WithJsonSchema

from voicetest.scenario.nodes import Scalar, shown
from voicetest.scenario.refusals import refuse

__all__ = [
    "NUMBER",
    "Count",
    "Duration",
    "DurationOrOff",
    "Level",
    "Money",
    "PositiveDuration",
    "Rate",
    "Share",
    "between",
    "one_word",
]

LONGEST_SECONDS = 24 * 3600.0

_VARIABLE = r"|.*\$\{.+\}.*"
NUMBER = r"(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)"
_DURATION = re.compile(rf"({NUMBER})\s*(ms|s|m|h)")
_SHARE = re.compile(rf"({NUMBER})\s*%")
_LEVEL = re.compile(rf"([+-]?{NUMBER})\s*dB", re.IGNORECASE)
_MONEY = re.compile(rf"\$\s*({NUMBER})")
_BARE = re.compile(NUMBER)
_PER_UNIT: dict[str, Callable[[float], float]] = {
    "ms": lambda number: number / 1000,
    "s": lambda number: number,
    "m": lambda number: number * 60,
    "h": lambda number: number * 3600,
}


def one_word(value: object, expected: str) -> str:
    """The text of a field that holds no free text; `expected` says what it should be."""
    if isinstance(value, str) and value.strip():
        return value.strip()
    raise refuse(f"expected {expected}, found {shown(value)}")


def _duration(value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    text = one_word(value, "a duration such as 800ms, 1.5s or 2m")
    found = _DURATION.fullmatch(text)
    if not found:
        if len(text) <= 20 and _DURATION.fullmatch(text.replace(",", ".", 1)):
            raise refuse(f"write {text.replace(',', '.', 1)}: a decimal point, not a comma")
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


def _duration_or_off(value: object) -> float | None:
    if value is None or (isinstance(value, str) and value.strip().lower() == "off"):
        return None
    if isinstance(value, bool):
        raise refuse(f"expected a duration such as 20s, or off, found {shown(value)}")
    return _positive(value)


def _positive(value: object) -> float:
    seconds = _duration(value)
    if seconds <= 0:
        raise refuse(f"{shown(value)} is too short: write more than 0s")
    return seconds


def _share(value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    text = one_word(value, "a share such as 80%")
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
    text = one_word(value, "a level such as 15dB or -6dB")
    found = _LEVEL.fullmatch(text)
    if found and abs(float(found[1])) <= 200:
        return float(found[1])
    if _is_bare(value, text.lstrip("-")):
        raise refuse(f"{text} has no unit: write {text}dB")
    raise refuse(f"expected a level such as 15dB or -6dB, found {shown(value)}")


def _count(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    text = one_word(value, "a whole number")
    if re.fullmatch(r"[0-9]{1,9}", text):
        return int(text)
    raise refuse(f"expected a whole number such as 3, found {shown(value)}")


def between(least: int, most: int) -> Callable[[int], int]:
    """A validator of counts that may not be smaller than `least` or larger than `most`."""

    def check(count: int) -> int:
        if not least <= count <= most:
            raise refuse(f"expected a number from {least} to {most}, found {count}")
        return count

    return check


def _rate(value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    text = one_word(value, "a speaking rate such as 1.2")
    if re.fullmatch(NUMBER, text) and 0.25 <= float(text) <= 4:
        return float(text)
    raise refuse(f"expected a speaking rate between 0.25 and 4 (1 is normal), found {shown(value)}")


def _money(value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    text = one_word(value, "US dollars such as $0.50")
    found = _MONEY.fullmatch(text)
    if found:
        return float(found[1])
    if _is_bare(value, text):
        raise refuse(f"{text} has no currency: write ${text}")
    raise refuse(f"expected US dollars such as $0.50, found {shown(value)}")


def _schema(pattern: str, *examples: str) -> WithJsonSchema:
    return WithJsonSchema(
        {"type": "string", "pattern": f"^(?:{pattern}{_VARIABLE})$", "examples": list(examples)}
    )


_DURATION_SCHEMA = _schema(rf"{NUMBER}\s*(?:ms|s|m|h)", "800ms", "1.5s", "2m")

Duration = Annotated[float, BeforeValidator(_duration), _DURATION_SCHEMA]
PositiveDuration = Annotated[float, BeforeValidator(_positive), _DURATION_SCHEMA]
DurationOrOff = Annotated[
    float | None,
    BeforeValidator(_duration_or_off),
    _schema(rf"{NUMBER}\s*(?:ms|s|m|h)|off", "20s", "off"),
]
Share = Annotated[float, BeforeValidator(_share), _schema(rf"{NUMBER}\s*%", "80%", "2.5%")]
Level = Annotated[
    float, BeforeValidator(_level), _schema(rf"[+-]?{NUMBER}\s*[dD][bB]", "15dB", "-6dB")
]
Money = Annotated[float, BeforeValidator(_money), _schema(rf"\$\s*{NUMBER}", "$0.50", "$2")]
Count = Annotated[
    int,
    BeforeValidator(_count),
    WithJsonSchema({"type": ["integer", "string"], "minimum": 0, "pattern": r"^[0-9]+$|\$\{"}),
]
Rate = Annotated[
    float,
    BeforeValidator(_rate),
    WithJsonSchema({"type": ["number", "string"], "minimum": 0.25, "maximum": 4}),
]
