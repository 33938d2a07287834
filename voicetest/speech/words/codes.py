"""Letters and digits that belong together: B4521, B as in boy four five, X K 7 9 Q P."""

from __future__ import annotations

from dataclasses import dataclass, field

from voicetest.speech.words.atoms import Mark, Number, Word
from voicetest.speech.words.money import currency_at
from voicetest.speech.words.place import Place, Read
from voicetest.speech.words.runs import run_at
from voicetest.speech.words.unit import Unit, Way, digits, word

__all__ = ["code_at", "spelled_at"]

_WORDS = frozenset({"a", "i", "o", "e", "y"})
"""Letters that are words of their own in some language."""
_LONGEST = 64
"""Parts of the longest code."""
_SIDES = frozenset("nsewux")
"""Letters that are something else behind a number: 10 N Main Street, siete u ocho, 2 x 4."""


@dataclass
class _Code:
    """A code as far as it was read."""

    units: list[Unit] = field(default_factory=list)
    letters: int = 0
    numbers: int = 0
    certain: bool = False
    """Whether it cannot be anything else: written in one piece, or spelled."""
    plain: int = 0
    """Single letters that are nothing else."""
    spelled: bool = False
    """Whether a letter in it was told by a word."""
    weak: bool = False
    """Whether it begins with a letter that is also a word."""


def code_at(place: Place) -> Read:
    """A code at this place; letters alone are words, unless they are spelled."""
    code, at = _Code(), 0
    at += _leading(place, code)
    while at < _LONGEST:
        width = _letter(place, at, code) or (_digits(place, at, code) if code.letters else 0)
        if not width:
            break
        at += width
        at += _separator(place, at, code)
    spelled = code.certain and code.letters > 1 and len(code.units) > 1
    if not code.letters or not (code.numbers or spelled):
        return None
    if code.weak and code.letters == 1 and not code.certain:
        return None
    chars = "".join(unit.chars for unit in code.units)
    keys = {("code", chars)} | (set() if code.numbers else {("word", chars)})
    joined: Way = (Unit(frozenset(keys), tuple(chars), chars),)
    twice = code.letters > 1 and len({*chars[: code.letters]}) == 1
    certain = code.certain or code.plain > 0 or twice
    return at, (joined,) if certain else (joined, tuple(code.units))


def spelled_at(place: Place) -> Read:
    """Letters one by one, with nothing between them: J O H N."""
    letters: list[str] = []
    if place.word(0) in _WORDS:
        return None
    while (
        len(letters) < _LONGEST
        and len(text := place.word(len(letters))) == 1
        and text.isascii()
        and text.isalpha()
    ):
        letters.append(text)
    weak = sum(text in _WORDS for text in letters)
    if len(letters) < (2 if not weak else 3) or not letters or letters[0] in _WORDS:
        return None
    return len(letters), (tuple(map(word, letters)),)


def _leading(place: Place, code: _Code) -> int:
    """A number in front of a letter that belongs to it: seat 14B."""
    number, letter, lexicon = place.number(0), place.word(1), place.lexicon
    after = place[1]
    if number is None or not number.digits or len(letter) != 1 or not letter.isascii():
        return 0
    taken = lexicon.units.keys() | lexicon.clock | lexicon.elided | lexicon.scales.keys()
    if letter in taken or letter in lexicon.hundredths or letter in lexicon.ordinal_endings:
        return 0
    glued = after is not None and after.glued
    if not glued and (letter in _WORDS or letter in _SIDES or len(place.word(2)) == 1):
        return 0
    if place.mark(2) == "'" or place.mark(2) == "$":
        return 0
    code.units.append(digits(number.digits))
    code.numbers += 1
    code.certain = True
    return 1


def _letter(place: Place, at: int, code: _Code) -> int:
    """A letter, or up to four in one piece with digits; how many atoms it takes."""
    lexicon, text = place.lexicon, place.word(at)
    if not text or not text.isascii():
        return 0
    after = place[at + 1]
    if len(text) == 1:
        spelled = _spelled(place, at)
        if not code.units:
            code.weak = text in _WORDS and not spelled
        glued = isinstance(after, Number) and after.glued
        code.certain = code.certain or spelled > 0 or glued
        behind = not code.units and isinstance(place[at - 1], Number)
        code.plain += text not in _WORDS and text not in lexicon.elided and not behind
        code.spelled = code.spelled or spelled > 0
        width = 1 + spelled
    elif text in lexicon.repeats and _is_letter(place, at + 1):
        text, width = place.word(at + 1) * lexicon.repeats[text], 2
    elif text in lexicon.letters and (
        code.units or (_code_like(place, at + 1) and text not in lexicon.months)
    ):
        text, width = lexicon.letters[text], 1
        code.certain = True
    elif (
        (len(text) <= 4 and isinstance(after, Number) and after.glued and after.digits)
        or (
            len(text) <= 4
            and code.numbers
            and (here := place[at]) is not None
            and here.glued
            and not (text in lexicon.units or text in lexicon.ordinal_endings)
        )
        or (
            not code.units
            and len(text) <= 4
            and place.mark(at + 1) == "-"
            and _glued_number(place, at + 2)
        )
    ):
        width, code.certain = 1, True
    else:
        return 0
    code.units += (
        [word(text)] if len(text) == 1 else [Unit(frozenset({("word", text)}), (text,), text)]
    )
    code.letters += len(text)
    return width


def _is_letter(place: Place, at: int) -> bool:
    """Whether a letter stands there that is no zero among digits."""
    return len(place.word(at)) == 1 and place.word(at) not in place.lexicon.zeros


def _spelled(place: Place, at: int) -> int:
    """How many atoms `as in boy` takes behind a letter; 0 without it."""
    for words in place.lexicon.as_in:
        there = tuple(place.word(at + 1 + offset) for offset in range(len(words)))
        end = at + 1 + len(words)
        if (
            there == words
            and len(place.word(end)) > 1
            and place.word(end).startswith(place.word(at))
        ):
            return len(words) + 1 + (place.mark(end + 1) == ",")
    return 0


def _code_like(place: Place, at: int) -> bool:
    match place[at]:
        case Number(digits=said):
            return bool(said)
        case Word(text):
            return len(text) == 1 or text in place.lexicon.letters
        case _:
            return False


def _digits(place: Place, at: int, code: _Code) -> int:
    """The digits there, unless they belong to what follows: money, units."""
    read = run_at(place.moved(at))
    if read is None or not read[1][0][0].chars:
        return 0
    width, ways = read
    after = place.word(at + width)
    bound = currency_at(place, at + width) is not None or after in place.lexicon.units
    if bound and not code.certain and code.letters < 2:
        return 0
    code.units.append(ways[0][0])
    code.numbers += 1
    return width


def _separator(place: Place, at: int, code: _Code) -> int:
    """A hyphen, written or said, where the code goes on behind it."""
    if code.spelled and place.mark(at) == "," and place.whole(at + 1) is not None:
        return 1
    sign = place.lexicon.separators.get(place.word(at), "") or place.mark(at)
    if sign != "-" or not _code_like(place, at + 1):
        return 0
    if isinstance(place[at], Mark) and not _glued(place, at):
        return 0
    code.certain = True
    return 1


def _glued(place: Place, at: int) -> bool:
    return all((atom := place[at + side]) is not None and atom.glued for side in (0, 1))


def _glued_number(place: Place, at: int) -> bool:
    atom = place[at]
    return isinstance(atom, Number) and atom.glued and bool(atom.digits) and _glued(place, at - 1)
