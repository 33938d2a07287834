"""Two numbers as the ends of a range: 5-10, between five and ten, 9-5."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from voicetest.speech.words.atoms import Word
from voicetest.speech.words.clocks import open_keys
from voicetest.speech.words.lexicon import Lexicon
from voicetest.speech.words.money import currency_at, money_unit
from voicetest.speech.words.place import Place, Read
from voicetest.speech.words.unit import Key, Unit, digits, plain, word

__all__ = ["joint", "range_at", "weekdays_at"]


_NEAR = 10
"""So many times as much is still of the same kind: $5-20, but not $50 to 4521."""


@dataclass(frozen=True)
class _End:
    """One end of a range: its value, its digits if it is whole, its unit, and its atoms."""

    value: Decimal
    digits: str
    width: int
    unit: Unit | None = None
    before: bool = False
    """Whether the unit stands in front of the number."""


def _end(place: Place, offset: int) -> _End | None:
    """A number, or a year said in two halves; with the unit at it."""
    first, second = place.number(offset), place.number(offset + 1)
    money = currency_at(place, offset) if first is None else None
    if money and (amount := place.number(offset + money[1])):
        return _End(amount.value, amount.digits, money[1] + 1, money_unit(money[0]), before=True)
    if first is None:
        return None
    halves = second is not None and len(first.digits) == len(second.digits) == 2
    if second is not None and halves and not first.written and 10 <= first.value <= 21:
        year = first.digits + second.digits
        return _End(Decimal(year), year, 2)
    unit, width = _unit(place, offset + 1)
    return _End(first.value, first.digits, 1 + width, unit)


def _unit(place: Place, offset: int) -> tuple[Unit | None, int]:
    """The money, the percent or the measure there, and its atoms."""
    money = currency_at(place, offset)
    if money:
        return money_unit(money[0]), money[1]
    if place.mark(offset) == "%":
        return word("percent"), 1
    name = place.word(offset)
    if name in place.lexicon.units and name not in place.lexicon.clock:
        return word(place.lexicon.units[name]), 1
    return None, 0


def range_at(place: Place) -> Read:
    """`5-10`, `five to ten`, `between five and ten`, `$5 to $10`."""
    start = int(place.word(0) in place.lexicon.between)
    low = _end(place, start)
    if low is None:
        return None
    at = start + low.width
    high = _end(place, at + 1)
    if high is None or not _same_unit(low, high):
        return None
    said, between = place.word(at), place.lexicon.between.get(place.word(0))
    hyphen = place.mark(at) == "-" and not start
    if not (hyphen or said in place.lexicon.range_words or (between and said == between)):
        return None
    end = at + 1 + high.width
    if hyphen and (place.mark(end) == "-" or place.mark(-1) == "-" or _is_code(low, high)):
        return None
    if low.value >= high.value:
        return _hours(place, low, high, end) if hyphen or start else None
    keys: set[Key] = {("range", f"{plain(low.value)}:{plain(high.value)}")}
    unit = high.unit or low.unit
    if said in place.lexicon.to and high.digits and high.value <= 12 and low.value % 5 == 0:
        keys.update(open_keys((int(high.value) + 10) % 12 + 1, 60 - int(low.value)))
    spoken = (*plain(low.value), said or next(iter(place.lexicon.range_words)), *plain(high.value))
    both = Unit(frozenset(keys), spoken)
    end += place.among(end, place.lexicon.range_ends)
    return end, ((both, unit) if unit else (both,),)


def _same_unit(low: _End, high: _End) -> bool:
    """Whether nothing or the same stands at both; or at one for both: $5-10, 5-10 km."""
    if low.unit and high.unit:
        return low.unit.keys == high.unit.keys
    return low.unit is None or (low.before and high.value <= low.value * _NEAR)


def weekdays_at(place: Place) -> Read:
    """`Monday to Friday`, `from Mon - Fri`."""
    lexicon = place.lexicon
    start = int(place.word(0) in lexicon.between)
    if place.word(start + 1) not in lexicon.range_words and place.mark(start + 1) != "-":
        return None
    match place[start], place[start + 2]:
        case Word(first) as one, Word(last) as other if {first, last} <= lexicon.weekdays:
            return start + 3, ((_day(one), joint(lexicon), _day(other)),)
        case _:
            return None


def _day(named: Word) -> Unit:
    return word(named.text, *(("word", other) for other in named.also))


def _hours(place: Place, low: _End, high: _End, end: int) -> Read:
    """`9-5`: hours of a day."""
    if max(low.value, high.value) > 24 or not (low.digits and high.digits):
        return None
    if "0" in (low.digits[0], high.digits[0]):
        return None
    return end, ((digits(low.digits), joint(place.lexicon), digits(high.digits)),)


def _is_code(low: _End, high: _End) -> bool:
    """Whether two numbers with a hyphen are one that is written in groups: 555-0199."""
    if low.unit or high.unit:
        return False
    lengths = len(low.digits), len(high.digits)
    led = any(end.digits.startswith("0") and len(end.digits) > 1 for end in (low, high))
    return all(lengths) and (led or lengths == (3, 4))


def joint(lexicon: Lexicon) -> Unit:
    """What stands between the two ends of a range, as a hyphen has it."""
    words = sorted(lexicon.range_words)
    return Unit(frozenset(("word", name) for name in words), (words[0],) if words else ())
