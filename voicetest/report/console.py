"""What people see while scenarios run, and after."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console as Terminal
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from voicetest.checks.cost import cost_text
from voicetest.checks.result import Check, Result
from voicetest.report.judge_text import judge_lines
from voicetest.report.outcome import understood, unmet
from voicetest.report.progress import Notice, Waited
from voicetest.report.summary import CaseLine, RunSummary
from voicetest.spending import dollars

__all__ = ["Console"]

_COLOURS = {
    "passed": "green",
    "failed": "red",
    "error": "yellow",
    "inconclusive": "yellow",
    "skipped": "dim",
}
_MOST_WARNINGS = 8
"""Lines of warnings per call; the manifest has them all."""


@dataclass
class _Row:
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


class Console:
    """A live table on a terminal, plain lines elsewhere; progress goes to standard error.

    It may be told of several calls, from several threads.
    """

    def __init__(self, *, as_json: bool = False, verbose: bool = False) -> None:
        self.verbose = verbose
        self._as_json = as_json
        self._progress = Terminal(stderr=True, highlight=False, soft_wrap=True, emoji=False)
        self._results = (
            self._progress if as_json else Terminal(highlight=False, soft_wrap=True, emoji=False)
        )
        self._lock = threading.RLock()
        self._live: Live | None = None
        """The live table; there while a call runs on a terminal."""
        self._rows: dict[int, _Row] = {}
        """The calls under way, by number."""

    def begin(self, call: int, name: str) -> None:
        """Call number `call` starts; secrets in its name are masked."""
        with self._lock:
            self._rows[call] = _Row(name, time.perf_counter())
            self._open()

    def notice(self, notice: Notice) -> None:
        """Something is new about a call under way."""
        with self._lock:
            row = self._rows.get(notice.call)
            if row is None:
                return
            row.doing = notice.doing or notice.phase or row.doing
            row.words = notice.words or row.words
            if notice.waiting is not None:
                row.waiting, row.waiting_at = notice.waiting, time.perf_counter()
                if self._live is None:
                    told = f"{row.name}: {row.activity(row.waiting_at)}"
                    self._progress.print(told, style="dim", markup=False)
            elif notice.doing or notice.phase:
                row.waiting = None
            if notice.event:
                prefix = f"{row.name}: " if len(self._rows) > 1 else ""
                self._progress.print(prefix + notice.event, style="dim", markup=False)
            if notice.phase and self._live is None:
                self._progress.print(f"{row.name}: {notice.phase}", style="dim", markup=False)

    def _table(self) -> Table:
        table = Table.grid(padding=(0, 2))
        now = time.perf_counter()
        with self._lock:
            for row in self._rows.values():
                table.add_row(
                    Text(row.name, "bold", no_wrap=True, overflow="ellipsis"),
                    Text(f"{now - row.began:.0f}s", "dim"),
                    Text(row.activity(now), "cyan", no_wrap=True, overflow="ellipsis"),
                    Text(row.words, "dim", no_wrap=True, overflow="ellipsis"),
                )
        return table

    def end(self, call: int, result: Result, where: str, folder: Path | None) -> None:
        """A call is over: its verdict, and on anything but a pass what to look at."""
        with self._lock:
            row = self._rows.pop(call)
            self.close()
            wall = time.perf_counter() - row.began
            colour = _COLOURS[result.status]
            figures = [f"{result.duration_s:.1f} s call", f"{wall:.1f} s"]
            if result.cost is not None:
                figures.append(cost_text(result.cost))
            self._results.print(
                Text.assemble(
                    (f"{result.status.upper():7}", f"bold {colour}"),
                    f" {where}  {row.name}",
                    (f"  ({', '.join(figures)})", "dim"),
                )
            )
            for fault in result.errors:
                self._results.print(f"  {fault.kind} error: {fault.message}", markup=False)
            for line in _warnings(result):
                self._results.print(f"  {line}", style="yellow", markup=False)
            interrupted = any(fault.kind == "interrupted" for fault in result.errors)
            if not interrupted:
                self._print_checks(result)
            if result.judge is not None:
                for line in judge_lines(result.judge):
                    self._results.print(f"  {line}", markup=False)
            if folder is not None and (result.status != "passed" or self.verbose):
                self._results.print(f"  folder: {folder}", markup=False)
            self._open()

    def _open(self) -> None:
        """Show the table if there is somebody to see it and a call to see."""
        if self._progress.is_terminal and self._live is None and self._rows:
            self._live = Live(console=self._progress, get_renderable=self._table, transient=True)
            self._live.start()

    def close(self) -> None:
        """Give the terminal back."""
        live, self._live = self._live, None
        if live is not None:
            live.stop()

    def _print_checks(self, result: Result) -> None:
        """What does not hold; under the first check after a line of the user, both sides of it."""
        shown: set[int] = set()
        found = unmet(result)
        if result.status == "failed" and len(found) > 1:
            self._results.print(f"  why: {result.reason}", markup=False)
        for check in found:
            self._print_check(check)
            line = understood(result, check)
            if line is not None and line.index not in shown:
                shown.add(line.index)
                self._results.print(f'    the user said:    "{line.said}"', markup=False)
                self._results.print(f'    agent understood: "{line.understood}"', markup=False)

    def _print_check(self, check: Check) -> None:
        step = "whole call" if check.step is None else f"step {check.step + 1}"
        word = "inconclusive" if check.inconclusive else check.severity
        self._results.print(f"  {check.where}  {step}  {check.name} ({word})", markup=False)
        self._results.print(f"    expected: {check.expected}", markup=False)
        self._results.print(f"    actual:   {check.actual}", markup=False)

    def verdict(self, case: CaseLine) -> None:
        """The verdict on a case where it is more than the outcome of its one call."""
        name = case.name if case.case is None else f"{case.name} [{case.case}]"
        with self._lock:
            self.close()
            self._results.print(
                Text.assemble(
                    (f"{case.status.upper():7}", f"bold {_COLOURS[case.status]}"),
                    f" {case.file}  {name}: {case.reason}",
                )
            )
            self._open()

    @contextmanager
    def counting(self, what: str, total: int) -> Iterator[Callable[[], None]]:
        """A progress bar on a terminal, a line elsewhere; call what it gives for each one done."""
        if not self._progress.is_terminal:
            self._progress.print(f"{what}: {total}", style="dim", markup=False)
            yield lambda: None
            return
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        with Progress(*columns, console=self._progress, transient=True) as bar:
            task = bar.add_task(what, total=total)
            yield lambda: bar.advance(task)

    def warn(self, message: str) -> None:
        """Something the user should know."""
        with self._lock:
            self._progress.print(f"warning: {message}", style="yellow", markup=False)

    def finish(self, summary: RunSummary) -> None:
        """The whole run is over."""
        totals = ", ".join(f"{count} {status}" for status, count in summary.totals.items())
        warned = sum(line.warnings > 0 for line in summary.scenarios)
        if warned:
            totals += f", {warned} with warnings"
        if summary.cost_usd is not None:
            totals += f", {dollars(summary.cost_usd)}"
        self._results.print(f"{totals or 'nothing ran'}  →  {summary.folder}", markup=False)
        if self._as_json:
            print(summary.model_dump_json(indent=2))  # noqa: T201  # the command's output


def _warnings(result: Result) -> Iterator[str]:
    """What the call warned of; what was known before it has been said before it."""
    told = [warning for warning in result.warnings if warning.at_s is not None]
    yield from map(str, told[:_MOST_WARNINGS])
    if len(told) > _MOST_WARNINGS:
        yield f"{len(told) - _MOST_WARNINGS} more warnings in manifest.json"
