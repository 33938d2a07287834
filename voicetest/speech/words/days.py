"""Dates: the fourteenth of March, March 14th, 2026, 2026-03-14, 14.3."""

from __future__ import annotations

from voicetest.speech.words.atoms import Day, Number, Ordinal, Word
from voicetest.speech.words.lexicon import Lexicon
from voicetest.speech.words.place import Place, Read
from voicetest.speech.words.unit import Unit, Way, digits

__all__ = ["day_at", "day_way", "month"]


def month(lexicon: Lexicon, value: int, said: str = "") -> Unit:
    """A month, by its place in the year."""
    names = (name for name, number in lexicon.months.items() if number == value)
    name = said or next(names, str(value))
    keys = {("month", str(value))} | ({("word", said)} if said else set())
    return Unit(frozenset(keys), (name,), said)


def day_at(place: Place) -> Read:
    """A date at this place: its month, its day, its year if it has one."""
    match place[0]:
        case Day(year, value, day):
            return 1, (day_way(place.lexicon, value, day, None if year is None else str(year)),)
        case _:
            return _marked(place) or _month_first(place) or _day_first(place)


def _marked(place: Place) -> Read:
    """`2026年3月14日`, with the year or without."""
    if place.lexicon.date_marks is None:
        return None
    of_year, of_month, of_day = place.lexicon.date_marks
    year, at = "", 0
    while (part := place.number(at)) is not None and part.digits:
        year, at = year + part.digits, at + 1
    if at and place.word(at) == of_year and len(year) == 4:
        at += 1
    else:
        year, at = "", 0
    value, day = place.whole(at), place.whole(at + 2)
    if value is None or day is None or not (1 <= value <= 12 and 1 <= day <= 31):
        return None
    if place.word(at + 1) != of_month or place.word(at + 3) not in (of_day, "号", "號"):
        return None
    return at + 4, (day_way(place.lexicon, value, day, year or None),)


def _month_first(place: Place) -> Read:
    value = place.lexicon.months.get(place.word(0))
    if value is None:
        return None
    at = 1 + (place.mark(1) == ".")
    at += place.among(at, place.lexicon.of)
    day = _day(place, at)
    if day is None:
        return None
    year = _halves(place, at)
    if year and not place.number(at + 2):
        return at + 2, ((month(place.lexicon, value, place.word(0)), digits(year)),)
    return _with_year(place, at + 1, value, day)


def _day_first(place: Place) -> Read:
    at = place.among(0, place.lexicon.of)
    day = _day(place, at)
    if day is None:
        return None
    at += 1
    at += int(place.mark(at) == "." and place.lexicon.decimal == ",")
    at += place.among(at, place.lexicon.of)
    at += place.among(at, place.lexicon.of)
    value = place.lexicon.months.get(place.word(at))
    if value is None:
        return None
    return _with_year(place, at + 1, value, day)


def _day(place: Place, offset: int) -> int | None:
    match place[offset]:
        case Ordinal(value) if value <= 31:
            return value
        case Number(digits=said) if said and len(said) <= 2 and 1 <= int(said) <= 31:
            return int(said)
        case Word(text) if text in place.lexicon.ordinal_words:
            return place.lexicon.ordinal_words[text]
        case _:
            return None


def _with_year(place: Place, offset: int, value: int, day: int) -> Read:
    at = offset + (place.mark(offset) in (",", "."))
    at += place.among(at, place.lexicon.of)
    first = place.number(at)
    if first is not None and first.digits and 1000 <= first.value <= 2200:
        return at + 1, (day_way(place.lexicon, value, day, first.digits),)
    if year := _halves(place, at):
        return at + 2, (day_way(place.lexicon, value, day, year),)
    return offset, (day_way(place.lexicon, value, day, None),)


def _halves(place: Place, at: int) -> str:
    """A year that is said in two halves: twenty | twenty-six; empty without one."""
    first, second = place.number(at), place.number(at + 1)
    if first is None or second is None or first.written or len(second.digits) != 2:
        return ""
    return first.digits + second.digits if "17" <= first.digits <= "21" else ""


def day_way(lexicon: Lexicon, value: int, day: int, year: str | None) -> Way:
    """The units of a date in one order, however it was given."""
    # The 14 of March 14 is no count: it is found as a day, or as the 14th.
    of_month = Unit(frozenset({("day", str(day)), ("ordinal", str(day))}), tuple(str(day)))
    date = month(lexicon, value), of_month
    return date if year is None else (*date, digits(year))
