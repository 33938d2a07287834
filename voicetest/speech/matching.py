"""Texts held against each other: is a phrase in it, how many words differ."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby

from voicetest.speech.text import joined, tokens

__all__ = ["contains", "word_error_rate", "word_errors"]

_MONTH = "january|february|march|april|may|june|july|august|september|october|november|december"
_NTH = "(?:st|nd|rd|th)?"
_DATE = re.compile(
    rf"\b(?P<month>{_MONTH})(?: the)? (?P<day>\d{{1,2}}){_NTH}\b"
    rf"|\b(?:the )?(?P<first_day>\d{{1,2}}){_NTH}(?: of)? (?P<then_month>{_MONTH})\b"
)


def contains(text: str, phrase: str) -> bool:
    """Whether the words of a phrase occur in a text whole, in order and adjacent.

    Both are normalised; a word of the phrase that ends in `*` matches any ending. A date may stand
    there in any of the usual ways, and a word in several pieces (`e mail`, `A B C`).
    """
    words = tokens(text)
    return any(
        _starts(words[at:], wanted) for wanted in _variants(phrase) for at in range(len(words))
    )


def word_error_rate(reference: str, hypothesis: str) -> float:
    """Errors per word of the reference; an empty one gives 0 if nothing was heard, else 1."""
    errors, words = word_errors(reference, hypothesis)
    if not words:
        return 1.0 if errors else 0.0
    return errors / words


def word_errors(reference: str, hypothesis: str) -> tuple[int, int]:
    """Substitutions, deletions and insertions (Levenshtein distance), and words of the reference.

    Both are normalised; numbers count digit by digit.
    """
    expected, heard = _digitwise(reference), _digitwise(hypothesis)
    row = list(range(len(heard) + 1))
    for done, word in enumerate(expected, 1):
        diagonal, row[0] = row[0], done
        for place, other in enumerate(heard, 1):
            best = min(row[place] + 1, row[place - 1] + 1, diagonal + (word != other))
            diagonal, row[place] = row[place], best
    return row[-1], len(expected)


def _variants(phrase: str) -> list[list[str]]:
    """The words of a phrase in every way in which they may be found."""
    written = {phrase, re.sub(r"(?<=[^\W\d])-(?=[^\W\d])", "", phrase)}
    found = []
    for form in sorted(written):
        for words in _dated(tokens(form)):
            wanted = _spelled(joined(words))
            if wanted and wanted not in found:
                found.append(wanted)
    return found


def _dated(words: list[str]) -> list[list[str]]:
    """The words with a day of a month in all its usual forms; the words alone without one."""
    text = " ".join(words)
    found = _DATE.search(text)
    if not found:
        return [words]
    month, day = found["month"] or found["then_month"], found["day"] or found["first_day"]
    nth = f"{day}{_ordinal_ending(int(day))}"
    forms = (
        *(f"{month} {day}", f"{month} {nth}", f"{month} the {nth}"),
        *(f"{day} {month}", f"{nth} {month}", f"{nth} of {month}"),
    )
    return [f"{text[: found.start()]}{form}{text[found.end() :]}".split() for form in forms]


def _ordinal_ending(number: int) -> str:
    if number // 10 % 10 == 1:
        return "th"
    return {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")


def _spelled(words: list[str]) -> list[str]:
    """Letters that stand alone, side by side, as one word."""
    found: list[str] = []
    for single, group in groupby(words, lambda word: len(word) == 1 and word.isalpha()):
        run = list(group)
        found += ["".join(run)] if single else run
    return found


def _digitwise(text: str) -> list[str]:
    return [part for word in joined(tokens(text)) for part in (word if word.isdigit() else [word])]


def _starts(words: Sequence[str], wanted: Sequence[str]) -> bool:
    """Whether `words` begin with `wanted`, each of which may be spread over several words."""
    at = 0
    for target in wanted:
        if at < len(words) and _matches(words[at], target):
            at += 1
            continue
        read = ""
        while len(read) < len(target) and at < len(words):
            read += words[at]
            at += 1
        if read != target:
            return False
    return True


def _matches(word: str, target: str) -> bool:
    if target.endswith("*"):
        return word.startswith(target[:-1])
    return word.removesuffix("*") == target
