"""One place in a text, and what stands from there on."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias, TypeVar

from voicetest.speech.words.atoms import Atom, Mark, Number, Word
from voicetest.speech.words.lexicon import Lexicon
from voicetest.speech.words.unit import Way

__all__ = ["Place", "Read"]

T = TypeVar("T")
Read: TypeAlias = "tuple[int, tuple[Way, ...]] | None"
"""How many atoms were read, and in which ways; None when they are nothing of the kind."""


@dataclass(frozen=True)
class Place:
    """Where a rule looks at a text."""

    atoms: Sequence[Atom]
    lexicon: Lexicon
    wanted: bool
    """Whether the text is what is looked for, not what it is looked for in."""
    at: int = 0

    def moved(self, atoms: int) -> Place:
        """The place so many atoms on."""
        return replace(self, at=self.at + atoms)

    def __getitem__(self, offset: int) -> Atom | None:
        at = self.at + offset
        return self.atoms[at] if 0 <= at < len(self.atoms) else None

    def word(self, offset: int) -> str:
        """The word there; empty when it is something else."""
        atom = self[offset]
        return atom.text if isinstance(atom, Word) else ""

    def mark(self, offset: int) -> str:
        """The mark there; empty when it is something else."""
        atom = self[offset]
        return atom.text if isinstance(atom, Mark) else ""

    def whole(self, offset: int) -> int | None:
        """The whole number there."""
        atom = self[offset]
        return int(atom.digits) if isinstance(atom, Number) and atom.digits else None

    def number(self, offset: int) -> Number | None:
        """The number there."""
        atom = self[offset]
        return atom if isinstance(atom, Number) else None

    def phrase(self, offset: int, table: Mapping[tuple[str, ...], T]) -> tuple[T, int] | None:
        """The longest entry that stands there, and its words."""
        for length in range(max(map(len, table), default=0), 0, -1):
            words = tuple(self.word(offset + index) for index in range(length))
            if words in table:
                return table[words], length
        return None

    def among(self, offset: int, words: Collection[str]) -> int:
        """1 when one of the words stands there, else 0."""
        return int(self.word(offset) in words)
