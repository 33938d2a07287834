"""A run that grows case by case ends with the same run.json as any other."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.calls import Quiet
from tests.suite.agents import CALLED
from tests.suite.conftest import WriteScenario
from voicetest.report.stored import load_run
from voicetest.speech.providers import Speech
from voicetest.suite.ledger import Held, Ledger
from voicetest.suite.plan import load_all, plan_files


def _hold(ledger: Ledger, path: Path, speech: Speech, repeat: int | None = None) -> list[Held]:
    plans = plan_files(load_all([path], {}).files, speech, "auto")
    return [ledger.hold(planned, Quiet(), repeat) for planned in plans]


def test_cases_repeats_and_verdicts_are_kept(
    scenario: WriteScenario, tmp_path: Path, speech: Speech
) -> None:
    ledger = Ledger.begin(tmp_path / "runs")
    _hold(ledger, scenario("a.yaml", more="repeat: 2\n"), speech)
    (failed,) = _hold(ledger, scenario("b.yaml", says="goodbye"), speech)
    assert failed.case.status == "failed"
    ledger.close()
    run = load_run(tmp_path / "runs" / "latest")
    assert run.summary.totals == {"passed": 1, "failed": 1}
    assert [call.folder.name for call in run.calls if call.folder] == ["a--r01", "a--r02", "b"]
    seeds = [call.manifest.scenario.seed for call in run.calls if call.manifest]
    assert seeds == [0, 1, 0]


def test_it_stops_as_soon_as_the_verdict_cannot_change(
    scenario: WriteScenario, tmp_path: Path, speech: Speech
) -> None:
    ledger = Ledger.begin(tmp_path / "runs")
    (held,) = _hold(ledger, scenario("a.yaml", says="goodbye"), speech, repeat=5)
    assert (held.case.status, held.case.failed, held.case.stopped_early) == ("failed", 1, True)
    ledger.close()


def test_a_skipped_scenario_is_not_called(
    scenario: WriteScenario, tmp_path: Path, speech: Speech
) -> None:
    ledger = Ledger.begin(tmp_path / "runs")
    (held,) = _hold(ledger, scenario("a.yaml", more="skip: not today\n"), speech)
    assert (held.case.status, held.case.reason, held.calls) == ("skipped", "not today", ())
    assert CALLED == []
    ledger.close()
    assert load_run(tmp_path / "runs" / "latest").summary.exit_code == 5


def test_an_interrupted_call_ends_its_case(
    scenario: WriteScenario, tmp_path: Path, speech: Speech
) -> None:
    ledger = Ledger.begin(tmp_path / "runs")
    (held,) = _hold(ledger, scenario("a.yaml", agent="  plays: interrupt\n"), speech, repeat=3)
    assert held.interrupted
    assert len(held.calls) == 1
    assert held.case.exit_code == 130
    ledger.close()


@pytest.mark.parametrize(("retries", "calls"), [(0, 1), (2, 3)])
def test_errors_of_the_line_are_tried_again(
    scenario: WriteScenario, tmp_path: Path, speech: Speech, retries: int, calls: int
) -> None:
    ledger = Ledger.begin(tmp_path / "runs")
    path = scenario("a.yaml", agent="  plays: refuses\n", more=f"retries: {retries}\n")
    (held,) = _hold(ledger, path, speech)
    assert held.case.status == "error"
    assert len(held.calls) == calls
    ledger.close()
    lines = load_run(tmp_path / "runs" / "latest").summary.scenarios
    assert [line.retried for line in lines] == [True] * (calls - 1) + [False]


def test_processes_that_share_a_run_leave_one_with_all_results(
    scenario: WriteScenario, tmp_path: Path, speech: Speech
) -> None:
    folder = tmp_path / "runs" / "shared"
    one, other = Ledger.join(folder), Ledger.join(folder)
    path = scenario("a.yaml")
    held = [*_hold(one, path, speech), *_hold(other, path, speech)]
    for ledger in (one, other):
        ledger.leave()
    whole = Ledger.of(folder)
    for case in held:
        whole.add(case.case, case.lines, sys.argv)
    whole.close()
    run = load_run(tmp_path / "runs" / "latest")
    assert run.summary.totals == {"passed": 2}
    assert [call.line.folder for call in run.calls] == ["a", "a-2"]
    assert run.summary.command == tuple(sys.argv)
