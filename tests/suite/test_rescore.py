"""Stored calls judged again, by their own scenario or by another one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.suite.agents import CALLED
from tests.suite.conftest import WriteScenario
from voicetest.errors import ScenarioError, SetupError
from voicetest.report.console import Console
from voicetest.report.stored import StoredRun, load_run
from voicetest.suite.parallel import run_suite
from voicetest.suite.rescore import rescore

SCRIPT = "  - agent: {says: hello}\n  - user: Good morning.\n"


def _stored(tmp_path: Path, *paths: Path) -> StoredRun:
    return load_run(Path(run_suite(paths, tmp_path / "runs", Console()).folder))


def test_a_check_that_changed_changes_the_verdict_and_nothing_on_disk(
    tmp_path: Path, scenario: WriteScenario
) -> None:
    run = _stored(tmp_path, scenario("a.yaml", script=SCRIPT))
    before = {file: file.read_bytes() for file in run.folder.rglob("*") if file.is_file()}
    scenario("a.yaml", script=SCRIPT.replace("hello", "goodbye"))
    (again,) = rescore(run)
    assert (again.before, again.after.status) == ("passed", "failed")
    assert before == {file: file.read_bytes() for file in run.folder.rglob("*") if file.is_file()}
    assert len(CALLED) == 1


def test_another_scenario_may_take_the_place_of_the_only_one(
    tmp_path: Path, scenario: WriteScenario
) -> None:
    run = _stored(tmp_path, scenario("a.yaml", script=SCRIPT))
    (again,) = rescore(run, scenario("b.yaml", script=SCRIPT.replace("hello", "goodbye")))
    assert again.after.status == "failed"


def test_one_of_several_scenarios_is_judged_alone(tmp_path: Path, scenario: WriteScenario) -> None:
    one, other = scenario("a.yaml", script=SCRIPT), scenario("b.yaml", script=SCRIPT)
    run = _stored(tmp_path, one, other)
    assert [again.folder for again in rescore(run, other)] == ["b"]
    with pytest.raises(SetupError, match="was not run in"):
        list(rescore(run, scenario("c.yaml", script=SCRIPT)))


@pytest.mark.parametrize(
    "script", [SCRIPT.replace("morning", "evening"), "  - agent: {says: hello}\n"]
)
def test_another_script_is_refused_at_its_step(
    tmp_path: Path, scenario: WriteScenario, script: str
) -> None:
    run = _stored(tmp_path, scenario("a.yaml", script=SCRIPT))
    scenario("a.yaml", script=script)
    with pytest.raises(ScenarioError, match=r"step 2 is not what was said in .*: only checks may"):
        list(rescore(run))


def test_a_damaged_event_is_told(tmp_path: Path, scenario: WriteScenario) -> None:
    run = _stored(tmp_path, scenario("a.yaml", script=SCRIPT))
    (run.folder / "a" / "events.jsonl").write_text('{"type": "nonsense"}\n')
    with pytest.raises(SetupError, match="unknown event 'nonsense'"):
        list(rescore(run))
