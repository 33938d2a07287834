"""The rows of the live table: what each call under way does."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rich.table import Table
from rich.text import Text

from voicetest.report.progress import Waited
from voicetest.shown import shown

__all__ = ["Row", "table_of"]

_LONGEST = 300
"""Characters of one cell: no terminal is wider, and the far side may say megabytes."""


@dataclass
class Row:
    """One call under way; the console sets its fields by each notice."""

    name: str
    began: float
    doing: str = ""
    words: str = ""
    waiting: Waited | None = None
    """What it waits for, until something else is told of it."""
    waiting_at: float = 0.0
    """When that was told, by the clock of `began`."""

    def activity(self, now: float) -> str:
        """What it does."""
        if self.waiting is None:
            return self.doing
        waited = self.waiting.waited_s + now - self.waiting_at
        return f"waiting for {self.waiting.wanted}, {waited:.0f} of {self.waiting.limit_s:.0f} s"


def table_of(rows: Iterable[Row], now: float) -> Table:
    """The table at the time `now`, by the clock of the rows."""
    table = Table.grid(padding=(0, 2))
    for row in rows:
        table.add_row(
            _cell(row.name, "bold"),
            Text(f"{now - row.began:.0f}s", "dim"),
            _cell(row.activity(now), "cyan"),
            _cell(row.words, "dim"),
        )
    return table


def _cell(text: str, style: str) -> Text:
    return Text(shown(text[:_LONGEST]), style, no_wrap=True, overflow="ellipsis")
