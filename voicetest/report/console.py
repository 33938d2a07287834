"""What people see while scenarios run, and after."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from rich.console import Console as Terminal
from rich.live import Live
from rich.text import Text

from voicetest.call.event_log import event_fields
from voicetest.call.timeline import Entry, SpeechStarted, StepStarted
from voicetest.checks.judgement import Judgement
from voicetest.checks.result import Check, Result
from voicetest.events import ToolCalled, Transcript
from voicetest.report.summary import RunSummary

__all__ = ["Console"]

_COLOURS = {
    "passed": "green",
    "failed": "red",
    "error": "yellow",
    "inconclusive": "yellow",
    "skipped": "dim",
}


class Console:
    """A live line on a terminal, plain lines elsewhere; progress goes to standard error."""

    def __init__(self, *, as_json: bool = False, verbose: bool = False) -> None:
        self._as_json = as_json
        self._verbose = verbose
        self._progress = Terminal(stderr=True, highlight=False, soft_wrap=True, emoji=False)
        self._results = (
            self._progress if as_json else Terminal(highlight=False, soft_wrap=True, emoji=False)
        )
        self._live: Live | None = None
        """The live line; set while a scenario runs on a terminal."""
        self._mask: Callable[[Any], Any] = lambda value: value
        """Set by each scenario."""
        self._name = ""
        self._phase = ""
        self._began = 0.0

    def begin(self, name: str, mask: Callable[[Any], Any] = lambda value: value) -> None:
        """A scenario starts; `mask` hides its secrets in any JSON value."""
        self._mask = mask
        self._name = mask(name)
        self._began = time.perf_counter()
        if self._progress.is_terminal:
            self._live = Live(console=self._progress, get_renderable=self._line, transient=True)
            self._live.start()

    def phase(self, phase: str) -> None:
        """The scenario under way entered a phase."""
        self._phase = phase
        if self._live is None:
            self._progress.print(f"{self._name}: {phase}", style="dim", markup=False)

    def entry(self, entry: Entry) -> None:
        """Something happened in the call under way."""
        if self._verbose:
            line = json.dumps(self._mask(event_fields(entry)), ensure_ascii=False)
            self._progress.print(line, style="dim", markup=False)
        if self._live is not None:
            phase = _phase(entry)
            if phase:
                self._phase = self._mask(f"{entry.at:6.1f}s  {phase}")

    def _line(self) -> Text:
        elapsed = time.perf_counter() - self._began
        return Text.assemble(
            (f"{self._name}  ", "bold"), (f"{elapsed:.0f}s  ", "dim"), (self._phase, "cyan")
        )

    def end(self, result: Result, where: str, folder: Path) -> None:
        """A scenario is over: its verdict, and on anything but a pass what to look at."""
        if self._live is not None:
            self._live.stop()
            self._live = None
        wall = time.perf_counter() - self._began
        colour = _COLOURS[result.status]
        self._results.print(
            Text.assemble(
                (f"{result.status.upper():7}", f"bold {colour}"),
                f" {where}  {self._name}",
                (f"  ({result.duration_s:.1f} s call, {wall:.1f} s)", "dim"),
            )
        )
        for fault in result.errors:
            self._results.print(f"  {fault.kind} error: {fault.message}", markup=False)
        for check in result.checks:
            if not check.passed or check.inconclusive:
                self._print_check(check)
        if result.judge is not None:
            for line in _judge_lines(result.judge):
                self._results.print(f"  {line}", markup=False)
        if result.status != "passed" or self._verbose:
            self._results.print(f"  folder: {folder}", markup=False)

    def _print_check(self, check: Check) -> None:
        step = "whole call" if check.step is None else f"step {check.step + 1}"
        word = "inconclusive" if check.inconclusive else check.severity
        self._results.print(f"  {check.where}  {step}  {check.name} ({word})", markup=False)
        self._results.print(f"    expected: {check.expected}", markup=False)
        self._results.print(f"    actual:   {check.actual}", markup=False)

    def warn(self, message: str) -> None:
        """Something the user should know before the run."""
        self._progress.print(f"warning: {message}", style="yellow", markup=False)

    def finish(self, summary: RunSummary) -> None:
        """The whole run is over."""
        totals = ", ".join(f"{count} {status}" for status, count in summary.totals.items())
        self._results.print(f"{totals or 'nothing ran'}  →  {summary.folder}", markup=False)
        if self._as_json:
            print(summary.model_dump_json(indent=2))  # noqa: T201  # the command's output


def _judge_lines(judge: Judgement) -> Iterator[str]:
    """What became of the judge; what it found wrong stands among the checks."""
    if judge.status == "skipped":
        yield f"judge: skipped ({judge.reason})"
    for note in judge.notes:
        yield f"judge: {note}"
    if judge.status == "judged":
        held = sum(found.verdict == "holds" for found in judge.criteria)
        weight = "advisory" if judge.advisory else "binding"
        yield f"judge: {held} of {len(judge.criteria)} hold ({judge.model}, {weight})"


def _phase(entry: Entry) -> str:
    match entry.what:
        case StepStarted(step):
            return f"step {step + 1}"
        case SpeechStarted(by):
            return f"{by} is speaking"
        case ToolCalled(name=name):
            return f"tool {name}"
        case Transcript(by=by, text=text):
            return f"{by}: {text}"
        case _:
            return ""
