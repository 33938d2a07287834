"""Which calls of a suite are made, how often, how many at once, and what their verdicts are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.suite.agents import CALLED, MOST
from tests.suite.conftest import WriteScenario
from voicetest.report.console import Console
from voicetest.report.summary import RunSummary
from voicetest.suite.options import RunOptions
from voicetest.suite.parallel import run_suite
from voicetest.suite.selection import Selection, failed_cases

Capture = pytest.CaptureFixture[str]


def _run(tmp_path: Path, *paths: Path, **options: Any) -> RunSummary:
    return run_suite(paths, tmp_path / "runs", Console(), RunOptions(**options))


def test_a_skipped_scenario_is_not_called_and_says_why(
    tmp_path: Path, scenario: WriteScenario
) -> None:
    path = scenario("a.yaml", more="skip: not yet\n", agent="  api_key: ${env.NOT_SET}\n")
    summary = _run(tmp_path, path)
    (case,), (line,) = summary.cases, summary.scenarios
    assert (case.status, case.reason, line.folder, CALLED) == ("skipped", "not yet", None, [])
    assert summary.exit_code == 5
    assert _run(tmp_path, path, scenario("b.yaml")).exit_code == 0


@pytest.mark.parametrize(
    ("says", "status", "code"), [("goodbye", "passed", 0), ("hello", "failed", 1)]
)
def test_an_expected_failure_passes_and_an_unexpected_pass_fails(
    tmp_path: Path, scenario: WriteScenario, says: str, status: str, code: int
) -> None:
    summary = _run(tmp_path, scenario("a.yaml", says=says, more="xfail: known bug\n"))
    (case,) = summary.cases
    assert (case.status, summary.exit_code) == (status, code)
    assert "known bug" in case.reason


def test_an_error_is_no_expected_failure(tmp_path: Path, scenario: WriteScenario) -> None:
    path = scenario("a.yaml", agent="  plays: refuses\n", more="xfail: known bug\n")
    assert _run(tmp_path, path).exit_code == 4


def test_repeats_stop_as_soon_as_the_verdict_is_clear(
    tmp_path: Path, scenario: WriteScenario, capsys: Capture
) -> None:
    failing = scenario("a.yaml", says="goodbye", more="repeat: 9\n")
    summary = _run(tmp_path, failing)
    (case,) = summary.cases
    assert (len(CALLED), case.status, case.stopped_early, case.failed) == (1, "failed", True, 1)
    assert "8 calls left out" in capsys.readouterr().out
    passing = scenario("b.yaml", more="repeat: 10\npass_rate: 50%\n")
    assert len(_run(tmp_path, passing).scenarios) == 5


def test_a_pass_rate_lets_some_calls_fail(tmp_path: Path, scenario: WriteScenario) -> None:
    path = scenario("a.yaml", agent="  plays: alternates\n", more="repeat: 4\npass_rate: 50%\n")
    summary = _run(tmp_path, path)
    (case,) = summary.cases
    assert [line.status for line in summary.scenarios] == ["passed", "failed", "passed"]
    assert [line.folder for line in summary.scenarios] == ["a--r01", "a--r02", "a--r03"]
    assert (case.status, case.passed, case.failed, summary.exit_code) == ("passed", 2, 1, 0)
    assert case.wilson_low is not None


def test_each_repeat_has_the_next_seed(tmp_path: Path, scenario: WriteScenario) -> None:
    from voicetest.report.stored import load_run

    summary = _run(tmp_path, scenario("a.yaml", more="seed: 5\n"), repeat=3)
    calls = load_run(Path(summary.folder)).calls
    assert [call.manifest.scenario.seed for call in calls if call.manifest] == [5, 6, 7]


def test_a_call_that_could_not_be_made_is_made_again(
    tmp_path: Path, scenario: WriteScenario
) -> None:
    path = scenario("a.yaml", agent="  plays: refuses once\n", more="retries: 2\n")
    summary = _run(tmp_path, path)
    assert [(line.status, line.attempt, line.retried) for line in summary.scenarios] == [
        ("error", 1, True),
        ("passed", 2, False),
    ]
    assert [line.folder for line in summary.scenarios] == ["a", "a--try2"]
    assert (summary.exit_code, summary.cases[0].errors) == (0, 0)


def test_retries_come_to_an_end(tmp_path: Path, scenario: WriteScenario) -> None:
    path = scenario("a.yaml", agent="  plays: refuses\n", more="retries: 2\n")
    summary = _run(tmp_path, path)
    assert (len(CALLED), summary.exit_code, summary.cases[0].errors) == (3, 4, 1)


@pytest.mark.parametrize("plays", ["greeting", "crash"])
def test_a_failed_check_or_a_crash_is_never_tried_again(
    tmp_path: Path, scenario: WriteScenario, plays: str
) -> None:
    path = scenario("a.yaml", says="goodbye", agent=f"  plays: {plays}\n", more="retries: 3\n")
    assert _run(tmp_path, path).exit_code == (1 if plays == "greeting" else 70)
    assert len(CALLED) == 1


def test_after_enough_failures_no_call_begins(tmp_path: Path, scenario: WriteScenario) -> None:
    paths = [scenario(f"{n}.yaml", says="goodbye") for n in range(4)]
    summary = _run(tmp_path, *paths, fail_fast=2)
    assert [case.status for case in summary.cases] == ["failed", "failed", "skipped", "skipped"]
    assert summary.cases[3].reason == "not run: --fail-fast"
    assert (summary.exit_code, len(CALLED)) == (1, 2)


@pytest.mark.process
def test_several_calls_are_made_at_once_in_one_process(
    tmp_path: Path, scenario: WriteScenario
) -> None:
    paths = [
        scenario(f"{n}.yaml", agent="  plays: counts\n", script="  - agent\n  - silence: 400ms\n")
        for n in range(6)
    ]
    summary = _run(tmp_path, *paths, jobs=3, clock="real")
    assert summary.totals == {"passed": 6}
    assert [case.name for case in summary.cases] == [str(n) for n in range(6)]
    assert max(MOST) == 3


@pytest.mark.process
def test_an_adapter_may_ask_for_fewer_calls_at_once(
    tmp_path: Path, scenario: WriteScenario
) -> None:
    paths = [
        scenario(f"{n}.yaml", agent="  plays: counts\n  max_concurrent: 1\n") for n in range(3)
    ]
    assert _run(tmp_path, *paths, jobs=3, clock="real").totals == {"passed": 3}
    assert max(MOST) == 1


@pytest.mark.process
def test_a_run_that_takes_too_long_is_interrupted_and_keeps_what_it_has(
    tmp_path: Path, scenario: WriteScenario
) -> None:
    path = scenario("a.yaml", script="  - agent\n  - silence: 60s\n")
    summary = _run(tmp_path, path, scenario("b.yaml"), clock="real", timeout_s=1.0)
    assert summary.exit_code == 130
    assert [line.status for line in summary.scenarios] == ["error", "skipped"]
    recording = Path(summary.folder) / "a" / "recording.wav"
    assert recording.stat().st_size > 24_000


def test_a_suite_is_selected_by_tag_text_adapter_and_number(
    tmp_path: Path, scenario: WriteScenario
) -> None:
    paths = [
        scenario("one.yaml", more="tags: [smoke, slow]\n"),
        scenario("two.yaml", more="tags: [smoke]\nmatrix: {city: [Rome, Oslo]}\n"),
        scenario("three.yaml"),
    ]

    def chosen(**wanted: Any) -> list[str]:
        summary = _run(tmp_path, *paths, selection=Selection(**wanted))
        return [case.case or case.name for case in summary.cases]

    assert chosen(tags=frozenset({"smoke"}), skip_tags=frozenset({"slow"})) == [
        "city=Rome",
        "city=Oslo",
    ]
    assert chosen(text="OSLO") == ["city=Oslo"]
    assert chosen(text="three.yaml") == ["three"]
    assert chosen(adapters=frozenset({"composable"})) == []
    assert chosen(limit=2) == ["one", "city=Rome"]


def test_what_did_not_pass_is_run_again(tmp_path: Path, scenario: WriteScenario) -> None:
    paths = [
        scenario("good.yaml"),
        scenario("bad.yaml", says="goodbye"),
        scenario("off.yaml", agent="  plays: refuses\n"),
    ]
    _run(tmp_path, *paths)
    failed = failed_cases(tmp_path / "runs" / "latest")
    summary = _run(tmp_path, *paths, selection=Selection(failed=failed))
    assert [case.name for case in summary.cases] == ["bad", "off"]


def test_what_a_run_did_not_get_to_is_run_again(tmp_path: Path, scenario: WriteScenario) -> None:
    bad, later = scenario("bad.yaml", says="goodbye"), scenario("later.yaml")
    never = scenario("never.yaml", more="skip: not today\n")
    _run(tmp_path, never, bad, later, fail_fast=1)
    failed = failed_cases(tmp_path / "runs" / "latest")
    assert {Path(file).stem for file, _ in failed} == {"bad", "later"}


def test_a_problem_that_one_case_has_names_it(tmp_path: Path, scenario: WriteScenario) -> None:
    from voicetest.errors import ScenarioError

    path = scenario("a.yaml", more="matrix: {seed: [1, x]}\nseed: ${seed}\n")
    with pytest.raises(ScenarioError, match="found 'x' \\(in case seed=x\\)"):
        _run(tmp_path, path)
    assert CALLED == []
