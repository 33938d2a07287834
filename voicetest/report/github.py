"""A run in GitHub Actions: annotations at the lines of the scenarios, and a summary of the job.

Formats: https://docs.github.com/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path

from voicetest.checks.result import CallWarning
from voicetest.errors import SetupError
from voicetest.report.outcome import Outcome, outcome, unmet
from voicetest.report.stored import StoredCall, StoredRun
from voicetest.report.summary import CaseLine
from voicetest.shown import shown, shown_lines

__all__ = ["append_summary", "in_actions", "step_summary", "workflow_commands"]

_LARGEST = 1_000_000
"""A step's summary may have 1 MiB; a larger one is refused altogether."""
_MOST_SHOWN = 10
"""Annotations of one level that are shown of a step."""
_LONGEST_MESSAGE = 4000
"""Characters of an annotation."""
_MOST_WARNINGS = 50
"""Lines of warnings in the summary."""
_LINKS = re.compile(r"@|(?<=\w):(?=//)|\bwww(?=\.)", re.IGNORECASE)
"""Where GitHub makes a link of bare text, of a name after @ as well."""
_UNSEEN = "&#8203;"
"""A space without width, which keeps it from that."""
_MARKS = {"passed": "✅", "failed": "❌", "skipped": "⏭️"}
_LEVELS = {
    Outcome.FAILED: "error",
    Outcome.ERROR: "error",
    Outcome.UNEXPECTED: "error",
    Outcome.INCONCLUSIVE: "warning",
    Outcome.TOLERATED: "warning",
    Outcome.RETRIED: "warning",
}


def in_actions(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether this process is a step of a GitHub Actions job."""
    return environment.get("GITHUB_ACTIONS") == "true"


def workflow_commands(run: StoredRun) -> Iterator[str]:
    """Workflow commands, one a line, for what is wrong; errors first, then warnings.

    Of each no more than are shown; the last then says how many there are besides.
    """
    found = list(dict.fromkeys(line for call in run.calls for line in _of_call(call)))
    for level in ("error", "warning"):
        alike = [line for line in found if line.startswith(f"::{level} ")]
        if len(alike) <= _MOST_SHOWN:
            yield from alike
            continue
        yield from alike[: _MOST_SHOWN - 1]
        rest = len(alike) - _MOST_SHOWN + 1
        yield f"::{level} title=voicetest::{rest} more like these: the report of the run has all"


def _of_call(call: StoredCall) -> Iterator[str]:
    level = _LEVELS.get(outcome(call))
    name = _titled(call)
    if level is not None and call.manifest is not None:
        for fault in call.manifest.errors:
            yield _command(level, call.line.where, name, f"{fault.kind} error: {fault.message}")
    told = False
    for check in unmet(call.manifest):
        failing = level if check.severity == "fail" and not check.inconclusive else None
        message = f"{check.name}: expected {check.expected}; actual: {check.actual}"
        yield _command(failing or "warning", check.where, name, message)
        told = True
    for warning in () if call.manifest is None else call.manifest.warnings:
        bare = warning.model_copy(update={"where": None})
        yield _command("warning", warning.where or call.line.where, name, _told(bare))
    if level is not None and not told and not (call.manifest and call.manifest.errors):
        reason = call.case.reason if call.case is not None else call.line.reason
        yield _command(level, call.line.where, name, reason)


def _told(warning: CallWarning) -> str:
    """A warning where it is plain that it is one."""
    return str(warning).removeprefix("warning").removeprefix(":").strip()


def _command(level: str, where: str, title: str, message: str) -> str:
    """An annotation at file:line, or at file:line:column."""
    file, _, line = where.rpartition(":")
    further, _, earlier = file.rpartition(":")
    if earlier.isdecimal():
        file, line = further, f"{earlier},col={line}"
    place = f"file={_property(_in_repository(file))},line={line}"
    return f"::{level} {place},title={_property(title)}::{_data(message)}"


def _in_repository(file: str) -> str:
    """The path from the root of the repository, wherever in it the step works."""
    workspace = os.environ.get("GITHUB_WORKSPACE")
    if not workspace:
        return file
    try:
        return Path(file).resolve().relative_to(Path(workspace).resolve()).as_posix()
    except ValueError:
        return file


def _data(text: str) -> str:
    cut = text if len(text) <= _LONGEST_MESSAGE else f"{text[:_LONGEST_MESSAGE]}…"
    return shown_lines(cut).replace("%", "%25").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(shown(text)).replace(":", "%3A").replace(",", "%2C")


def step_summary(run: StoredRun) -> str:
    """The run as Markdown: totals and a row for each case, those that did not pass first."""
    totals = ", ".join(f"{count} {status}" for status, count in run.summary.totals.items())
    head = f"### voicetest: {totals or 'nothing ran'}\n\n"
    head += "| | scenario | why | calls |\n|---|---|---|---|\n"
    rows = sorted(run.summary.cases, key=lambda case: case.status == "passed")
    parts, size = [head], len(head.encode())
    for number, row in enumerate(map(_row, rows)):
        size += len(row.encode())
        if size > _LARGEST:
            return "".join([*parts, f"\n{len(rows) - number} more\n"])
        parts.append(row)
    warned = _warned(run)
    return "".join([*parts, warned] if size + len(warned.encode()) <= _LARGEST else parts)


def _warned(run: StoredRun) -> str:
    """What the calls warned of, as a list."""
    found = list(
        dict.fromkeys(
            f"- ⚠️ {_cell(_titled(call))}: {_cell(_told(warning))}\n"
            for call in run.calls
            for warning in (call.manifest.warnings if call.manifest else ())
        )
    )
    if not found:
        return ""
    more = f"- {len(found) - _MOST_WARNINGS} more\n" if len(found) > _MOST_WARNINGS else ""
    return "\n" + "".join(found[:_MOST_WARNINGS]) + more


def _titled(call: StoredCall) -> str:
    return call.line.name if call.line.case is None else f"{call.line.name} [{call.line.case}]"


def _row(case: CaseLine) -> str:
    mark = _MARKS.get(case.status, "⚠️")
    name = f"**{_cell(case.name)}**" + (f" {_cell(case.case)}" if case.case else "")
    calls = f"{case.passed}/{case.passed + case.failed}" if case.repeat > 1 else ""
    return f"| {mark} | {name}<br>{_cell(case.where)} | {_cell(case.reason)} | {calls} |\n"


def _cell(text: str) -> str:
    """A text in which nothing is markup: neither HTML nor Markdown, no address and no name."""
    plain = escape(shown(" ".join(text.split())), quote=False)
    bare = "".join(f"\\{char}" if char in "\\|`*_[]~#!$" else char for char in plain)
    return _LINKS.sub(lambda found: f"{found[0]}{_UNSEEN}", bare)


def append_summary(run: StoredRun, environment: Mapping[str, str] = os.environ) -> None:
    """Add the summary to that of the step; raises SetupError when the file cannot be written."""
    target = environment.get("GITHUB_STEP_SUMMARY")
    if not target:
        return
    try:
        with Path(target).open("a", encoding="utf-8") as file:
            file.write(step_summary(run))
    except OSError as error:
        raise SetupError(
            f"the summary of the step, {target}, cannot be written: {error.strerror}"
        ) from error
