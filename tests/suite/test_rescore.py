"""Stored calls judged again, by their own scenario or by another one."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.agents.chat_server import Served, chat_server
from tests.suite.agents import CALLED
from tests.suite.conftest import WriteScenario
from voicetest.errors import ScenarioError, SetupError
from voicetest.report.console import Console
from voicetest.report.keeping import FileKind, Keep, Keeping
from voicetest.report.stored import StoredRun, load_run
from voicetest.suite.options import RunOptions
from voicetest.suite.parallel import run_suite
from voicetest.suite.rescore import rescore, without_recording

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


def _holds(request: Any) -> Served:
    """A judge that believes every criterion with hours in it."""
    text = request["messages"][1]["content"].partition("\n<call-")[0]
    opinions = [
        {
            "criterion": int(number),
            "reason": "It says so.",
            "verdict": "holds" if "hello" in criterion else "fails",
        }
        for number, criterion in re.findall(r"^(\d+)\. (.*)$", text, re.MULTILINE)
    ]
    return Served(json.dumps({"opinions": opinions}))


@pytest.mark.process
def test_a_judge_is_asked_again_only_when_that_is_wanted(
    tmp_path: Path, scenario: WriteScenario
) -> None:
    with chat_server([_holds, _holds]) as (url, requests):
        judge = (
            f"judge: {{model: {{use: openai/large, base_url: '{url}', api_key: sk-12345678}}, "
            "criteria: The agent says hello., advisory: false}\n"
        )
        run = _stored(tmp_path, scenario("a.yaml", script=SCRIPT, more=judge))
        (again,) = rescore(run)
        assert (again.before, again.after.status, len(requests)) == ("passed", "passed", 1)
        assert again.after.judge is not None
        assert again.after.judge.status == "skipped"
        scenario("a.yaml", script=SCRIPT, more=judge.replace("says hello", "is polite"))
        (again,) = rescore(run, asks_judge=True)
    assert (again.after.status, len(requests)) == ("failed", 2)
    assert "sk-12345678" not in again.after.model_dump_json()


@pytest.mark.process
def test_what_a_judge_could_not_say_is_no_error_of_the_call(
    tmp_path: Path, scenario: WriteScenario
) -> None:
    with chat_server([], status=401) as (url, _):
        judge = (
            f"judge: {{model: {{use: openai/large, base_url: '{url}', api_key: sk-12345678}}, "
            "criteria: The agent says hello., advisory: false}\n"
        )
        run = _stored(tmp_path, scenario("a.yaml", script=SCRIPT, more=judge))
    (again,) = rescore(run)
    assert (again.before, again.after.status) == ("error", "passed")


LAPSE = {"start_s": 0.0, "end_s": 3.5, "seconds": 3.0, "kind": "stood_still"}


@pytest.mark.parametrize(
    ("harness", "status"),
    [
        ({"lapses": [LAPSE], "lateness_max_ms": 3000.0}, "inconclusive"),
        ({"lapses": [{**LAPSE, "start_s": 50.0, "end_s": 53.0}]}, "failed"),
        ({"lapses": [], "lateness_max_ms": 200.0}, "failed"),
        ({"lapses": None, "bounds": None, "lateness_max_ms": 3000.0}, "inconclusive"),
        ({"lapses": None, "bounds": None, "lateness_max_ms": 200.0}, "failed"),
    ],
)
def test_a_call_in_which_voicetest_was_late_is_judged_so_again(
    tmp_path: Path, scenario: WriteScenario, harness: dict[str, Any], status: str
) -> None:
    run = _stored(tmp_path, scenario("a.yaml", script=SCRIPT))
    file = run.folder / "a" / "manifest.json"
    manifest = json.loads(file.read_text())
    manifest["harness"] |= harness
    file.write_text(json.dumps(manifest | {"sha256": None}))
    scenario("a.yaml", script=SCRIPT.replace("hello", "goodbye"))
    (again,) = rescore(load_run(run.folder))
    assert again.after.status == status


def test_a_run_from_before_there_were_lapses_is_judged_as_it_was(
    tmp_path: Path, scenario: WriteScenario
) -> None:
    run = _stored(tmp_path, scenario("a.yaml", script=SCRIPT))
    file = run.folder / "a" / "manifest.json"
    manifest = json.loads(file.read_text())
    for name in ("bounds", "lapses", "own_gaps_s"):
        del manifest["harness"][name]
    file.write_text(json.dumps(manifest | {"sha256": None}))
    (again,) = rescore(load_run(run.folder))
    assert (again.before, again.after.status) == ("passed", "passed")


def test_a_call_is_judged_the_same_from_flac(tmp_path: Path, scenario: WriteScenario) -> None:
    options = RunOptions(keeping=Keeping(kind=FileKind.FLAC))
    paths = [scenario("a.yaml", script=SCRIPT)]
    run = load_run(Path(run_suite(paths, tmp_path / "runs", Console(), options).folder))
    (again,) = rescore(run)
    found = run.calls[0].manifest
    assert found is not None
    assert (again.after.status, again.after.metrics) == (found.status, found.metrics)
    assert without_recording(run) == []


def test_calls_whose_recording_was_not_kept_are_named(
    tmp_path: Path, scenario: WriteScenario
) -> None:
    options = RunOptions(keeping=Keeping(keep=Keep.FAILED))
    failing = scenario("b.yaml", script=SCRIPT.replace("hello", "goodbye"))
    paths = [scenario("a.yaml", script=SCRIPT), failing]
    run = load_run(Path(run_suite(paths, tmp_path / "runs", Console(), options).folder))
    assert [again.folder for again in rescore(run)] == ["b"]
    (told,) = without_recording(run)
    assert told.startswith("left out: a  ")
    assert "was not kept (--keep)" in told
    with pytest.raises(SetupError, match=r"no call of .* can be judged again"):
        without_recording(run, paths[0])
