"""What one party of a Gemini Live session said: pieces that come in no fixed order to its sound."""

from __future__ import annotations

from voicetest.events import Event, Party, Transcript

__all__ = ["SaidWords"]


class SaidWords:
    """The words of one party's turn, told as a whole and corrected when more of them come."""

    def __init__(self, by: Party) -> None:
        self._by: Party = by
        self._words = ""
        """Of the turn so far."""
        self._told = ""
        """What of it was told, trimmed."""
        self._told_upto = 0
        """Where in `_words` that ends."""

    def add(self, piece: str) -> None:
        """A further piece came."""
        self._words += piece

    def tell(self) -> tuple[Event, ...]:
        """The words so far, unless they have been told."""
        whole, before = self._words.strip(), self._told
        self._told_upto = len(self._words)
        if whole == before:
            return ()
        self._told = whole
        return (Transcript(self._by, whole, replaces=before or None),)

    def renew(self) -> None:
        """A new turn begins; what was not told yet belongs to it."""
        self._words = self._words[self._told_upto :]
        self._told, self._told_upto = "", 0
