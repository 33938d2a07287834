"""Counts what our server refuses, so that a flood of it does not fill the timeline."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from voicetest.events import Status, Warned

__all__ = ["Refusals"]


class Refusals:
    """`report` is told of the first request of each kind at once, and of how many there were."""

    def __init__(self, report: Callable[[Status | Warned], None]) -> None:
        self._report = report
        self._counted: Counter[str] = Counter()

    def note(self, what: str, advice: str) -> None:
        """One more was refused: what it was is one of a few texts, none of them of its sender."""
        self._counted[what] += 1
        if self._counted[what] == 1:
            self._report(Warned(f"{what} was refused: {advice}"))

    def close(self) -> None:
        """No more will come; what came only once has been told."""
        for what, count in self._counted.items():
            if count > 1:
                self._report(Warned(f"{what} was refused {count} times in all"))
        self._counted.clear()
