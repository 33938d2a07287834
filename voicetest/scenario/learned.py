"""Secrets that are not known from the beginning, and all that this process knows."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["EVERY", "MOST_PASSING", "Learned"]

MOST_PASSING = 500
"""So many secrets of single calls are remembered, as a process may make any number of calls."""


class Learned:
    """Secrets that become known while something runs, such as an address that is signed."""

    def __init__(self) -> None:
        self.texts: frozenset[str] = frozenset()
        """Replaced as a whole when some are added, so that any thread may read it."""
        self._passing: list[str] = []
        """Those of single calls, the newest last."""

    def add(self, texts: Iterable[str], *, passing: bool = False) -> None:
        """Take note of secrets; of those that are only `passing` the newest are kept."""
        fresh = frozenset(texts) - self.texts
        if not fresh:
            return
        gone: list[str] = []
        if passing:
            self._passing = [*self._passing, *fresh]
            gone, self._passing = self._passing[:-MOST_PASSING], self._passing[-MOST_PASSING:]
        self.texts = (self.texts | fresh) - frozenset(gone)


EVERY = Learned()
"""All secrets that this process knows, whatever they belong to: for what no scenario writes."""
