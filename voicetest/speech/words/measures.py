"""Numbers that mean something only with what stands at them: 15%, 2 hours 15 minutes, 6'2"."""

from __future__ import annotations

from collections.abc import Mapping

from voicetest.speech.words.fractions import fraction_at
from voicetest.speech.words.place import Place, Read
from voicetest.speech.words.unit import Way, number, word

__all__ = ["percent_at", "together_at"]

_SMALLER: Mapping[str, frozenset[str]] = {
    "feet": frozenset({"inches"}),
    "pounds": frozenset({"ounces"}),
    "years": frozenset({"months", "days"}),
    "weeks": frozenset({"days"}),
    "days": frozenset({"hours"}),
    "hours": frozenset({"minutes"}),
    "minutes": frozenset({"seconds"}),
    "meters": frozenset({"centimeters"}),
    "kilograms": frozenset({"grams"}),
}
"""Units, and those that go on with what is left over."""


def percent_at(place: Place) -> Read:
    """A share of a hundred, with its word or sign behind the number or in front of it."""
    share = place.number(1)
    if place.word(0) in place.lexicon.percent_before and share is not None:
        return 2, ((number(share.value), word("percent")),)
    value = place.number(0)
    found = fraction_at(place) or (value and (1, ((number(value.value),),)))
    if not found or not _is_percent(place, found[0]):
        return None
    ways: tuple[Way, ...] = tuple((*way, word("percent")) for way in found[1])
    return found[0] + 1, ways


def _is_percent(place: Place, offset: int) -> bool:
    named = place.lexicon.units.get(place.word(offset), place.word(offset))
    return named == "percent" or place.mark(offset) == "%"


def together_at(place: Place) -> Read:
    """A measure in two units: `2 hours and 15 minutes`, `6 ft 2 in`, `six foot two`, `6'2"`."""
    lexicon, first = place.lexicon, place.number(0)
    if first is None or not first.digits:
        return None
    unit = "feet" if place.mark(1) == "'" else lexicon.units.get(place.word(1), "")
    if unit == "degrees" and place.word(2) in lexicon.below and place.whole(3) == 0:
        return 4, ((number(-first.value), word(unit)),)
    smaller = _SMALLER.get(unit)
    if smaller is None:
        return None
    at = 2 + (place.mark(2) in (",", "."))
    at += place.among(at, lexicon.joins | lexicon.plus)
    rest = place.number(at)
    if rest is None or not rest.digits:
        return None
    named = "inches" if place.mark(at + 1) == '"' else lexicon.units.get(place.word(at + 1), "")
    if named in smaller:
        end = at + 2
    elif unit == "feet" and at == 2 and rest.value < 12 and not named:
        named, end = "inches", at + 1
    else:
        return None
    return end, ((number(first.value), word(unit), number(rest.value), word(named)),)
