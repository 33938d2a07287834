"""A written line as a caller says it: digit by digit, in amounts, at times, letter by letter.

For voices that read what is written: espeak-ng 1.52 says "dash" in 1-800-555-0199, "dollar four
point five zero" for $4.50, "ten zero zero" for 10:00 and "roman four" for IV.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import partial
from typing import Protocol

import regex
from num2words import num2words

from voicetest.speech.words.languages import lexicon
from voicetest.speech.words.lexicon import Lexicon

__all__ = ["aloud"]

_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_MONEY = {
    "$": ("dollar", "dollars", "cents"),
    "€": ("euro", "euros", "cents"),
    "£": ("pound", "pounds", "pence"),
    "₹": ("rupee", "rupees", "paise"),
}
_FRACTIONS = {
    "1/2": "one half",
    "1/3": "one third",
    "2/3": "two thirds",
    "1/4": "one quarter",
    "3/4": "three quarters",
}
_ROMAN = {"II": 2, "III": 3, "IV": 4, "VI": 6, "VII": 7, "VIII": 8, "IX": 9, "XI": 11, "XII": 12}
_YEAR_BEFORE = regex.compile(
    r"\b(?:in|since|until|before|after|year|of|from|by)\s$|\d(?:th|st|nd|rd)?,?\s$"
)
_LONG = 4
"""From so many digits on a number without a unit is read digit by digit."""


def aloud(text: str, language: str = "en") -> str:
    """The text with its numbers, codes and addresses in words, as somebody says them.

    In languages other than English only what every voice gets wrong: addresses, telephone numbers,
    long numbers and codes. SSML's `<sub alias>` and `<say-as interpret-as>` (characters, digits,
    cardinal, ordinal) say what else is meant; other tags are left out.
    """
    tables = lexicon(language)
    said = _marked_up(text, tables)
    rules = _RULES if tables.tag == "en" else _EVERYWHERE
    for pattern, say in rules:
        said = pattern.sub(partial(say, tables=tables), said)
    return regex.sub(r"\s{2,}", " ", said).strip() or text


def _marked_up(text: str, tables: Lexicon) -> str:
    text = regex.sub(r'<sub\s+alias="([^"]*)">[^<]*</sub>', r"\1", text)
    kinds: dict[str, Callable[[str], str]] = {
        "characters": lambda part: _one_by_one(part, tables),
        "spell-out": lambda part: _one_by_one(part, tables),
        "digits": lambda part: _one_by_one(part, tables),
        "telephone": lambda part: _one_by_one(part, tables),
        "cardinal": lambda part: _words(part, tables),
        "number": lambda part: _words(part, tables),
        "ordinal": lambda part: _words(part, tables, to="ordinal"),
    }

    def say(found: regex.Match[str]) -> str:
        kind = kinds.get(found[1])
        return found[2] if kind is None else kind(found[2])

    text = regex.sub(r'<say-as\s+interpret-as="([^"]*)"[^>]*>([^<]*)</say-as>', say, text)
    return regex.sub(r"</?\p{L}[^<>]*>", " ", text)


def _words(text: str, tables: Lexicon, to: str = "cardinal") -> str:
    plain = text.strip().replace(tables.groups, "").replace(tables.decimal, ".")
    try:
        value = Decimal(plain)
        whole = int(value) if value == int(value) else value
        words: str = num2words(whole, lang=tables.tag, to=to)
    except (ArithmeticError, NotImplementedError, ValueError):
        return text
    return words.replace(",", "").replace("-", " ")


def _one_by_one(text: str, tables: Lexicon) -> str:
    """Letters and digits apart, without pauses: a recogniser hears "and" in a short one."""
    return " ".join(_said(char, tables) for char in regex.findall(r"[\p{L}\p{N}]", text))


def _said(char: str, tables: Lexicon) -> str:
    if char.isdigit():
        return _DIGITS[int(char)] if tables.tag == "en" else _words(char, tables)
    return char.upper()


def _mail(found: regex.Match[str], tables: Lexicon) -> str:
    names = {sign: name for name, sign in reversed([*tables.separators.items()])}
    at = sorted(tables.at, key=len)[-1] if tables.tag != "en" and tables.at else "at"
    address = regex.sub(r"^https?://", "", found[0])
    said = []
    for part in regex.findall(r"\p{L}+|\d+|[^\p{L}\d]", address):
        if part == "@":
            said.append(at)
        elif part.isdigit():
            said.append(_one_by_one(part, tables))
        elif part.isalpha():
            said.append(" ".join(part) if part.casefold() == "www" else part)
        else:
            said.append(names.get(part, ""))
    return " ".join(said)


def _telephone(found: regex.Match[str], tables: Lexicon) -> str:
    plus = tables.symbols.get("+", ("plus",))[0] if found[0].startswith("+") else ""
    return f"{plus} {_one_by_one(found[0], tables)}".strip()


def _digits(found: regex.Match[str], tables: Lexicon) -> str:
    text = found[0]
    year = len(text) == 4 and text[:2] in ("18", "19", "20", "21")
    if year and tables.tag == "en" and _YEAR_BEFORE.search(found.string[: found.start()]):
        return _year(text)
    return _one_by_one(text, tables)


def _code(found: regex.Match[str], tables: Lexicon) -> str:
    return _one_by_one(found[0], tables)


def _year(text: str) -> str:
    head, tail = int(text[:2]), int(text[2:])
    if text[2:] == "00":
        return f"{num2words(head)} hundred" if head % 10 else f"{num2words(head // 10)} thousand"
    if tail < 10:
        said = "two thousand" if head == 20 else f"{num2words(head)} oh"
        return f"{said} {num2words(tail)}"
    return f"{num2words(head)} {num2words(tail)}".replace("-", " ")


def _iso(found: regex.Match[str], tables: Lexicon) -> str:
    return _date(found["y"], int(found["m"]), int(found["d"]), tables) or found[0]


def _slashed(found: regex.Match[str], tables: Lexicon) -> str:
    first, second = int(found[1]), int(found[2])
    day, month = (first, second) if tables.day_first or first > 12 else (second, first)
    return _date(found[3], month, day, tables) or found[0]


def _date(year: str, month: int, day: int, tables: Lexicon) -> str:
    names = [name for name, number in tables.months.items() if number == month]
    if not names or not 1 <= day <= 31:
        return ""
    nth = num2words(day, to="ordinal").replace("-", " ")
    return f"{names[0].capitalize()} {nth} {_year(year if len(year) == 4 else f'20{year}')}"


def _time(found: regex.Match[str], tables: Lexicon) -> str:
    hour, minute = int(found[1]), int(found[2] or 0)
    half = f" {found[3][0]} m" if found[3] else ""
    if hour > 24 or minute > 59:
        return found[0]
    said = _words(str(hour), tables)
    if not minute:
        return f"{said}{half}" if half else f"{said} o'clock"
    return f"{said} {'oh ' if minute < 10 else ''}{_words(str(minute), tables)}{half}"


def _money(found: regex.Match[str], tables: Lexicon) -> str:
    one, many, parts = _MONEY[found["sign"] or found["behind"]]
    whole, _, hundredths = found["amount"].replace(",", "").partition(".")
    scale = found["scale"] or ""
    if scale or len(hundredths) not in (0, 2):
        scale = {"k": "thousand", "m": "million", "bn": "billion"}.get(scale.strip(), scale)
        return f"{_words(found['amount'], tables)} {scale.strip()} {many}".replace("  ", " ")
    said = [f"{_words(whole, tables)} {one if whole == '1' else many}"] if int(whole) else []
    if hundredths and int(hundredths):
        said.append(f"{_words(hundredths, tables)} {parts}")
    return " and ".join(said) or f"zero {many}"


def _measure(found: regex.Match[str], tables: Lexicon) -> str:
    return f"{_words(found[1], tables)} {tables.units[found[2].casefold()]}"


def _number(found: regex.Match[str], tables: Lexicon) -> str:
    return _words(found[0], tables)


def _either(found: regex.Match[str], tables: Lexicon) -> str:
    return f"{_words(found[1], tables)} to {_words(found[2], tables)}"


_AMOUNT = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_SIGNS = "".join(map(regex.escape, _MONEY))


class _Say(Protocol):
    def __call__(self, found: regex.Match[str], tables: Lexicon) -> str: ...


def _rules(*rules: tuple[str, _Say]) -> Sequence[tuple[regex.Pattern[str], _Say]]:
    return tuple((regex.compile(pattern), say) for pattern, say in rules)


_ADDRESS = (
    r"[\p{L}\p{N}][\p{L}\p{N}._+-]*@[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+"
    r"|(?:https?://|www\.)[\p{L}\p{N}.-]+\.\p{L}{2,}(?:/[\p{L}\p{N}/_-]*)?"
    r"|\b[\p{L}\p{N}-]+\.(?:com|org|net|io|co\.uk|de|fr|es|it|nl|pt|in|jp|cn)\b"
    r"(?:/[\p{L}\p{N}/_-]*)?"
)
_PHONE = (
    r"(?<![\w.,$€£])(?:\+\d{1,3}[ .-]?)?(?:\(\d{2,4}\)[ .-]?)?\d{1,4}(?:[ .-]\d{2,4}){2,4}(?![\w-])"
    r"|(?<![\w.,$€£-])\d{3}-\d{4}(?![\w-])|(?<!\w)\+\d{7,15}\b|\(\d{3}\) ?\d{3}-\d{4}"
    r"|\(\d{2}\) ?\d{4,5}-\d{4}\b|(?<![\w.,$€£/-])0\d{1,4}[ /-]\d{4,10}\b(?![\w.,/-]\d)"
)
_CODED = r"\b(?=[\p{Lu}\d-]*\p{Lu})(?=[\p{Lu}\d-]*\d)[\p{Lu}\d]+(?:-[\p{Lu}\d]+)*\b"

_EVERYWHERE = _rules(
    (_ADDRESS, _mail),
    (_PHONE, _telephone),
    (_CODED, _code),
    (rf"(?<![\d.,]|[{_SIGNS}] ?)\d{{5,}}(?![\d]|[.,]\d)", _digits),
)
_RULES = _rules(
    (_ADDRESS, _mail),
    (r"\b(?P<y>\d{4})(?P<mid>[-/])(?P<m>\d{1,2})(?P=mid)(?P<d>\d{1,2})\b", _iso),
    (r"\b(\d{1,2})/(\d{1,2})/(\d{4}|\d{2})\b", _slashed),
    (r"\b(\d{1,2}):(\d{2})(?: ?([AaPp])\.?[Mm]\.?)?(?!\w)", _time),
    (r"\b(\d{1,2})()(?: ?([AaPp])\.?[Mm]\b\.?)", _time),
    (
        rf"(?P<sign>[{_SIGNS}]) ?(?P<amount>{_AMOUNT})"
        r"(?P<scale>k|m|bn| (?:thousand|million|billion))?\b(?P<behind>)"
        rf"|(?P<sign>)(?P<amount>{_AMOUNT})(?P<scale>) ?(?P<behind>[€£₹])",
        _money,
    ),
    (rf"\b({_AMOUNT}) ?%", lambda found, tables: f"{_words(found[1], tables)} percent"),
    (_PHONE, _telephone),
    (r"\b(\d{1,3})[-\u2013](\d{1,3})\b", _either),
    (_CODED, _code),
    (r"\b(?:1/2|1/3|2/3|1/4|3/4)\b", lambda found, tables: _FRACTIONS[found[0]]),
    (rf"\b({_AMOUNT}) ?(km|kg|cm|mm|lbs?|oz|ft|mins?|hrs?|secs?|gb|GB|mb|MB)\b", _measure),
    (r"#(?=\d)", lambda found, tables: "number "),
    (r"(?<!\w)#(?!\w)", lambda found, tables: "pound"),
    (r"\b\d{1,3}(?:,\d{3})+(?:\.\d+)?\b", _number),
    (
        rf"(?<![\d.,/])\d{{{_LONG},}}(?!\d|[.,/]\d)(?! (?:people|dollars|euros|times|miles))",
        _digits,
    ),
    (r"(?<![\d.,/])0\d+(?!\d|[.,]\d|/)", _digits),
    (rf"\b(?:{'|'.join(_ROMAN)})\b", lambda found, tables: _words(str(_ROMAN[found[0]]), tables)),
    (r"(?<=\w) ?& ?(?=\w)", lambda found, tables: " and "),
)
