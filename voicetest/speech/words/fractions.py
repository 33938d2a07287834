"""Parts of a whole: 1/2, two thirds, three and a half."""

from __future__ import annotations

from decimal import Decimal

from voicetest.speech.words.atoms import Ordinal, Word
from voicetest.speech.words.days import day_way
from voicetest.speech.words.place import Place, Read
from voicetest.speech.words.unit import Key, Unit, Way, digits, number, plain, word

__all__ = ["fraction_at", "part_of_at"]


_DOZEN = 12


def fraction_at(place: Place) -> Read:
    """`1/2`, `two thirds`, `three and a half`, `3 1/2`, `half a million`."""
    lexicon = place.lexicon
    first = place.whole(0)
    if first is not None and (added := place.phrase(1, lexicon.halves)):
        return 1 + added[1], ((number(Decimal(first) + Decimal(added[0])),),)
    if first is not None:
        joined = place.among(1, lexicon.joins)
        part = _part(place, 1 + joined)
        if part is not None and part[1] < part[2] and place.mark(1) != "/":
            value = Decimal(first) + Decimal(part[1]) / part[2]
            return 1 + joined + part[0], ((number(round(value, 6)),),)
    if lexicon.fractions.get(place.word(0)) == 2:
        skipped = 1 + place.among(1, lexicon.ones)
        whole = place.number(skipped)
        if (
            whole is not None
            and not whole.written
            and (whole.value >= 100 or whole.value == _DOZEN)
        ):
            return skipped + 1, ((number(whole.value / 2),),)
    if lexicon.fractions.get(place.word(0)) == 2 and place.word(1) in lexicon.ones:
        unit = lexicon.units.get(place.word(2))
        measured = (word(unit),) if unit else ()
        said = word(place.word(0)), word(place.word(1))
        return 2 + len(measured), ((_fraction(1, 2), *measured), (*said, *measured))
    match place[0], place[1]:
        case Word(text), Ordinal(nth) if text in lexicon.ones and 2 < nth <= 10:
            named = word(f"{nth}th", ("ordinal", str(nth)))
            return 2, ((_fraction(1, nth),), (word(text), named))
        case _:
            pass
    part = _part(place, 0)
    if part is None:
        return _half(place)
    ways: list[Way] = [(_fraction(part[1], part[2]),)]
    if place.word(0) in lexicon.ones:
        ways.append((word(place.word(0)), word(place.word(1))))
    if place.mark(1) == "/":
        ways += _slashed(place)
    return part[0], tuple(ways)


def part_of_at(place: Place) -> Read:
    """`三分の二`: what is below the line comes first."""
    between = place.lexicon.part_of
    below, above = place.whole(0), place.whole(1 + len(between))
    words = tuple(place.word(1 + at) for at in range(len(between)))
    if not between or not below or above is None or words != between:
        return None
    return len(between) + 2, ((_fraction(above, below),),)


def _half(place: Place) -> Read:
    """`half` alone; `an hour and a half`."""
    lexicon = place.lexicon
    if lexicon.fractions.get(place.word(0)) == 2:
        half = _fraction(1, 2)
        return 1, ((word(place.word(0), *half.keys),),)
    one = 1 if place.word(0) in lexicon.ones else place.whole(0)
    unit, added = lexicon.units.get(place.word(1)), place.phrase(2, lexicon.halves)
    if one is None or unit is None or added is None:
        return None
    return 2 + added[1], ((number(one + Decimal(added[0])), word(unit)),)


def _part(place: Place, offset: int) -> tuple[int, int, int] | None:
    """A fraction there: its atoms, and what is above and below its line."""
    lexicon, above = place.lexicon, place.whole(offset)
    if place.word(offset) in lexicon.ones and place.word(offset + 1) in lexicon.fractions:
        return 2, 1, lexicon.fractions[place.word(offset + 1)]
    if above is None:
        return None
    hyphen = int(place.mark(offset + 1) == "-")
    if place.word(offset + 1 + hyphen) in lexicon.fractions:
        return 2 + hyphen, above, lexicon.fractions[place.word(offset + 1 + hyphen)]
    match place[offset + 1]:
        case Ordinal(value) if above < value <= 10:
            return 2, above, value
        case _:
            pass
    below = place.whole(offset + 2)
    number = place.number(offset)
    led = number is not None and number.digits.startswith("0") and (below or 0) > 99
    if below and not led and place.mark(offset + 1) == "/" and place.mark(offset + 3) != "/":
        return 3, above, below
    return None


def _slashed(place: Place) -> list[Way]:
    """What `3/4` is besides: a day, two numbers side by side."""
    first, second = place.whole(0), place.whole(2)
    if first is None or second is None:
        return []
    ways: list[Way] = []
    if first + second == 100:  # fifty fifty
        ways.append((digits(f"{first}{second}"),))
    day, value = (first, second) if place.lexicon.day_first else (second, first)
    if 1 <= value <= 12 and 1 <= day <= 31:
        ways.append(day_way(place.lexicon, value, day, None))
    return ways


def _fraction(above: int, below: int) -> Unit:
    value = Decimal(above) / below
    keys: set[Key] = {("fraction", f"{above}/{below}")}
    if value == round(value, 4):
        keys.add(("number", plain(value)))
    return Unit(frozenset(keys), (*str(above), "/", *str(below)))
