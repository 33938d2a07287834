"""run.json: totals, and the exit code that says who has to act."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import combinations
from typing import Any, get_args

import pytest

from voicetest.checks.result import Fault, Result, Status, Termination
from voicetest.errors import (
    ConnectionFailed,
    ExitCode,
    ProtocolError,
    ScenarioError,
    SetupError,
    VoicetestError,
)
from voicetest.report.summary import CaseLine, ScenarioLine, exit_code_of, overall, summarise


def _result(status: Status, kind: str | None = None) -> Result:
    faults = () if kind is None else (Fault(kind=kind, message="", where="calling"),)
    return Result(
        status=status,
        reason="",
        errors=faults,
        duration_s=1.0,
        turns=(),
        metrics={},
        checks=(),
        tool_calls=(),
        messages=(),
        termination=Termination(by=None),
        harness=None,
    )


def _line(status: Status, exit_code: int, name: str = "a") -> ScenarioLine:
    return ScenarioLine(
        name=name,
        file=f"{name}.yaml",
        where=f"{name}.yaml:1",
        adapter="composable",
        status=status,
        reason="",
        exit_code=exit_code,
        duration_s=1.0,
        folder=name,
    )


def _case(line: ScenarioLine) -> CaseLine:
    return CaseLine(
        name=line.name,
        file=line.file,
        where=line.where,
        adapter=line.adapter,
        status=line.status,
        reason=line.reason,
        exit_code=line.exit_code,
        repeat=1,
    )


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        ("passed", None, 0),
        ("failed", None, 1),
        ("inconclusive", None, 4),
        ("skipped", None, 5),
        ("error", "scenario", 2),
        ("error", "setup", 3),
        ("error", "connection", 4),
        ("error", "protocol", 4),
        ("error", "bug", 70),
        ("error", "interrupted", 130),
    ],
)
def test_one_result_exits_with_who_has_to_act(status: Status, kind: str | None, code: int) -> None:
    assert exit_code_of(_result(status, kind)) == code


def test_every_status_has_an_exit_code() -> None:
    for status in get_args(Status):
        kind = "connection" if status == "error" else None
        assert exit_code_of(_result(status, kind)) in set(ExitCode)


@pytest.mark.parametrize("error", [ScenarioError, SetupError, ConnectionFailed, ProtocolError])
def test_an_error_in_a_call_exits_as_it_would_before_it(error: type[VoicetestError]) -> None:
    assert exit_code_of(_result("error", error.kind)) == error.exit_code


PRECEDENCE = (130, 70, 1, 2, 3, 4)
"""Documented: 130, else 70, else 1, else 3, else 4; a file with mistakes stands before 3."""


@pytest.mark.parametrize(("worse", "better"), list(combinations((*PRECEDENCE, 0, 5), 2)))
def test_the_more_urgent_code_wins_in_any_order(worse: int, better: int) -> None:
    assert overall([worse, better, better]) == worse
    assert overall([better, better, worse]) == worse


def test_all_codes_together_are_an_interruption() -> None:
    assert overall([0, 1, 2, 3, 4, 5, 70, 130]) == 130


@pytest.mark.parametrize("code", ExitCode)
def test_every_exit_code_stays_what_it_is(code: ExitCode) -> None:
    assert overall([code]) == code
    assert overall([ExitCode.NOTHING_RAN, code]) == code


@pytest.mark.parametrize("code", [code for code in ExitCode if code > ExitCode.BUG])
def test_a_run_that_was_ended_says_so_whatever_else_it_was(code: ExitCode) -> None:
    assert overall([*(c for c in ExitCode if c <= ExitCode.BUG), code]) == code


@pytest.mark.parametrize("codes", [[], [5], [5, 5]])
def test_nothing_but_skips_is_nothing_ran(codes: list[int]) -> None:
    assert overall(codes) == ExitCode.NOTHING_RAN


@pytest.mark.parametrize("codes", [[0], [0, 0], [0, 5], [5, 0]])
def test_passes_are_a_pass_whatever_was_skipped(codes: list[int]) -> None:
    assert overall(codes) == ExitCode.PASSED


def _summary(*lines: ScenarioLine) -> Any:
    summary = summarise(
        lines,
        [_case(line) for line in lines],
        command=["voicetest", "run", "a.yaml"],
        started=datetime(2025, 11, 21, 6, 0, tzinfo=UTC),
        finished=datetime(2025, 11, 21, 6, 1, tzinfo=UTC),
        folder="runs/now",
    )
    return json.loads(summary.model_dump_json())


def test_totals_count_each_status_once_per_scenario() -> None:
    lines = [_line("passed", 0), _line("failed", 1), _line("passed", 0), _line("inconclusive", 4)]
    summary = _summary(*lines)
    assert summary["totals"] == {"passed": 2, "failed": 1, "inconclusive": 1}
    assert summary["exit_code"] == 1
    assert len(summary["scenarios"]) == 4


def test_a_run_says_what_ran_when_and_with_what() -> None:
    summary = _summary(_line("passed", 0, "billing"))
    assert summary["schema_version"] == 1
    assert set(summary["voicetest"]) == {"version", "python", "platform"}
    assert summary["command"] == ["voicetest", "run", "a.yaml"]
    assert summary["started_at"] == "2025-11-21T06:00:00+00:00"
    assert summary["finished_at"] == "2025-11-21T06:01:00+00:00"
    assert summary["folder"] == "runs/now"
    (case,), (line,) = summary["cases"], summary["scenarios"]
    assert (case["name"], case["where"]) == ("billing", "billing.yaml:1")
    assert (case["status"], case["repeat"], case["required_rate"]) == ("passed", 1, 1.0)
    assert (line["folder"], line["attempt"], line["case"]) == ("billing", 1, None)


def test_an_interrupted_run_exits_with_130_whatever_its_verdicts_say() -> None:
    line = _line("passed", 0)
    now = datetime(2025, 11, 21, 6, 0, tzinfo=UTC)
    summary = summarise(
        [line],
        [_case(line)],
        command=(),
        started=now,
        finished=now,
        folder="runs/now",
        interrupted=ExitCode.INTERRUPTED,
    )
    assert summary.exit_code == ExitCode.INTERRUPTED


def test_a_run_of_nothing_has_no_totals_and_exits_with_5() -> None:
    summary = _summary()
    assert (summary["totals"], summary["scenarios"], summary["exit_code"]) == ({}, [], 5)
