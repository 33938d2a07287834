"""What a text is made of once it is read."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

__all__ = ["Cell", "Key", "Unit", "Way", "digits", "number", "plain", "word"]

_EXACT = 27
"""Digits of a number that Decimal does not round."""
Key: TypeAlias = tuple[str, str]
"""A kind and a value: ("number", "4.5"), ("time", "9:30"), ("digits", "0455")."""


@dataclass(frozen=True)
class Unit:
    """One word or number, with everything it may stand for; two are the same if they share one."""

    keys: frozenset[Key]
    spoken: tuple[str, ...]
    """Its words for a word error rate, numbers digit by digit."""
    chars: str = ""
    """Its letters and digits, where they may be read one by one; empty where they may not."""


Way: TypeAlias = tuple[Unit, ...]
"""One reading of a stretch of text."""


@dataclass(frozen=True)
class Cell:
    """A stretch of text that is read in one or several ways."""

    ways: tuple[Way, ...]
    whole: bool = False
    """Whether no match begins or ends between its units: 2 hours 15 minutes."""


def plain(value: Decimal | int) -> str:
    """A number as it is compared: no exponent, no zeros behind the last decimal."""
    text = format(Decimal(value).normalize(), "f")
    return "0" if text in ("-0", "") else text


def word(text: str, *more: Key) -> Unit:
    """A word, and what else it stands for."""
    return Unit(frozenset({("word", text), *more}), (text,), text)


def number(value: Decimal | int, *more: Key) -> Unit:
    """A number with a value, and what else it stands for."""
    text = plain(value)
    whole = text if text.isdigit() else ""
    return Unit(frozenset({("number", text), *more}), tuple(text), whole)


def digits(text: str, *more: Key) -> Unit:
    """Digits read one by one; without a zero in front they are a number as well."""
    keys: set[Key] = {("digits", text), *more}
    if len(text) == 1 or (not text.startswith("0") and len(text) <= _EXACT):
        keys.add(("number", plain(Decimal(text))))
    return Unit(frozenset(keys), tuple(text), text)
