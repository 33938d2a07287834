"""Phrases as somebody would speak them, in the spelling of a pronunciation dictionary."""

from __future__ import annotations

import re
import unicodedata
from itertools import product

from voicetest.speech.transcribers.language_model import Phrase

__all__ = ["spoken_forms"]

MOST_FORMS = 4
ONES = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
    "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
]  # fmt: skip
TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
SHORT = {
    ("that", "is"): "that's",
    ("it", "is"): "it's",
    ("what", "is"): "what's",
    ("i", "am"): "i'm",
    ("i", "would"): "i'd",
    ("i", "will"): "i'll",
    ("i", "have"): "i've",
    ("do", "not"): "don't",
    ("can", "not"): "can't",
    ("will", "not"): "won't",
}
LONG = {short: long for long, short in SHORT.items()} | {"cannot": ("can", "not")}


def spoken_forms(phrase: str) -> tuple[Phrase, ...]:
    """The ways to speak a written phrase, at most four; a word that ends in `*` keeps it.

    Numbers are read digit by digit, in pairs and as a whole, contractions in full and in short.
    """
    readings = [_readings(word) for word in _words(phrase)]
    forms = [tuple(w for part in parts for w in part) for parts in product(*readings) if parts]
    forms += [_shortened(form) for form in forms]
    return tuple(dict.fromkeys(forms))[:MOST_FORMS]


def _words(phrase: str) -> list[str]:
    apart = unicodedata.normalize("NFKD", phrase.lower().replace("\u2019", "'"))
    plain = "".join(c for c in apart if not unicodedata.combining(c)).replace("%", " percent ")
    # Amounts with cents, times and dates fall apart into their numbers, as they are spoken.
    return re.findall(r"\d+|[^\W\d_]+(?:'[^\W\d_]+)*\*?", re.sub(r"(?<=\d),(?=\d{3})", "", plain))


def _readings(word: str) -> list[Phrase]:
    if word in LONG:
        return [(word,), LONG[word]]
    if not word.isdecimal():
        return [(word,)]
    pairs = [word[at : at + 2] for at in range(0, len(word), 2)]
    readings = [tuple(ONES[int(digit)] for digit in word)]
    if len(word) == 4 and all(pair[0] != "0" for pair in pairs):
        readings.append(tuple(part for pair in pairs for part in _cardinal(int(pair))))
    if word[0] != "0" and len(word) <= 6:
        readings.append(_cardinal(int(word)))
    return list(dict.fromkeys(readings))


def _cardinal(number: int) -> Phrase:
    if number < 20:
        return (ONES[number],)
    if number < 100:
        return (TENS[number // 10 - 2], *(_cardinal(number % 10) if number % 10 else ()))
    size, name = (100, "hundred") if number < 1000 else (1000, "thousand")
    rest = _cardinal(number % size) if number % size else ()
    return (*_cardinal(number // size), name, *rest)


def _shortened(form: Phrase) -> Phrase:
    found: list[str] = []
    for word in form:
        if found and (found[-1], word) in SHORT:
            found[-1] = SHORT[found[-1], word]
        else:
            found.append(word)
    return tuple(found)
