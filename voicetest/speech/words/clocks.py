"""Times of the day: 9:30, half past nine, ten o'clock, 3 pm, noon."""

from __future__ import annotations

from dataclasses import dataclass

from voicetest.speech.words.atoms import Clock, Number, Word
from voicetest.speech.words.place import Place, Read
from voicetest.speech.words.unit import Key, Unit, Way, digits, word

__all__ = ["clock_at", "named_hour", "open_keys", "time_key"]

_HUNDREDS = frozenset(str(hour * 100) for hour in range(10, 24)) | {
    f"0{hour}00" for hour in range(10)
}
_EARLY = range(100, 1000, 100)
_HOURS = frozenset({"hours"})
_EXACT = "moment"
"""The kind of a time of which it is known in which half of the day it is."""


def time_key(hour: int, minute: int) -> Key:
    """What two times that are the same share."""
    return "time", f"{hour}:{minute:02}"


def open_keys(hour: int, minute: int) -> set[Key]:
    """What a time is of which the half of the day is not said."""
    return {time_key(hour, minute), ("open", f"{hour}:{minute:02}")}


def clock_at(place: Place) -> Read:
    """A time at this place, with the half of the day before or behind it."""
    lexicon = place.lexicon
    before = place.phrase(0, lexicon.day_halves_before)
    start = before[1] if before else 0
    start += place.word(start) in lexicon.hour_names
    inner = place.moved(start)
    found = (
        _written(inner)
        or _less_first(inner)
        or _minutes_first(inner)
        or _moved(inner)
        or _part_hour(inner)
        or _hour_first(inner)
    )
    if found is None:
        return None
    end = start + found.width
    after = place.phrase(end, lexicon.day_halves)
    half = after or before
    named = start > 0 and not before and found.minute > 0
    if half is None and found.bare and not named:
        return None
    end += after[1] if after else 0
    ways = _ways(place, found, half[0] if half else "")
    if start and not before:
        names = word(place.word(0))
        ways = tuple((names, *way) for way in ways) + ways
    return end, ways


@dataclass(frozen=True)
class _Time:
    """A time as far as it was read; `bare` when only the half of the day makes it one."""

    width: int
    hour: int
    minute: int
    bare: bool = False
    led: bool = False
    """Whether a zero in front says that it is in the morning."""


def _written(place: Place) -> _Time | None:
    match place[0]:
        case Clock(hour, minute, led=led):
            width = 1 + place.among(1, place.lexicon.clock)
            return _Time(width, hour % 24 if led else hour, minute, led=led and hour > 0)
        case Word(text) if text in place.lexicon.zeros and place.word(2) in _HOURS:
            hundreds = place.whole(1) or 0
            return _Time(3, hundreds // 100, 0, led=True) if hundreds in _EARLY else None
        case Number(digits=said) if said in _HUNDREDS and place.word(1) in _HOURS:
            return _Time(2, int(said) // 100, 0, led=said.startswith("0"))
        case _:
            return None


def _minutes_first(place: Place) -> _Time | None:
    """`quarter past nine`, `twenty minutes to ten`, `kwart over negen`."""
    lexicon = place.lexicon
    one = place.word(0) in lexicon.ones or place.whole(0) == 1
    at = int(one and place.word(1) in lexicon.quarters)
    minutes = lexicon.quarters.get(place.word(at)) or place.whole(at)
    named = place.word(at + 1) in lexicon.minutes
    at += 1 + named
    if not minutes or minutes > 59 or (minutes % 5 and not named):
        return None  # 'nine to five' are hours
    side = place.word(at)
    at += 1 + (place.word(at + 1) in lexicon.hour_names)
    halved = lexicon.half_before and lexicon.quarters.get(place.word(at)) == 30
    hour = place.whole(at + halved)
    if hour is None or not 1 <= hour <= 12:
        return None
    width = at + halved + 1
    width += place.among(width, lexicon.clock)
    past, to = side in lexicon.past, side in lexicon.to and minutes < 30
    if not (past or to) or _is_range(place, minutes, hour):
        return None
    total = hour * 60 - 30 * halved + (minutes if past else -minutes)
    return _Time(width, (total // 60 + 11) % 12 + 1, total % 60)


def _less_first(place: Place) -> _Time | None:
    """`差十分九点`: minutes that are still to come, in front of the hour."""
    lexicon = place.lexicon
    minutes = _minutes(place, 1) if place.word(0) in lexicon.less_first else None
    hour = place.whole(1 + minutes[1]) if minutes else None
    if minutes is None or hour is None or not minutes[0] or minutes[0] > 30:
        return None
    at = 2 + minutes[1]
    if not 1 <= hour <= 12 or not place.among(at, lexicon.clock):
        return None
    return _Time(at + 1, (hour + 10) % 12 + 1, 60 - minutes[0])


def _part_hour(place: Place) -> _Time | None:
    """`साढ़े तीन बजे`: an hour with a part of one."""
    number = place.number(0)
    if number is None or number.digits or not place.among(1, place.lexicon.clock):
        return None
    minutes = number.value * 60
    if minutes % 15 or not 0 < number.value < 13:
        return None
    return _Time(2, (int(minutes) // 60 + 11) % 12 + 1, int(minutes) % 60)


def _is_range(place: Place, low: int, high: int) -> bool:
    between = place.word(1) in place.lexicon.range_words
    return between and low < high and place.whole(0) is not None


def _moved(place: Place) -> _Time | None:
    """`half ten`, `halb zehn`, `dreiviertel zehn`, `saadhe nau`."""
    lexicon = place.lexicon
    shift, hour = lexicon.before_hour.get(place.word(0)), place.whole(1)
    if shift is None or hour is None or not 1 <= hour <= 12:
        return None
    alone = place.number(2) is None and place.word(2) not in lexicon.units
    if not alone or place.word(-1) in lexicon.ones:
        return None
    total = hour * 60 + shift
    return _Time(2 + place.among(2, lexicon.clock), (total // 60 + 11) % 12 + 1, total % 60)


def _hour_first(place: Place) -> _Time | None:
    """`nine o'clock`, `neun Uhr dreißig`, `nueve y cuarto`, `nine thirty` with its half of day."""
    lexicon, hour = place.lexicon, place.whole(0)
    if hour is None or hour > 24:
        return None
    clock = place.among(1, lexicon.clock)
    at = 1 + clock
    if place.word(at) in lexicon.plus | lexicon.less and (minutes := _minutes(place, at + 1)):
        joined = _Time(at + 1 + minutes[1], hour, minutes[0])
        if place.word(at) in lexicon.plus:
            return joined
        if minutes[0] < 30:
            return _Time(joined.width, (hour + 10) % 12 + 1, 60 - minutes[0])
    if clock and (minutes := _minutes(place, at)):
        at += minutes[1]
        if minutes[0] and place.word(at) in lexicon.earlier:
            return _Time(at + 1, (hour + 10) % 12 + 1, 60 - minutes[0])
        return _Time(at, hour, minutes[0])
    second = place.number(1)
    if second is not None and len(second.digits) == 2 and int(second.digits) < 60:
        return _Time(2, hour, int(second.digits), bare=True)
    return _Time(at, hour, 0, bare=not clock)


def _minutes(place: Place, offset: int) -> tuple[int, int] | None:
    """Minutes behind an hour, in words of the clock or as a number, and their atoms."""
    lexicon = place.lexicon
    one = place.word(offset) in lexicon.ones or place.whole(offset) == 1
    skipped = int(one and place.word(offset + 1) in lexicon.quarters)
    part = lexicon.quarters.get(place.word(offset + skipped))
    if part is not None:
        return part, skipped + 1
    number, after = place.number(offset), place.number(offset + 1)
    if number is None or not number.digits or number.value > 59:
        return None
    if number.digits == "0" and after is not None and after.single:
        return int(after.value), 2 + (place.word(offset + 2) in lexicon.minutes)
    return int(number.value), 1 + (place.word(offset + 1) in lexicon.minutes)


def _ways(place: Place, time: _Time, half: str) -> tuple[Way, ...]:
    hour, minute = time.hour, time.minute
    spoken = digits(f"{hour}{minute:02}" if minute else str(hour))
    keys: set[Key] = {time_key(hour, minute)}
    if not minute and (time.bare or not place.wanted):
        keys.add(("number", str(hour)))  # 'at ten' holds for 'at 10:00', not the other way round
    unit = Unit(frozenset(keys), spoken.spoken)
    if not half and 0 < hour <= 12:
        return _open(place, time, keys, spoken.spoken)
    if not half or hour > 12 or hour == 0:
        keys.add((_EXACT, f"{hour}:{minute:02}"))
        exact = Unit(frozenset(keys), spoken.spoken)
        other = Unit(frozenset({time_key((hour + 11) % 12 + 1, minute)}), spoken.spoken)
        return (exact,), (other, word("pm" if hour >= 12 else "am"))
    if half == "night":
        half = "am" if hour == 12 or hour < 5 else "pm"
    late = hour % 12 + 12 * (half == "pm")
    exact = Unit(frozenset({(_EXACT, f"{late}:{minute:02}")}), spoken.spoken)
    return (unit, word(half)), (exact,)


def _open(place: Place, time: _Time, keys: set[Key], spoken: tuple[str, ...]) -> tuple[Way, ...]:
    """The ways of a time without its half of the day; 07:00 is one in the morning."""
    hour, minute = time.hour, time.minute
    unit = Unit(frozenset(keys | open_keys(hour, minute)), spoken)
    if not time.led:
        return ((unit,),)
    exact: set[Key] = {(_EXACT, f"{hour}:{minute:02}"), ("open", f"{hour}:{minute:02}")}
    if not place.wanted:
        exact |= unit.keys
    half = Unit(frozenset({time_key(hour, minute)}), spoken)
    return (Unit(frozenset(exact), spoken),), (half, word("am"))


def named_hour(place: Place) -> Read:
    """Noon, midnight: as the word and as the time."""
    known = place.lexicon.hours.get(place.word(0))
    if known is None:
        return None
    hour, half = known
    added = _added(place)
    late, minute = hour % 12 + 12 * (half == "pm"), added[0] if added else 0
    keys: set[Key] = {(_EXACT, f"{late}:{minute:02}")}
    if half == "pm":
        keys.add(("open", f"{hour}:{minute:02}"))
    time = Unit(frozenset(keys), tuple(str(hour)))
    if added:
        return 1 + added[1], ((time,),)
    return 1, ((word(place.word(0)),), (time,))


def _added(place: Place) -> tuple[int, int] | None:
    """Minutes behind such a word, and their atoms: midi et demi."""
    minutes = _minutes(place, 2) if place.word(1) in place.lexicon.plus else None
    return (minutes[0], minutes[1] + 1) if minutes else None
