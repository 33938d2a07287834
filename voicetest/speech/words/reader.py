"""From the parts of a text to its cells: the longest unit at each place, in all its readings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from voicetest.speech.words.addresses import address_at
from voicetest.speech.words.atoms import Atom, Clock, Mark, Number, Word, atoms
from voicetest.speech.words.clocks import clock_at, named_hour
from voicetest.speech.words.codes import code_at, spelled_at
from voicetest.speech.words.days import day_at, month
from voicetest.speech.words.fractions import fraction_at, part_of_at
from voicetest.speech.words.lexicon import Lexicon
from voicetest.speech.words.measures import percent_at, together_at
from voicetest.speech.words.money import money_at
from voicetest.speech.words.numerals import counted
from voicetest.speech.words.place import Place, Read
from voicetest.speech.words.ranges import joint, range_at, weekdays_at
from voicetest.speech.words.runs import decade_at, dotted_at, ordinal_at, run_at, version_at
from voicetest.speech.words.unit import Cell, Unit, Way, word

__all__ = ["read"]

_RULES: Sequence[Callable[[Place], Read]] = (
    address_at,
    decade_at,
    weekdays_at,
    code_at,
    spelled_at,
    version_at,
    part_of_at,
    day_at,
    clock_at,
    range_at,
    percent_at,
    together_at,
    fraction_at,
    money_at,
    dotted_at,
    run_at,
    ordinal_at,
    named_hour,
)
"""In this order: a run of digits would take the parts of a date."""
_WHOLE = frozenset({percent_at, spelled_at, together_at, weekdays_at})
"""Rules whose units mean something else one by one."""


def read(text: str, lexicon: Lexicon, *, wanted: bool = False) -> tuple[Cell, ...]:
    """The cells of a text; `wanted` says that it is what is looked for."""
    parts = _signed(counted(_compounds(atoms(text, lexicon), lexicon), lexicon), lexicon)
    place = Place(parts, lexicon, wanted)
    found: list[Cell] = []
    while place[0] is not None:
        width, ways, whole = _cell(place)
        if ways:
            found.append(Cell(ways, whole))
        place = place.moved(width)
    return tuple(found)


def _cell(place: Place) -> tuple[int, tuple[Way, ...], bool]:
    for rule in _RULES:
        result = rule(place)
        if result is not None:
            return *result, rule in _WHOLE
    match place[0]:
        case Word():
            return *_word(place), False
        case Mark(text):
            return *_mark(place, text), False
        case _:
            return 1, (), False


def _word(place: Place) -> tuple[int, tuple[Way, ...]]:
    text, lexicon = place.word(0), place.lexicon
    if place.wanted and place.mark(1) == "*" and (star := place[1]) is not None and star.glued:
        return 2, ((Unit(frozenset({("prefix", text)}), (text,)),),)
    width = _hyphenated(place)
    if width > 1:
        words = tuple(place.word(offset) for offset in range(0, width, 2))
        apart = [word(text) for text in words]
        if text in lexicon.units and _behind_number(place):
            apart[0] = word(lexicon.units[text])
        return width, (tuple(apart), (word("".join(words)),))
    if text in lexicon.range_words and _between_times(place):
        return 1, ((joint(lexicon),),)
    if text in lexicon.months:
        return 1, ((month(lexicon, lexicon.months[text], text),),)
    if text in lexicon.ordinal_words and not isinstance(place[-1], Number):
        value = str(lexicon.ordinal_words[text])
        return 1, ((word(text, ("ordinal", value)),),)
    if text in lexicon.roman:
        value = str(lexicon.roman[text])
        place_in_order = Unit(frozenset({("ordinal", value)}), (text,))
        return 1, ((word(text, ("number", value)),), (word("the"), place_in_order))
    if text in lexicon.units and _behind_number(place):
        return 1, ((word(lexicon.units[text]),),)
    if text in lexicon.fillers:
        return 1, ((word(text),), ())
    match place[0]:
        case Word() as named:
            plain = (_named(named),)
            return 1, (plain, ()) if _between_measures(place) else (plain,)
        case _:
            return 1, ()


def _named(named: Word) -> Unit:
    return word(named.text, *(("word", other) for other in named.also))


def _between_measures(place: Place) -> bool:
    """Whether a word joins two measures: 3 hours and 20 minutes."""
    units = place.lexicon.units
    inside = place.word(-1) in units and place.word(2) in units
    return place.word(0) in place.lexicon.joins and inside and isinstance(place[1], Number)


def _behind_number(place: Place) -> bool:
    """Whether a number stands before, with a hyphen between or without: 21-year-old."""
    return isinstance(place[-2 if place.mark(-1) == "-" else -1], Number)


def _hyphenated(place: Place) -> int:
    """How many atoms words with hyphens between them take."""
    width = 1
    while place.mark(width) == "-" and place.word(width + 1):
        glued = all((atom := place[width + side]) is not None and atom.glued for side in (0, 1))
        if not glued:
            break
        width += 2
    return width


def _mark(place: Place, text: str) -> tuple[int, tuple[Way, ...]]:
    lexicon = place.lexicon
    if text == "#":
        if isinstance(place[1], Number):
            return 1, ((word(lexicon.number_sign),), (word("pound"),), (word("hash"),), ())
        return 1, ((word("pound"),), (word("hash"),))
    if text == "*" and place.word(-1) in lexicon.pressed:
        return 1, ((word("star"),),)
    if text == "+" and isinstance(place[1], Number):
        return 1, ((word(lexicon.symbols.get("+", ("plus",))[0]),), ())
    if text in lexicon.symbols:
        return 1, (tuple(map(word, lexicon.symbols[text])),)
    if text == "-" and _between_times(place):
        return 1, ((joint(lexicon),),)
    return 1, ()


def _between_times(place: Place) -> bool:
    """Whether a hyphen stands between two times: 9am-5pm."""
    match place[-1], place[1]:
        case Number(), (Clock() | Number()) as after:
            return after.glued
        case Clock() | Word("am" | "pm"), Clock() | Number():
            return True
        case Word(text), Clock() | Number():
            return text in place.lexicon.clock
        case _:
            return False


def _compounds(parts: list[Atom], lexicon: Lexicon) -> list[Atom]:
    """Words that only together mean something as one: per cent."""
    found: list[Atom] = []
    place = Place(parts, lexicon, False)
    while place[0] is not None:
        known = place.phrase(0, lexicon.compounds)
        if known is None:
            found.append(parts[place.at])
            place = place.moved(1)
        else:
            found.append(Word(known[0], parts[place.at].glued))
            place = place.moved(known[1])
    return found


def _signed(parts: list[Atom], lexicon: Lexicon) -> list[Atom]:
    """`minus five` and `-5` as one number."""
    found: list[Atom] = []
    for atom in parts:
        if isinstance(atom, Number) and found and _is_minus(found, atom, lexicon):
            sign = found.pop()
            found.append(replace(atom, value=-atom.value, digits="", glued=sign.glued))
        elif isinstance(atom, Number) and _is_owed(found, lexicon):
            del found[-2]
            found.append(replace(atom, value=-atom.value, digits=""))
        else:
            found.append(atom)
    return found


def _is_owed(before: list[Atom], lexicon: Lexicon) -> bool:
    """Whether a minus stands in front of the sign of an amount: -$12."""
    match before[-2:]:
        case [Mark("-", glued=False), Mark(sign, glued=True)]:
            return sign in lexicon.currencies
        case [Word(text), Mark(sign)]:
            return text in lexicon.minus and sign in lexicon.currencies
        case _:
            return False


def _is_counted(atom: Atom, lexicon: Lexicon) -> bool:
    """Whether a minus behind it takes something away: ten minus five, dix heures moins cinq."""
    match atom:
        case Number():
            return True
        case Word(text):
            return text in lexicon.clock
        case _:
            return False


def _is_minus(before: list[Atom], number: Number, lexicon: Lexicon) -> bool:
    match before[-1]:
        case Word(text):
            return text in lexicon.minus and not (
                len(before) > 1 and _is_counted(before[-2], lexicon)
            )
        case Mark("-", glued=False):
            return number.glued
        case _:
            return False
