"""Regular expressions of a scenario, which are given a bounded time."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import regex

__all__ = ["LIMIT_S", "TextPattern"]

LIMIT_S = 0.05
"""Seconds of processor time that one search may take; usual ones take some microseconds."""


@dataclass(frozen=True)
class TextPattern:
    """A regular expression that ignores case."""

    pattern: str

    def compile(self) -> None:
        """Raises regex.error for what is none."""
        _compiled(self.pattern)

    def found_in(self, text: str) -> bool | None:
        """Whether it is found somewhere in a text; None when that cannot be said in time.

        With a repeat inside a repeat a text that does not fit may take longer than the universe.
        """
        return _found(self.pattern, text)


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> regex.Pattern[str]:
    return regex.compile(pattern, regex.IGNORECASE)


@lru_cache(maxsize=256)
def _found(pattern: str, text: str) -> bool | None:
    # Asked in each frame of a step that waits: what took too long once is not tried again.
    try:
        return _compiled(pattern).search(text, timeout=LIMIT_S) is not None
    except TimeoutError:
        return None
