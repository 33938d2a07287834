"""Amounts of money: $4.50, four dollars and fifty cents, EUR 5, fifty cents."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from voicetest.speech.words.atoms import Number
from voicetest.speech.words.lexicon import Lexicon
from voicetest.speech.words.place import Place, Read
from voicetest.speech.words.unit import Unit, Way, number, plain, word

__all__ = ["any_money", "currency_at", "money_at", "money_unit"]

_IN_HUNDREDTHS = {"dollars": "cents", "euros": "cents", "pounds": "pence", "rupees": "paise"}
"""How less than one of a currency is said."""

_DOLLARS = ("usd", "aud", "cad", "nzd", "hkd", "sgd")
_PREFIXES = frozenset({"us", "u", "a", "au", "ca", "c", "nz", "hk", "s"})
"""Countries whose dollars are written with a letter or two in front of their sign."""


def any_money(lexicon: Lexicon, part: str = "") -> Unit:
    """The unit of an amount that was said without one: four fifty; or only in parts: 99 pence."""
    apart = _IN_HUNDREDTHS.get
    names = (name for name in lexicon.currencies.values() if part in ("", apart(name, "cents")))
    return Unit(frozenset(("money", name) for name in names), ())


def currency_at(place: Place, offset: int) -> tuple[str, int] | None:
    """The currency there, and its atoms: a sign, a code, a word."""
    known = place.lexicon.currencies
    name = place.word(offset) or place.mark(offset)
    if name in known:
        dotted = len(name) <= 3 and place.mark(offset + 1) == "."
        return known[name], 1 + (dotted and isinstance(place[offset + 2], Number))
    if (
        "$" in known
        and place.mark(offset + 1) == "$"
        and (before := place[offset + 1])
        and before.glued
        and name
    ):
        return (known.get(f"{name}$", known["$"]), 2) if name in _PREFIXES else None
    return None


def money_at(place: Place) -> Read:
    """An amount at this place."""
    before = currency_at(place, 0)
    if before is not None and (amount := place.number(before[1])) is not None:
        value, width = amount.value, before[1] + 1
        if place.word(width) == "m" and (scale := place[width]) is not None and scale.glued:
            value, width = value * 10**6, width + 1
        return width, (_amount(value, before[0]),)
    if place.word(0) in place.lexicon.ones and place.word(1) and (one := currency_at(place, 1)):
        part = _hundredths(place, 1 + one[1])
        if part[1]:
            return 1 + one[1] + part[1], (_amount(1 + part[0], one[0]),)
        return 1 + one[1], (_amount(Decimal(1), one[0]), (word(place.word(0)), word(one[0])))
    amount = place.number(0)
    if amount is None:
        return None
    of = place.among(1, place.lexicon.of | place.lexicon.elided) if amount.value >= 10**6 else 0
    after = currency_at(place, 1 + of)
    if after is not None:
        rest = _hundredths(place, 1 + of + after[1])
        value = amount.value + rest[0]
        return 1 + of + after[1] + rest[1], (_amount(value, after[0]),)
    tenths = place.lexicon.change.get(place.word(1))
    if tenths == 10:
        rest = _hundredths(place, 2)
        return 2 + rest[1], ((number(amount.value / 10 + rest[0]), any_money(place.lexicon)),)
    unit = place.word(1) or place.mark(1)
    if unit in place.lexicon.hundredths and (len(unit) > 1 or not place.word(1) or _glued(place)):
        name = place.lexicon.hundredths[unit]
        whole = number(amount.value / 100)
        return 2, ((number(amount.value), word(name)), (whole, any_money(place.lexicon, name)))
    return None


def _glued(place: Place) -> bool:
    after = place[1]
    return after is not None and after.glued


def _hundredths(place: Place, offset: int) -> tuple[Decimal, int]:
    """What follows a whole amount: `and fifty cents`, and `fifty` in some languages."""
    if place.lexicon.change and (small := _change(place, offset))[1]:
        return small
    joined = int(place.mark(offset) == ",")
    joined += place.among(offset + joined, place.lexicon.joins | place.lexicon.plus)
    part = place.number(offset + joined)
    if part is None or part.value >= 100 or part.value % 1:
        return Decimal(0), 0
    unit = place.word(offset + joined + 1) or place.mark(offset + joined + 1)
    if unit in place.lexicon.hundredths:
        return part.value / 100, joined + 2
    if place.lexicon.short_tenths and not joined and part.single:
        return part.value / 10, 1
    short = place.lexicon.joined_money if joined else place.lexicon.short_money
    alone = place.number(offset + joined + 1) is None and unit not in place.lexicon.units
    if short and part.value >= 10 and len(part.digits) == 2 and (alone or not part.written):
        return part.value / 100, joined + 1
    return Decimal(0), 0


def _change(place: Place, offset: int) -> tuple[Decimal, int]:
    """Small money behind an amount: 四角五分."""
    value, at = Decimal(0), offset
    while True:
        skipped = int(place.whole(at) == 0 and place.number(at + 1) is not None)
        part, unit = place.number(at + skipped), place.word(at + skipped + 1)
        parts = place.lexicon.change.get(unit)
        if part is not None and value and part.single and not unit and not skipped:
            return value + part.value / 100, at + 1 - offset  # 一毛八
        if part is None or parts is None or part.value >= 10:
            return value, at - offset
        value, at = value + part.value / parts, at + skipped + 2


def money_unit(currency: str) -> Unit:
    """The unit of an amount; dollars of no country are those of any."""
    if currency in _DOLLARS:
        return word(currency, ("money", currency), ("dollars", currency))
    any_of = _DOLLARS if currency == "dollars" else ()
    return word(currency, ("money", currency), *(("dollars", name) for name in any_of))


def _amount(value: Decimal, currency: str) -> Way:
    amount, unit = number(value), money_unit(currency)
    if 0 < value < 1 and currency in _IN_HUNDREDTHS:
        amount = replace(amount, spoken=tuple(plain(value * 100)))
        unit = replace(unit, spoken=(_IN_HUNDREDTHS[currency],))
    return amount, unit
