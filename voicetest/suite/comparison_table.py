"""The text of `voicetest compare`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict

from voicetest.shown import shown, shown_json
from voicetest.suite.compare import Change, Comparison, Row

__all__ = ["comparison_lines"]

_TITLES = ("scenario", "metric", "base", "new", "difference", "")


def comparison_lines(found: Comparison, *, every: bool, as_json: bool) -> Iterator[str]:
    """A table with the figures that differ, or `every` figure; or all as one JSON list."""
    if as_json:
        yield shown_json([asdict(row) for row in found.rows], indent=2)
        return
    rows = [row for row in found.rows if every or row.change is not Change.SAME]
    if rows:
        yield from _table([_TITLES, *map(_cells, rows)])
    counts = Counter(row.change for row in found.rows)
    yield ", ".join(f"{counts[change]} {change}" for change in Change if counts[change]) or (
        "nothing to compare"
    )
    if found.vanished and not found.allow_missing:
        gone = ", ".join(found.vanished)
        yield f"gone: {gone}; a case that is no longer run is a failure without --allow-missing"


def _table(rows: list[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()


def _cells(row: Row) -> tuple[str, ...]:
    difference = ""
    if isinstance(row.base, float) and isinstance(row.new, float):
        difference = _figure(row.new - row.base, row.unit, sign="+")
        if row.base:
            difference += f" ({(row.new - row.base) / abs(row.base):+.0%})"
    base, new = _figure(row.base, row.unit), _figure(row.new, row.unit)
    if row.unit != "verdict" and min(row.n) < 5:
        new += f" (n={row.n[1]})"
    return shown(row.name), shown(row.metric), shown(base), shown(new), difference, str(row.change)


def _figure(value: float | str | None, unit: str, sign: str = "") -> str:
    match value:
        case None:
            return "-"
        case str():
            return value
        case _ if unit == "share":
            return f"{value:{sign}.1%}"
        case _ if unit == "s":
            return f"{value:{sign}.3f} s"
        case _:
            return f"{value:{sign}g}"
