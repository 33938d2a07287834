"""Texts held against each other: is a phrase in it, how many words differ."""

from __future__ import annotations

from voicetest.speech import words
from voicetest.speech.text import normalise

__all__ = ["contains", "word_error_rate", "word_errors"]


def contains(text: str, phrase: str, language: str = "en") -> bool:
    """Whether the words of a phrase occur in a text whole, in order and adjacent.

    A number, an amount, a time, a date, a range, a code or an address is one unit, the same in
    each of its forms and never found in a part of another; a word of the phrase that ends in `*`
    matches any ending, and a word may stand in several pieces (`e mail`). `language` is a BCP 47
    tag; in one that is not known, numbers are compared as they are written.
    """
    return words.contains(text, phrase, language)


def word_error_rate(reference: str, hypothesis: str, language: str = "en") -> float:
    """Errors per word of the reference; an empty one gives 0 if nothing was heard, else 1."""
    errors, counted = word_errors(reference, hypothesis, language)
    if not counted:
        return 1.0 if errors else 0.0
    return errors / counted


def word_errors(reference: str, hypothesis: str, language: str = "en") -> tuple[int, int]:
    """Substitutions, deletions and insertions (Levenshtein distance), and words of the reference.

    Both are normalised; numbers count digit by digit.
    """
    expected, heard = normalise(reference, language), normalise(hypothesis, language)
    row = list(range(len(heard) + 1))
    for done, word in enumerate(expected, 1):
        diagonal, row[0] = row[0], done
        for place, other in enumerate(heard, 1):
            best = min(row[place] + 1, row[place - 1] + 1, diagonal + (word != other))
            diagonal, row[place] = row[place], best
    return row[-1], len(expected)
