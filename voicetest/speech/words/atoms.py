"""The smallest parts of a text: words, written numbers, addresses and marks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache
from typing import TypeAlias

import regex

from voicetest.speech.words.folding import folded
from voicetest.speech.words.lexicon import Lexicon

__all__ = [
    "Address",
    "Atom",
    "Clock",
    "Day",
    "Mark",
    "Number",
    "Ordinal",
    "Word",
    "atoms",
    "folded",
]


@dataclass(frozen=True)
class Word:
    """A word, or one character of a script that has no spaces; `glued` to what is before it."""

    text: str
    glued: bool = False
    also: tuple[str, ...] = ()
    """Other words that it may be short for."""


@dataclass(frozen=True)
class Number:
    """A number; `digits` as they were said or written, empty where it has decimals or a sign."""

    value: Decimal
    digits: str
    written: bool
    glued: bool = False

    @property
    def single(self) -> bool:
        """Whether it is one digit, as numbers are read one by one."""
        return len(self.digits) == 1


@dataclass(frozen=True)
class Ordinal:
    """A place in an order: 14th."""

    value: int
    glued: bool = False


@dataclass(frozen=True)
class Clock:
    """A time of the day as it was written, such as 09:30."""

    hour: int
    minute: int
    glued: bool = False
    led: bool = False
    """Whether a zero leads it, as in clocks of twenty-four hours."""


@dataclass(frozen=True)
class Day:
    """A date in digits; the year is None where it has none."""

    year: int | None
    month: int
    day: int
    glued: bool = False


@dataclass(frozen=True)
class Address:
    """A mail or web address."""

    text: str
    glued: bool = False


@dataclass(frozen=True)
class Mark:
    """Anything else: punctuation, signs."""

    text: str
    glued: bool = False


Atom: TypeAlias = Word | Number | Ordinal | Clock | Day | Address | Mark

_LONGEST = 15
"""Digits of the largest number with a value; with any scale behind it Decimal holds it exactly."""
_TOP = (
    "com|org|net|edu|gov|info|io|ai|co|app|dev|health|shop|store|online|me|tv|biz|uk|us|ca|au|nz|ie"
    "|de|at|ch|fr|es|it|nl|be|pt|br|mx|in|jp|cn|pl|se|no|dk|fi|eu"
)
_LABEL = r"[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?"
_PATH = r"(?:/[\p{L}\p{N}._~/%-]*[\p{L}\p{N}/])?"
_UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}ー"
_ATOM = regex.compile(
    rf"""
    (?P<mail>[\p{{L}}\p{{N}}][\p{{L}}\p{{N}}._+-]{{0,63}}@{_LABEL}(?:\.{_LABEL}){{1,8}})
  | (?P<web>(?:https?://|www\.){_LABEL}(?:\.{_LABEL}){{1,8}}{_PATH}
      |(?<![\p{{L}}\p{{N}}.])(?:{_LABEL}\.){{1,8}}(?:{_TOP})(?![\p{{L}}\p{{N}}]){_PATH})
  | (?P<iso>(?<!\d)\d{{4}}(?P<mid>[-/])\d{{1,2}}(?P=mid)\d{{1,2}}(?!\d))
  | (?P<day>(?<![\d.,/])\d{{1,2}}(?P<sep>[./-])\d{{1,2}}(?P=sep)(?:\d{{4}}|\d{{2}})(?!\d|[./-]\d))
  | (?P<short>(?<![\d.,])\d{{1,2}}\.\d{{1,2}}\.(?!\d))
  | (?P<clock>(?<!\d)\d{{1,2}}[:h]\d{{2}}(?::\d{{2}})?(?!\d))
  | (?P<number>(?<!\d)\d{{1,3}}(?:\ \d{{3}})+(?:[.,]\d{{1,2}})?(?!\d)
      |\d+(?:[.,·]\d+|'\d{{3}}(?!\d))*
      |[.,](?<![\p{{L}}\d][.,])\d+)
  | (?P<dotted>(?<!\p{{L}})(?:(?:\p{{L}}\.){{2,}}\p{{L}}?|(?:\p{{L}}\.)+\p{{L}})(?!\p{{L}}))
  | (?P<char>[{_UNSPACED}]\p{{M}}*)
  | (?P<word>[\p{{L}}\p{{M}}]+(?:'[\p{{L}}\p{{M}}]+)*'?)
  | (?P<mark>[^\s\p{{M}}])
    """,
    regex.VERBOSE,
)


def atoms(text: str, lexicon: Lexicon) -> list[Atom]:
    """The parts of a text in order, numbers in digits read by the rules of the language."""
    plain = folded(text, lexicon)
    found: list[Atom] = []
    until = 0
    for match in _ATOM.finditer(plain):
        glued = bool(found) and match.start() == until
        until = match.end()
        found.extend(_glued(_read(match, lexicon), glued))
    return found


def _glued(read: Iterator[Atom], glued: bool) -> Iterator[Atom]:
    for atom in read:
        yield replace(atom, glued=glued)
        glued = True


def _read(match: regex.Match[str], lexicon: Lexicon) -> Iterator[Atom]:
    text = match[0]
    match match.lastgroup:
        case "mail" | "web":
            yield Address(regex.sub(r"^https?://|/$", "", text))
        case "iso":
            year, month, day = (int(part) for part in text.split(match["mid"]))
            if 1 <= month <= 12 and 1 <= day <= 31:
                yield Day(year, month, day)
            else:
                yield from _apart(text)
        case "day":
            yield from _day(text, match["sep"], lexicon)
        case "short":
            yield from _short_day(text, lexicon)
        case "clock":
            yield from _clock(text)
        case "number":
            yield from _numbers(text, lexicon)
        case "dotted":
            yield from _word(text.replace(".", ""), lexicon)
        case "char" | "word":
            yield from _word(text, lexicon)
        case _:
            yield Mark(text)


def _in_pieces(text: str) -> Iterator[Atom]:
    """Digits that are too many for a value; they are read one by one."""
    for part in regex.findall(rf"\d{{1,{_LONGEST}}}|\D", text):
        yield Number(Decimal(part), part, True) if part.isdigit() else Mark(part)


def _apart(text: str) -> Iterator[Atom]:
    """Digits with what stands between them."""
    for part in regex.split(r"(\D)", text):
        yield Number(Decimal(part), part, True) if part.isdigit() else Mark(part)


def _day(text: str, separator: str, lexicon: Lexicon) -> Iterator[Atom]:
    first, second, year = (int(part) for part in text.split(separator))
    if year < 100:
        year += 2000
    day, month = (first, second) if lexicon.day_first else (second, first)
    if month > 12 >= day:
        day, month = month, day
    if not (1 <= month <= 12 and 1 <= day <= 31):
        digits = text.replace(separator, "")
        yield Number(Decimal(digits), digits, True)
        return
    yield Day(year, month, day)


def _short_day(text: str, lexicon: Lexicon) -> Iterator[Atom]:
    """`14.3.` is a day where the decimal sign is a comma, else a number that ends a sentence."""
    day, month = (int(part) for part in text.rstrip(".").split("."))
    if lexicon.decimal == "," and 1 <= month <= 12 and 1 <= day <= 31:
        yield Day(None, month, day)
        return
    yield from _numbers(text.rstrip("."), lexicon)
    yield Mark(".")


def _clock(text: str) -> Iterator[Atom]:
    hour, minute, *_ = (int(part) for part in regex.split("[:h]", text))
    if hour <= 24 and minute < 60:
        yield Clock(hour, minute, led=text.startswith("0"))
        return
    for number, part in enumerate(regex.split("[:h]", text)):
        if number:
            yield Mark(":")
        yield Number(Decimal(part), part, True)


def _numbers(text: str, lexicon: Lexicon) -> Iterator[Atom]:
    """`1,250.50` as one number, `1,2,3` as three: groups have three digits, all but the first."""
    if lexicon.literal and not text.isdigit():
        yield Word(text)
        return
    plain = text.replace(" ", "").replace("'", "").replace("·", ".")
    if len(plain) > _LONGEST:
        yield from _in_pieces(plain)
        return
    other = "." if lexicon.decimal == "," else ","
    whole, point, decimals = plain.rpartition(lexicon.decimal)
    if not point:
        whole, decimals = decimals, ""
    groups = regex.split("[.,]", whole)
    lengths = [len(group) for group in groups]
    grouped = lengths[0] <= 3 and all(length == 3 for length in lengths[1:])
    # Lakh and crore: 1,23,000
    grouped = grouped or (
        len(groups) > 2 and lengths[0] <= 2 and lengths[1:] == [*[2] * (len(groups) - 2), 3]
    )
    if len(groups) == 1 or (grouped and other in whole and lexicon.decimal not in whole):
        yield _number("".join(groups), decimals)
    elif len(groups) == 2 and not decimals:
        yield _number(*groups)  # 12,50 is never 1250, whatever the language
    else:
        for part in regex.split("([.,])", plain):
            yield Mark(part) if part in ".," else _number(part, "")


def _number(whole: str, decimals: str) -> Number:
    if decimals:
        return Number(Decimal(f"{whole or 0}.{decimals}"), "", True)
    return Number(Decimal(whole or 0), whole, True)


def _word(text: str, lexicon: Lexicon) -> Iterator[Atom]:
    bare = text.rstrip("'")
    form = lexicon.forms.get(bare)
    if form is not None:
        yield from (Word(part) for part in form)
        return
    elided, mark, rest = bare.partition("'")
    if mark and rest and elided in lexicon.elided:
        yield Word(elided)
        yield from _word(rest, lexicon)
        return
    parts = _parted(bare, lexicon)
    if parts:
        yield from map(Word, parts)
        return
    for ending, meaning in lexicon.endings.items():
        stem = bare.removesuffix(ending)
        if stem and stem != bare and not (ending == "'s" and stem not in lexicon.is_after):
            yield from _word(stem, lexicon)
            yield Word(meaning[0], also=meaning[1:])
            return
    yield Word(_spelled(bare.replace("'", ""), lexicon), also=lexicon.short_for.get(bare, ()))


def _parted(text: str, lexicon: Lexicon) -> list[str]:
    """The parts of a number that is written as one word, in front of and behind its scale."""
    for scale in lexicon.inner_scales:
        before, found, after = text.partition(scale)
        known = all(not part or (part,) in lexicon.numerals for part in (before, after))
        if found and known:
            return [part for part in (before, scale, after) if part]
    return []


@lru_cache(maxsize=4096)
def _spelled(text: str, lexicon: Lexicon) -> str:
    for pattern, replacement in lexicon.spellings:
        text, changed = pattern.subn(replacement, text)
        if changed:
            break
    return text
