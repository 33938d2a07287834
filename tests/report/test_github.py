"""GitHub Actions shows what is wrong at the line of the scenario."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.report.runs import ODD, broken, call, case_of, manifest, run_of, unmet_check
from voicetest.checks.result import CallWarning
from voicetest.errors import SetupError
from voicetest.report.github import append_summary, in_actions, step_summary, workflow_commands


@pytest.fixture(autouse=True)
def no_workspace(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests themselves may run in Actions."""
    monkeypatch.delenv("GITHUB_WORKSPACE", raising=False)


def test_a_failed_check_is_an_error_at_its_line() -> None:
    checks = (unmet_check(actual="a, b: 50%\nc"), unmet_check(severity="warn", where="b.yaml:9"))
    found = manifest("failed", "Billing", checks=checks)
    lines = list(workflow_commands(run_of(call("failed", name="A: b, c", found=found))))
    assert lines == [
        "::error file=billing.yaml,line=22,title=A%3A b%2C c::"
        'says: expected "refund"; actual: a, b: 50%25%0Ac',
        '::warning file=b.yaml,line=9,title=A%3A b%2C c::says: expected "refund"; actual: "no"',
    ]


def test_errors_come_first_because_few_are_shown() -> None:
    warned = manifest("passed", "a", checks=(unmet_check(severity="warn"),))
    lines = workflow_commands(run_of(call(found=warned), call("failed")))
    assert [line.split(" ")[0] for line in lines] == ["::error", "::warning"]


def test_an_error_of_the_call_stands_at_the_scenario() -> None:
    found = manifest("error", "Billing", errors=(broken(),))
    (line,) = workflow_commands(run_of(call("error", found=found, case="language=en")))
    assert line == (
        "::error file=scenarios/billing.yaml,line=3,title=Billing [language=en]::"
        "connection error: closed with code 1011"
    )


def test_what_the_run_forgives_is_no_error() -> None:
    failed = call("failed")
    forgiven = replace(failed, case=case_of(failed.line, status="passed", repeat=5))
    assert [line.split(" ")[0] for line in workflow_commands(run_of(forgiven))] == ["::warning"]
    assert list(workflow_commands(run_of(call(), call("skipped")))) == []


def test_an_attempt_that_was_made_again_is_no_error() -> None:
    found = manifest("error", "Billing", errors=(broken(),))
    first = call("error", found=found, retried=True)
    assert [line.split(" ")[0] for line in workflow_commands(run_of(first))] == ["::warning"]


def test_an_unexpected_pass_is_an_error() -> None:
    passed = call()
    case = case_of(passed.line, status="failed", xfail="bug", reason="it passed")
    (line,) = workflow_commands(run_of(replace(passed, case=case)))
    assert line.startswith("::error file=scenarios/billing.yaml,line=3")
    assert line.endswith("::it passed")


def test_paths_start_at_the_root_of_the_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))
    (tmp_path / "voice").mkdir()
    monkeypatch.chdir(tmp_path / "voice")
    (line,) = workflow_commands(run_of(call("failed")))
    assert "file=voice/billing.yaml" in line
    monkeypatch.chdir("/")
    (line,) = workflow_commands(run_of(call("failed")))
    assert "file=billing.yaml" in line


def test_the_summary_has_a_row_for_each_case_and_nothing_in_it_is_markup() -> None:
    run = run_of(call(), call("failed", name="<b>*x*|y</b>", reason="a\nb"))
    lines = step_summary(run).splitlines()
    assert lines[0] == "### voicetest: 1 passed, 1 failed"
    assert lines[4].startswith(
        r"| ❌ | **&lt;b&gt;\*x\*\|y&lt;/b&gt;**<br>scenarios/billing.yaml:3 | a b |"
    )
    assert lines[5].startswith("| ✅ |")


def test_a_summary_that_github_would_refuse_is_cut() -> None:
    run = run_of(*(call(reason="x" * 9000) for _ in range(200)))
    text = step_summary(run)
    assert len(text.encode()) < 1024 * 1024
    assert text.rstrip().endswith("more")


def test_the_summary_is_added_to_that_of_the_step(tmp_path: Path) -> None:
    target = tmp_path / "summary.md"
    target.write_text("before\n")
    append_summary(run_of(call()), {"GITHUB_STEP_SUMMARY": str(target)})
    assert target.read_text(encoding="utf-8").startswith("before\n### voicetest: 1 passed")
    with pytest.raises(SetupError, match="cannot be written"):
        append_summary(run_of(call()), {"GITHUB_STEP_SUMMARY": str(tmp_path)})
    append_summary(run_of(call()), {})


def test_a_step_of_actions_is_known_by_its_environment() -> None:
    assert in_actions({"GITHUB_ACTIONS": "true"})
    assert not in_actions({})


def test_what_a_call_warned_of_is_a_warning_at_the_scenario_or_at_its_place() -> None:
    spoken = CallWarning(message="a secret is spoken", where="billing.yaml:7:3")
    found = manifest("passed", "Billing", warnings=(ODD, spoken))
    assert list(workflow_commands(run_of(call(found=found)))) == [
        "::warning file=scenarios/billing.yaml,line=3,title=Billing::"
        "at 3.25 s: the map has <no> use for 'a|b' (2 times)",
        "::warning file=billing.yaml,line=7,col=3,title=Billing::a secret is spoken",
    ]
    summary = step_summary(run_of(call(found=found)))
    assert "- ⚠️ Billing: at 3.25 s: the map has &lt;no&gt; use for 'a\\|b' (2 times)\n" in summary


def test_no_more_annotations_are_written_than_are_shown() -> None:
    checks = tuple(unmet_check(where=f"billing.yaml:{line}") for line in range(1, 40))
    warnings = tuple(CallWarning(message=f"odd {n}", at_s=1.0) for n in range(200))
    found = manifest("failed", "Billing", checks=checks, warnings=warnings)
    lines = list(workflow_commands(run_of(call("failed", found=found))))
    assert [line[:8] for line in lines] == ["::error "] * 10 + ["::warnin"] * 10
    assert lines[9].endswith("::30 more like these: the report of the run has all")
    summary = step_summary(run_of(call("failed", found=found)))
    assert summary.count("⚠️") == 50
    assert summary.endswith("- 150 more\n")
