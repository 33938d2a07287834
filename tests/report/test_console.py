"""What people see: plain lines when nobody watches, and on a failure what to look at."""

from __future__ import annotations

import io
import json
import re
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.report.runs import turn
from voicetest.call.timeline import Entry, SpeechStarted, StepStarted, Waiting
from voicetest.checks.result import (
    CallWarning,
    Check,
    Fault,
    Result,
    Status,
    StepPlace,
    Termination,
)
from voicetest.events import Mark, ToolCalled, Transcript
from voicetest.report.console import Console
from voicetest.report.progress import Narrator, Notice, Waited
from voicetest.report.summary import CaseLine, summarise

FOLDER = Path("runs/now/billing")
Capture = pytest.CaptureFixture[str]

FAILED = Check(
    name="says",
    where="scenarios/billing.yaml:12",
    step=2,
    expected='"[bold] refund"',
    actual='"the agent said 100 %"',
    passed=False,
    severity="fail",
)


def _result(status: Status, *checks: Check, errors: tuple[Fault, ...] = ()) -> Result:
    return Result(
        status=status,
        reason="",
        errors=errors,
        duration_s=12.34,
        turns=(),
        metrics={},
        checks=checks,
        tool_calls=(),
        messages=(),
        termination=Termination(by=None),
        harness=None,
    )


def _show(console: Console, result: Result) -> None:
    console.begin(1, "Double charge")
    console.notice(Notice(1, phase="calling"))
    console.end(1, result, "scenarios/billing.yaml", FOLDER)


def _finish(console: Console, *statuses: Status) -> None:
    cases = [
        CaseLine(
            name=status,
            file="f",
            where="f:1",
            adapter="composable",
            status=status,
            reason="",
            exit_code=0,
            repeat=1,
        )
        for status in statuses
    ]
    now = datetime(2025, 11, 21, tzinfo=UTC)
    console.finish(summarise([], cases, command=(), started=now, finished=now, folder="runs/now"))


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """No wish for colours in the environment."""
    for name in ("FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE", "CLICOLOR_FORCE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")


class Screen(io.StringIO):
    """Somewhere to write that says it is a terminal."""

    def isatty(self) -> bool:
        """It is."""
        return True


def _screen(monkeypatch: pytest.MonkeyPatch) -> Screen:
    """Standard output and error on one terminal."""
    found = Screen()
    monkeypatch.setattr(sys, "stdout", found)
    monkeypatch.setattr(sys, "stderr", found)
    return found


def test_a_pass_is_one_line_with_its_file_its_name_and_its_length(
    plain: None, capsys: Capture
) -> None:
    _show(Console(), _result("passed", FAILED.model_copy(update={"passed": True})))
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1
    assert re.fullmatch(
        r"PASSED +scenarios/billing\.yaml  Double charge  \(12\.3 s call, \d+\.\d s\)", lines[0]
    )


def test_a_failure_shows_place_step_expected_actual_and_folder(
    plain: None, capsys: Capture
) -> None:
    held = FAILED.model_copy(update={"name": "within", "passed": True})
    _show(Console(), _result("failed", held, FAILED))
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("FAILED ")
    assert lines[1:] == [
        "  scenarios/billing.yaml:12  step 3  says (fail)",
        '    expected: "[bold] refund"',
        '    actual:   "the agent said 100 %"',
        "  folder: runs/now/billing",
    ]


def test_a_check_of_the_whole_call_says_so(plain: None, capsys: Capture) -> None:
    _show(Console(), _result("failed", FAILED.model_copy(update={"step": None})))
    assert "billing.yaml:12  whole call  says (fail)" in capsys.readouterr().out


def test_a_warning_is_shown_although_the_call_passed(plain: None, capsys: Capture) -> None:
    _show(Console(), _result("passed", FAILED.model_copy(update={"severity": "warn"})))
    assert "step 3  says (warn)" in capsys.readouterr().out


def test_what_a_call_warned_of_is_shown_although_it_passed(plain: None, capsys: Capture) -> None:
    known = CallWarning(message="a secret is spoken", where="billing.yaml:7:3")
    odd = [CallWarning(message=f"odd {n}", at_s=float(n)) for n in range(11)]
    _show(Console(), _result("passed").model_copy(update={"warnings": (known, *odd)}))
    lines = capsys.readouterr().out.splitlines()
    # What was known before the call has been said before it.
    assert lines[1:] == [
        *(f"  warning at {n}.00 s: odd {n}" for n in range(8)),
        "  3 more warnings in manifest.json",
    ]


def test_an_unclear_check_is_shown_as_such_even_if_it_holds(plain: None, capsys: Capture) -> None:
    unclear = FAILED.model_copy(update={"inconclusive": True, "passed": True})
    _show(Console(), _result("inconclusive", unclear))
    assert "says (inconclusive)" in capsys.readouterr().out


def test_an_error_shows_who_has_to_act(plain: None, capsys: Capture) -> None:
    fault = Fault(kind="connection", message="refused [by] peer", where="dialling")
    _show(Console(), _result("error", errors=(fault,)))
    output = capsys.readouterr().out
    assert "ERROR " in output
    assert "  connection error: refused [by] peer\n" in output
    assert "folder: runs/now/billing" in output


def test_lines_are_never_wrapped(
    plain: None, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    _show(Console(), _result("failed", FAILED.model_copy(update={"actual": "word " * 60})))
    assert "    actual:   " + "word " * 60 in capsys.readouterr().out


def test_what_was_said_is_shown_as_it_was_said(plain: None, capsys: Capture) -> None:
    _show(
        Console(), _result("failed", FAILED.model_copy(update={"actual": "press :star: or :+1:"}))
    )
    assert "press :star: or :+1:" in capsys.readouterr().out


# --- progress


def test_progress_goes_to_standard_error_in_plain_lines(plain: None, capsys: Capture) -> None:
    console = Console()
    console.begin(1, "Double charge [1]")
    console.notice(Notice(1, phase="dialling"))
    console.notice(Notice(1, phase="calling"))
    console.warn("a secret [will] be spoken")
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.splitlines() == [
        "Double charge [1]: dialling",
        "Double charge [1]: calling",
        "warning: a secret [will] be spoken",
    ]


def test_events_are_shown_only_when_asked_for(plain: None, capsys: Capture) -> None:
    entry = Entry(1.5, "agent", Transcript("agent", "Hi [bold]"))
    for verbose in (False, True):
        console = Console(verbose=verbose)
        console.begin(1, "a")
        Narrator(1, lambda value: value, console.notice, verbose=console.verbose).entry(entry)
        lines = capsys.readouterr().err.splitlines()
        assert len(lines) == int(verbose)
    assert json.loads(lines[0])["text"] == "Hi [bold]"


def test_the_folder_of_a_pass_is_shown_only_when_asked_for(plain: None, capsys: Capture) -> None:
    _show(Console(), _result("passed"))
    assert "folder" not in capsys.readouterr().out
    _show(Console(verbose=True), _result("passed"))
    assert "folder: runs/now/billing" in capsys.readouterr().out


# --- colours


def test_nothing_but_plain_text_where_nobody_watches(plain: None, capsys: Capture) -> None:
    console = Console(verbose=True)
    _show(console, _result("failed", FAILED))
    _finish(console, "failed")
    output = capsys.readouterr()
    assert "\x1b" not in output.out + output.err


def test_a_terminal_sees_colours(plain: None, monkeypatch: pytest.MonkeyPatch) -> None:
    screen = _screen(monkeypatch)
    _show(Console(), _result("failed", FAILED))
    assert "\x1b[1;31mFAILED" in screen.getvalue()


def test_a_terminal_that_wants_no_colours_sees_none(
    plain: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    screen = _screen(monkeypatch)
    _show(Console(), _result("failed", FAILED))
    written = screen.getvalue()
    assert "FAILED  scenarios/billing.yaml" in re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", written)
    assert not re.search(r"\x1b\[[0-9;]*(3[0-7]|9[0-7]|38)[0-9;]*m", written)


def test_a_terminal_sees_one_live_line_that_is_gone_at_the_end(
    plain: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = _screen(monkeypatch)
    console = Console()
    console.begin(1, "Double charge")
    console.notice(Notice(1, phase="calling"))
    happened = [
        Entry(0.0, "voicetest", StepStarted(1)),
        Entry(1.0, "agent", SpeechStarted("agent")),
        Entry(1.5, "agent", ToolCalled("a", "lookup", "{}")),
        Entry(2.0, "agent", Mark("m")),
    ]
    for entry in happened:
        Narrator(1, lambda value: value, console.notice, verbose=console.verbose).entry(entry)
    console.end(1, _result("passed"), "billing.yaml", FOLDER)
    written = screen.getvalue()
    assert "Double charge: calling" not in written
    assert "PASSED" in written.splitlines()[-1]
    assert "\x1b[2K" in written  # the live line is erased


def test_a_terminal_sees_each_call_under_way_until_its_end(
    plain: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = _screen(monkeypatch)
    console = Console()
    console.begin(1, "Refund")
    console.begin(2, "Parcel")
    console.notice(Notice(2, phase="calling", words="agent: Where is it?"))
    console.notice(Notice(7, phase="of nobody"))
    console.end(1, _result("passed"), "refund.yaml", FOLDER)
    seen = screen.getvalue()
    console.end(2, _result("passed"), "parcel.yaml", FOLDER)
    later = screen.getvalue()[len(seen) :]
    assert "Refund" in seen
    assert "agent: Where is it?" in seen + later
    assert "of nobody" not in seen + later
    assert "refund.yaml" not in later


def test_a_progress_bar_is_a_line_where_nobody_watches(plain: None, capsys: Capture) -> None:
    with Console().counting("lines to speak", 3) as done:
        done()
    assert capsys.readouterr().err == "lines to speak: 3\n"


def test_a_verdict_over_several_calls_names_its_case(plain: None, capsys: Capture) -> None:
    case = CaseLine(
        name="Refund",
        file="refund.yaml",
        where="refund.yaml:2",
        case="city=Rome",
        adapter="composable",
        status="failed",
        reason="1 of 3 passed",
        exit_code=1,
        repeat=3,
    )
    Console().verdict(case)
    assert capsys.readouterr().out == "FAILED  refund.yaml  Refund [city=Rome]: 1 of 3 passed\n"


# --- the end of a run


def test_a_run_ends_with_its_totals_and_its_folder(plain: None, capsys: Capture) -> None:
    _finish(Console(), "passed", "failed", "passed")
    assert capsys.readouterr().out == "2 passed, 1 failed  →  runs/now\n"


def test_a_run_of_nothing_says_so(plain: None, capsys: Capture) -> None:
    _finish(Console())
    assert capsys.readouterr().out == "nothing ran  →  runs/now\n"


def test_with_json_standard_output_is_json_and_nothing_else(plain: None, capsys: Capture) -> None:
    console = Console(as_json=True, verbose=True)
    _show(console, _result("failed", FAILED))
    console.notice(Notice(1, event="{}"))
    console.warn("odd")
    _finish(console, "failed")
    output = capsys.readouterr()
    assert json.loads(output.out)["totals"] == {"failed": 1}
    assert "FAILED" in output.err
    assert "expected: " in output.err


def test_a_wait_says_for_what_and_for_how_long(plain: None, capsys: Capture) -> None:
    console = Console()
    console.begin(1, "Double charge")
    console.notice(Notice(1, waiting=Waited("the agent to say 'thank you'", 2.0, 15.0)))
    console.notice(Notice(1, doing="agent is speaking"))
    told = capsys.readouterr().err
    assert told == "Double charge: waiting for the agent to say 'thank you', 2 of 15 s\n"


def test_a_wait_is_shown_until_something_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = _screen(monkeypatch)
    console = Console()
    console.begin(1, "Double charge")
    console.notice(Notice(1, waiting=Waited("the agent to speak", 4.0, 60.0)))
    console.close()
    assert "waiting for the agent to speak, 4 of 60 s" in screen.getvalue()
    before = len(screen.getvalue())
    console.notice(Notice(1, doing="agent is speaking"))
    console.begin(2, "Other")
    console.close()
    assert "waiting" not in screen.getvalue()[before:]


def test_a_narrator_tells_what_is_waited_for_without_secrets() -> None:
    told: list[Notice] = []
    narrator = Narrator(3, lambda value: str(value).replace("hunter2", "***"), told.append)
    narrator.entry(Entry(9.5, "voicetest", Waiting(1, "the agent to say 'hunter2'", 7.5, 15.0)))
    assert told == [Notice(3, waiting=Waited("the agent to say '***'", 2.0, 15.0))]


MISSED = [
    FAILED.model_copy(
        update={
            "name": "reached",
            "where": f"scenarios/billing.yaml:{line}",
            "step": step,
            "expected": "the call gets to this step",
            "actual": "not_reached: the call was over before it",
        }
    )
    for step, line in ((3, 13), (4, 14), (5, 15))
]


def test_steps_that_were_not_reached_are_one_check(plain: None, capsys: Capture) -> None:
    why = _result("failed", FAILED, *MISSED).model_copy(update={"reason": "line 12: expected …"})
    _show(Console(), why)
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == "  why: line 12: expected …"
    assert lines[5:8] == [
        "  scenarios/billing.yaml:13  step 4  reached (fail)",
        "    expected: the call gets to steps 4 to 6",
        "    actual:   not_reached: the call was over before",
    ]
    assert len(lines) == 9


def test_a_failure_shows_what_the_agent_understood_of_the_user(
    plain: None, capsys: Capture
) -> None:
    line = turn(0, "user", "Four five.", step=StepPlace(index=1, line=11), said="Four five.")
    heard = line.model_copy(update={"understood": "for fife"})
    failed = _result("failed", FAILED, FAILED).model_copy(update={"turns": (heard,)})
    _show(Console(), failed)
    told = capsys.readouterr().out
    assert told.count('    the user said:    "Four five."') == 1
    assert told.count('    agent understood: "for fife"') == 1
    _show(Console(), failed.model_copy(update={"turns": (line,)}))
    assert "understood" not in capsys.readouterr().out
