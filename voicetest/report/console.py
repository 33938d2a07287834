"""What people see while scenarios run, and after."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from rich.console import Console as Terminal
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from voicetest.checks.cost import cost_text
from voicetest.checks.result import Check, Result, Status
from voicetest.report.judge_text import judge_lines
from voicetest.report.live_rows import Row, table_of
from voicetest.report.outcome import fault_lines, understood, unmet
from voicetest.report.progress import Notice
from voicetest.report.summary import CaseLine, RunSummary
from voicetest.shown import shown
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


class Console:
    """A live table on a terminal, plain lines elsewhere; progress goes to standard error.

    It may be told of several calls, from several threads. Each thing it says is one line, in which
    nothing that others have said steers anything.
    """

    def __init__(
        self,
        *,
        as_json: bool = False,
        verbose: bool = False,
        out: TextIO | None = None,
        err: TextIO | None = None,
        settle: Callable[[], None] = lambda: None,
    ) -> None:
        """`out` and `err` take colours; standard output and error where they are not given.

        `settle` waits a moment for what was said to be written.
        """
        self._settle = settle
        self.verbose = verbose
        self._as_json = as_json
        self._out = out
        self._progress = _terminal(err, stderr=True)
        self._results = self._progress if as_json else _terminal(out, stderr=False)
        self._lock = threading.RLock()
        self._live: Live | None = None
        """The live table; there while a call runs on a terminal."""
        self._rows: dict[int, Row] = {}
        """The calls under way, by number."""

    def begin(self, call: int, name: str) -> None:
        """Call number `call` starts; secrets in its name are masked."""
        with self._lock:
            self._rows[call] = Row(name, time.perf_counter())
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
                    self._tell(f"{row.name}: {row.activity(row.waiting_at)}", "dim")
            elif notice.doing or notice.phase:
                row.waiting = None
            if notice.event:
                prefix = f"{row.name}: " if len(self._rows) > 1 else ""
                self._tell(prefix + notice.event, "dim")
            if notice.phase and self._live is None:
                self._tell(f"{row.name}: {notice.phase}", "dim")

    def _tell(self, text: str, style: str) -> None:
        """A line of progress."""
        self._progress.print(Text(shown(text), style))

    def _result(self, text: str, style: str = "") -> None:
        """A line of a result."""
        self._results.print(Text(shown(text), style))

    def _headline(self, status: Status, text: str, aside: str = "") -> None:
        head = (f"{status.upper():7}", f"bold {_COLOURS[status]}")
        self._results.print(Text.assemble(head, f" {shown(text)}", (aside, "dim")))

    def _table(self) -> Table:
        with self._lock:
            return table_of(self._rows.values(), time.perf_counter())

    def end(self, call: int, result: Result, where: str, folder: Path | None) -> None:
        """A call is over: its verdict, and on anything but a pass what to look at."""
        with self._lock:
            row = self._rows.pop(call)
            self._hide()
            wall = time.perf_counter() - row.began
            figures = [f"{result.duration_s:.1f} s call", f"{wall:.1f} s"]
            if result.cost is not None:
                figures.append(cost_text(result.cost))
            self._headline(result.status, f"{where}  {row.name}", f"  ({', '.join(figures)})")
            for fault in result.errors:
                first, *further = fault_lines(fault)
                self._result(f"  {first}")
                for line in further:
                    self._result(f"    {line}")
            for line in _warnings(result):
                self._result(f"  {line}", "yellow")
            interrupted = any(fault.kind == "interrupted" for fault in result.errors)
            if not interrupted:
                self._print_checks(result)
            if result.judge is not None:
                for line in judge_lines(result.judge):
                    self._result(f"  {line}")
            if folder is not None and (result.status != "passed" or self.verbose):
                self._result(f"  folder: {folder}")
            self._open()

    def _open(self) -> None:
        """Show the table if there is somebody to see it and a call to see."""
        if self._progress.is_terminal and self._live is None and self._rows:
            self._live = Live(
                console=self._progress,
                get_renderable=self._table,
                transient=True,
                redirect_stdout=False,  # what passes through it is taken for our own
                redirect_stderr=False,
            )
            self._live.start()

    def close(self) -> None:
        """Give the terminal back; the process may end at once."""
        self._hide()
        self._settle()

    def _hide(self) -> None:
        live, self._live = self._live, None
        if live is not None:
            live.stop()

    def _print_checks(self, result: Result) -> None:
        """What does not hold; under the first check after a line of the user, both sides of it."""
        quoted: set[int] = set()
        found = unmet(result)
        if result.status == "failed" and len(found) > 1:
            self._result(f"  why: {result.reason}")
        for check in found:
            self._print_check(check)
            line = understood(result, check)
            if line is not None and line.index not in quoted:
                quoted.add(line.index)
                self._result(f'    the user said:    "{line.said}"')
                self._result(f'    agent understood: "{line.understood}"')

    def _print_check(self, check: Check) -> None:
        step = "whole call" if check.step is None else f"step {check.step + 1}"
        word = "inconclusive" if check.inconclusive else check.severity
        self._result(f"  {check.where}  {step}  {check.name} ({word})")
        self._result(f"    expected: {check.expected}")
        self._result(f"    actual:   {check.actual}")

    def verdict(self, case: CaseLine) -> None:
        """The verdict on a case where it is more than the outcome of its one call."""
        name = case.name if case.case is None else f"{case.name} [{case.case}]"
        with self._lock:
            self._hide()
            self._headline(case.status, f"{case.file}  {name}: {case.reason}")
            self._open()

    @contextmanager
    def counting(self, what: str, total: int) -> Iterator[Callable[[], None]]:
        """A progress bar on a terminal, a line elsewhere; call what it gives for each one done."""
        if not self._progress.is_terminal:
            self._tell(f"{what}: {total}", "dim")
            yield lambda: None
            return
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        bar = Progress(
            *columns,
            console=self._progress,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        with bar:
            task = bar.add_task(what, total=total)
            yield lambda: bar.advance(task)

    def warn(self, message: str) -> None:
        """Something the user should know."""
        with self._lock:
            self._tell(f"warning: {message}", "yellow")

    def finish(self, summary: RunSummary) -> None:
        """The whole run is over."""
        totals = ", ".join(f"{count} {status}" for status, count in summary.totals.items())
        warned = sum(line.warnings > 0 for line in summary.scenarios)
        if warned:
            totals += f", {warned} with warnings"
        if summary.cost_usd is not None:
            totals += f", {dollars(summary.cost_usd)}"
        self._result(f"{totals or 'nothing ran'}  →  {summary.folder}")
        if self._as_json:
            print(summary.as_json(), end="", file=self._out)  # the command's output


def _terminal(file: TextIO | None, *, stderr: bool) -> Terminal:
    return Terminal(file=file, stderr=stderr, highlight=False, soft_wrap=True, emoji=False)


def _warnings(result: Result) -> Iterator[str]:
    """What the call warned of; what was known before it has been said before it."""
    told = [warning for warning in result.warnings if warning.at_s is not None]
    yield from map(str, told[:_MOST_WARNINGS])
    if len(told) > _MOST_WARNINGS:
        yield f"{len(told) - _MOST_WARNINGS} more warnings in manifest.json"
