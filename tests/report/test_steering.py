"""Whatever the far side says in a call: no report of it steers what shows the report."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.report.runs import call, case_of, manifest, run_of, turn, unmet_check
from tests.report.test_console import Screen
from tests.steering import MARKER, found_in, steers
from voicetest.call.event_log import EventLog
from voicetest.call.timeline import Entry
from voicetest.checks.judgement import Judged, Judgement, Vote
from voicetest.checks.result import (
    CallWarning,
    Fault,
    StepPlace,
    Termination,
    ToolCallRecord,
)
from voicetest.events import Transcript
from voicetest.report.call import transcript
from voicetest.report.console import Console
from voicetest.report.github import step_summary, workflow_commands
from voicetest.report.html import html
from voicetest.report.junit import junit
from voicetest.report.manifest import Manifest, as_json
from voicetest.report.outcome import describe
from voicetest.report.progress import Narrator, Notice, Waited
from voicetest.report.rescoring import rescored_lines
from voicetest.report.stored import StoredRun
from voicetest.shown import shown

_COLOURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r(?=\x1b)")
_COMMANDS = re.compile(r"^::(error|warning) file=[^\n]*?::", re.MULTILINE)


def _manifest() -> Manifest:
    judged = Judged(
        criterion=MARKER,
        where=f"{MARKER}:1",
        step=None,
        verdict="fails",
        agreement=1.0,
        reason=MARKER,
        votes=(Vote(verdict="fails", reason=MARKER),),
    )
    judge = Judgement(
        status="judged",
        reason="",
        model=MARKER,
        prompt="1",
        seed=0,
        advisory=False,
        votes=1,
        listened=False,
        notes=(MARKER,),
        criteria=(judged,),
    )
    tool = ToolCallRecord(
        id=MARKER,
        name=MARKER,
        arguments=MARKER,
        at_s=1.0,
        turn=0,
        result=MARKER,
        failed=True,
        answered_at_s=2.0,
    )
    spoken = turn(1, "user", MARKER, said=MARKER, understood=MARKER)
    return manifest(
        "failed",
        MARKER,
        reason=MARKER,
        errors=(Fault(kind="connection", message=MARKER, where=MARKER, traceback=MARKER),),
        warnings=(CallWarning(message=MARKER, at_s=1.0, by="platform", where=f"{MARKER}:3:4"),),
        turns=(
            turn(0, "agent", MARKER, heard=MARKER),
            spoken.model_copy(update={"step": StepPlace(index=0, line=3)}),
            turn(2, "agent", "", claimed=MARKER),
        ),
        checks=(unmet_check(name=MARKER, expected=MARKER, actual=MARKER, where=f"{MARKER}:2"),),
        tool_calls=(tool,),
        messages=({MARKER: MARKER},),
        termination=Termination(by="agent", code=1000, reason=MARKER),
        judge=judge,
    )


@pytest.fixture
def run(tmp_path: Path) -> StoredRun:
    """A run in which the far side, and the files, have said nothing else."""
    folder = tmp_path / "billing"
    folder.mkdir()
    with EventLog(folder / "events.jsonl", lambda value: value) as log:
        log.write(Entry(1.0, "agent", Transcript("agent", MARKER)))
    made = call(
        "failed",
        name=MARKER,
        found=_manifest(),
        folder=folder,
        file=MARKER,
        where=f"{MARKER}:3",
        case=MARKER,
        reason=MARKER,
    )
    skipped = call("skipped", name=MARKER, reason=MARKER, file=MARKER, case=MARKER)
    expected = case_of(made.line, xfail=MARKER, reason=MARKER)
    told = run_of(made, skipped).summary.model_copy(update={"cases": (expected,)})
    return StoredRun(tmp_path, told, (made, skipped))


def _console(run: StoredRun, *, as_json: bool = False) -> None:
    """Everything that a console is told of a call."""
    console = Console(as_json=as_json, verbose=True)
    console.warn(MARKER)
    console.begin(1, MARKER)
    Narrator(1, lambda value: value, console.notice, verbose=True).entry(
        Entry(1.0, "agent", Transcript("agent", MARKER))
    )
    console.notice(Notice(1, phase=MARKER))
    console.notice(Notice(1, doing=MARKER, words=MARKER))
    console.notice(Notice(1, waiting=Waited(MARKER, 1.0, 2.0)))
    console.end(1, _manifest(), MARKER, Path(MARKER.replace("/", "")))
    console.verdict(run.summary.cases[0])
    console.finish(run.summary.model_copy(update={"folder": MARKER}))


def _all_xml(run: StoredRun) -> Iterator[str]:
    """Every text and attribute as a CI server reads it."""
    for element in ET.fromstring(junit(run).partition("\n")[2]).iter():  # noqa: S314  # our own
        yield from element.attrib.values()
        yield element.text or ""


MODES: dict[str, Callable[[StoredRun], str]] = {
    "transcript.txt": lambda run: transcript(_manifest().turns),
    "manifest.json": lambda run: as_json(_manifest()),
    "run.json": lambda run: run.summary.as_json(),
    "events.jsonl": lambda run: (run.folder / "billing/events.jsonl").read_text("utf-8"),
    "junit": junit,
    "junit as it is read": lambda run: "\n".join(_all_xml(run)),
    "html": lambda run: html(run, run.folder / "a.html"),
    "summary": step_summary,
    "rescore --json": lambda run: "".join(
        rescored_lines([(MARKER, MARKER, "passed", _manifest())], as_json=True)
    ),
    "rescore": lambda run: "\n".join(
        shown(line)
        for line in rescored_lines([(MARKER, MARKER, "passed", _manifest())], as_json=False)
    ),
    "pytest": lambda run: "\n".join(describe(_manifest())),
}


@pytest.mark.parametrize("mode", MODES)
def test_no_report_steers(run: StoredRun, mode: str) -> None:
    text = MODES[mode](run)
    assert steers(text) == []
    assert found_in(text)


@pytest.mark.parametrize("as_json", [False, True])
def test_a_pipe_is_not_steered(
    run: StoredRun, capsys: pytest.CaptureFixture[str], as_json: bool
) -> None:
    _console(run, as_json=as_json)
    output = capsys.readouterr()
    told = output.out + output.err
    assert steers(told) == []
    assert found_in(told) > 10
    lines = [line for line in output.err.splitlines() if "kram" in line]
    assert all("mark" in line for line in lines)


def test_a_terminal_is_not_steered(run: StoredRun, monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen()
    monkeypatch.setattr(sys, "stdout", screen)
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "2000")
    _console(run)
    assert steers(screen.getvalue(), own=_COLOURS) == []
    assert found_in(screen.getvalue()) > 10


def test_annotations_are_commands_of_our_own_and_no_others(run: StoredRun) -> None:
    lines = list(workflow_commands(run))
    assert lines
    assert all(line.startswith(("::error file=", "::warning file=")) for line in lines)
    told = "\n".join(lines)
    assert steers(told, own=_COMMANDS) == []
    data = [line.rpartition("::")[2] for line in lines]
    assert steers("\n".join(data).replace("%0D", "\r").replace("%0A", "\n")) == []
    assert found_in(told)


def test_a_long_annotation_is_cut(run: StoredRun) -> None:
    long = manifest("failed", "a", checks=(unmet_check(actual="x" * 100_000),))
    (line,) = workflow_commands(run_of(call("failed", found=long)))
    assert len(line) < 5000


def test_nothing_in_the_summary_is_a_link_a_name_or_markup(run: StoredRun) -> None:
    text = step_summary(run)
    for bare in ("@nine", "https://", "<b>", "![", "`eight`", "$z$"):
        assert not re.search(rf"(?<!\\){re.escape(bare)}", text), bare
    rows = [line for line in text.splitlines() if "kram" in line and line.startswith("|")]
    assert all(len(re.findall(r"(?<!\\)\|", row)) == 5 for row in rows)


def test_the_page_holds_no_markup_of_others(run: StoredRun) -> None:
    text = html(run, run.folder / "a.html")
    assert "<b>seven" not in text
    assert text.count("</script>") == 1
