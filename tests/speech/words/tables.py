"""The tables of what is heard, what a scenario says, and whether the one holds for the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import permutations, product
from pathlib import Path

__all__ = ["TABLES", "Pair", "pairs"]

TABLES = {
    "de": "german",
    "en": "english",
    "es": "spanish",
    "fr": "french",
    "hi": "hindi",
    "it": "italian",
    "ja": "japanese",
    "nl": "dutch",
    "pt": "portuguese",
    "zh": "chinese",
}


@dataclass(frozen=True)
class Pair:
    """One line of a table, written out."""

    kind: str
    line: int
    heard: str
    says: str
    holds: bool


def pairs(language: str) -> Iterator[Pair]:
    """Every pair of a language's table; english.txt says how a line is read."""
    path = Path(__file__).with_name(f"{TABLES[language]}.txt")
    kind = ""
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        text = line.strip()
        if text.startswith("[") and text.endswith("]"):
            kind = text[1:-1]
        elif text and not text.startswith("# "):
            yield from (Pair(kind, number, *pair) for pair in _written_out(text))


def _written_out(text: str) -> Iterator[tuple[str, str, bool]]:
    for sign, holds in ((" =/> ", False), (" => ", True)):
        if sign in text:
            heard, says = text.split(sign)
            yield heard.strip(), says.strip(), holds
            return
    same, *others = (part.strip() for part in text.split(" != "))
    forms = [part.strip() for part in same.split(" = ")]
    yield from ((heard, says, True) for heard, says in permutations(forms, 2))
    yield from ((heard, says, False) for heard, says in product(forms, others))
