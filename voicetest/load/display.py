"""Shows how a load goes: a live table on a terminal, a line every few seconds elsewhere."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager
from typing import TextIO

from rich.console import Console as Terminal
from rich.live import Live
from rich.table import Table
from rich.text import Text

from voicetest.load.tally import Tally
from voicetest.report.load_summary import Figures, Spread
from voicetest.report.load_text import brief, clock, seconds
from voicetest.shown import shown

__all__ = ["Display"]

_LINE_EVERY_S = 5.0


class Display(AbstractContextManager["Display"]):
    """Writes to standard error, or to `err`."""

    def __init__(self, err: TextIO | None = None) -> None:
        self._terminal = Terminal(
            file=err, stderr=err is None, highlight=False, soft_wrap=True, emoji=False
        )
        self._live: Live | None = None
        """There once something was shown on a terminal."""
        self._told = 0.0
        """When the last line was written, on the monotonic clock."""

    def show(self, tally: Tally, lines: int) -> None:
        """Show what there is by now."""
        if self._terminal.is_terminal:
            self._draw(_table(tally, lines))
        elif time.monotonic() - self._told >= _LINE_EVERY_S:
            self._told = time.monotonic()
            self._terminal.print(Text(shown(_line(tally, lines)), "dim"))

    def close(self) -> None:
        """Give the terminal back."""
        live, self._live = self._live, None
        if live is not None:
            live.stop()

    def __exit__(self, *failure: object) -> None:
        self.close()

    def _draw(self, table: Table) -> None:
        if self._live is None:
            self._live = Live(
                console=self._terminal,
                auto_refresh=False,
                transient=True,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            self._live.start()
        self._live.update(table, refresh=True)


def _now(tally: Tally) -> tuple[float, float, float]:
    """The last second: when it was, CPU, and lag in milliseconds."""
    samples = tally.columns.samples
    if not len(samples):
        return 0.0, 0.0, 0.0
    return float(samples["at"][-1]), float(samples["cpu"][-1]), float(samples["lag"][-1])


def _line(tally: Tally, lines: int) -> str:
    at, cpu, lag = _now(tally)
    stage = f"stage {(tally.stage or 0) + 1}/{len(tally.plan.stages)}"
    figures = tally.so_far(tally.stage)
    return (
        f"{clock(at)}  {stage}  {lines} on the line  {brief(figures)}; "
        f"CPU {cpu * 100:.0f}%, lag {lag:.0f} ms"
    )


def _table(tally: Tally, lines: int) -> Table:
    at, cpu, lag = _now(tally)
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for head in ("stage", "begun", "well", "failed", "errors", "dropped", "late"):
        table.add_column(head, justify="left" if head == "stage" else "right")
    table.columns[0].no_wrap = True
    for head in ("connect", "first word", "response", "stop"):
        table.add_column(head, justify="right")
    for index in range((tally.stage or 0) + 1):
        words = f"{index + 1}. {tally.plan.stages[index].words}"
        table.add_row(Text(words, "bold"), *_cells(tally.so_far(index)))
    if tally.stage:
        table.add_row(Text("all", "bold"), *_cells(tally.so_far()))
    limits = tally.plan.most_calls
    cap = "" if limits is None else f" of at most {limits}"
    table.caption = Text(
        f"{clock(at)}   {lines} on the line   {len(tally.columns.begun)} calls{cap}   "
        f"CPU {cpu * 100:.0f}%   lag {lag:.0f} ms   times are p50/p95/p99 in s   Ctrl-C ends it",
        "dim",
    )
    table.caption_justify = "left"
    return table


def _cells(figures: Figures) -> list[Text]:
    counted = (
        (figures.begun, ""),
        (figures.ended_well, "green"),
        (figures.failed, "red"),
        (figures.errors, "red"),
        (figures.dropped, "yellow"),
        (figures.late, "yellow"),
    )
    found = [Text(str(number), style if number else "dim") for number, style in counted]
    timed = (
        figures.connect,
        figures.first_word,
        figures.response_latency,
        figures.stop_time,
    )
    return [*found, *(Text(_three(spread)) for spread in timed)]


def _three(spread: Spread) -> str:
    if not spread.n:
        return "-"
    return "/".join(map(seconds, (spread.p50, spread.p95, spread.p99)))
