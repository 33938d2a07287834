"""Text as it is compared: words, and numbers as units that are never taken apart."""

from __future__ import annotations

from functools import lru_cache

from voicetest.speech.words.languages import lexicon
from voicetest.speech.words.match import Graph, found_in, graph
from voicetest.speech.words.reader import read

__all__ = ["contains", "spoken"]


@lru_cache(maxsize=512)
def _graph(text: str, language: str, wanted: bool) -> Graph:
    tables = lexicon(language)
    return graph(read(text, tables, wanted=wanted), tables.negations)


def contains(text: str, phrase: str, language: str = "en") -> bool:
    """Whether the words of a phrase occur in a text whole, in order and adjacent."""
    return found_in(_graph(text, language, False), _graph(phrase, language, True))


def spoken(text: str, language: str = "en") -> list[str]:
    """The words of a text as a word error rate counts them: numbers digit by digit, no fillers."""
    return list(_spoken(text, language))


@lru_cache(maxsize=512)
def _spoken(text: str, language: str) -> tuple[str, ...]:
    """Kept, as the calls of a run have the same words."""
    fillers = lexicon(language).fillers
    units = (unit for cell in read(text, lexicon(language)) for unit in cell.ways[0])
    return tuple(part for unit in units if unit.chars not in fillers for part in unit.spoken)
