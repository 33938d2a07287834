"""A run that was killed is reported from what it left, and one that goes on is not."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from voicetest.checks.result import Status
from voicetest.errors import SetupError
from voicetest.report.begun import BEGUN, Begun, BegunRun, is_going
from voicetest.report.console import Console
from voicetest.report.html import html
from voicetest.report.junit import junit
from voicetest.report.stored import StoredRun, load_run
from voicetest.suite.compare import compare
from voicetest.suite.options import RunOptions
from voicetest.suite.parallel import run_suite
from voicetest.suite.rescore import rescore

SCENARIO = """\
version: 1
name: Opening hours
agent:
  adapter: composable
  stt: pocketsphinx/espeak
  dialogue: {greeting: Thank you for calling., fallback: We open at nine.}
  tts: espeak/en-us
matrix: {day: [Monday, Sunday]}
script:
  - agent
  - user: When do you open on ${day}?
  - agent: {says: nine}
"""


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, cache_folder: Path) -> Path:
    """The folder of a run of two cases, three calls each."""
    folder = tmp_path_factory.mktemp("killed")
    (folder / "hours.yaml").write_text(SCENARIO)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VOICETEST_CACHE", str(cache_folder))
        options = RunOptions(repeat=3)
        summary = run_suite([folder / "hours.yaml"], folder / "runs", Console(), options)
    assert summary.totals == {"passed": 2}
    return Path(summary.folder)


@pytest.fixture
def killed(finished: Path, tmp_path: Path) -> Path:
    """The same as it is while its fourth call goes on: without a run.json."""
    folder = tmp_path / finished.name
    shutil.copytree(finished, folder)
    (folder / "run.json").unlink()
    first, *rest = sorted(folder.glob("hours--day=Sunday*"))
    (first / "manifest.json").unlink()
    for call in rest:
        shutil.rmtree(call)
    events = (first / "events.jsonl").read_text()
    (first / "events.jsonl").write_text(events[: len(events) * 2 // 3])
    return folder


def _statuses(run: StoredRun) -> list[Status]:
    return [call.line.status for call in run.calls]


def test_calls_that_were_over_count_and_the_others_are_errors(killed: Path) -> None:
    run = load_run(killed)
    assert run.summary.exit_code == 137
    assert _statuses(run) == ["passed"] * 3 + ["error"]
    monday, sunday = run.summary.cases
    assert (monday.status, monday.passed) == ("passed", 3)
    assert sunday.reason == "the run was killed: 0 of 3 calls were over"
    last = run.calls[-1].manifest
    assert last is not None
    assert last.errors[0].kind == "killed"
    assert (last.scenario.vars["day"], last.scenario.seed) == ("Sunday", 0)
    assert [turn.by for turn in last.turns][:2] == ["agent", "user"]
    assert last.turns[1].transcript == "When do you open on Sunday?"
    assert last.duration_s > 1


def test_a_case_that_was_not_begun_was_not_run(killed: Path) -> None:
    for call in killed.glob("hours--day=Sunday*"):
        shutil.rmtree(call)
    run = load_run(killed)
    assert _statuses(run) == ["passed"] * 3 + ["skipped"]
    assert run.calls[-1].line.reason == "not run: the run was killed"


def test_it_is_rendered_compared_and_judged_again(killed: Path, finished: Path) -> None:
    run = load_run(killed)
    assert "the run was killed" in junit(run)
    assert "the run was killed" in html(run, killed / "report.html")
    assert compare(load_run(finished), run).exit_code == 4
    *passed, last = rescore(run)
    assert [again.after.status for again in passed] == ["passed"] * 3
    assert (last.after.status, last.after.errors[0].kind) == ("error", "killed")
    assert last.after.metrics["greeting_latency"].n == 1


@pytest.mark.parametrize("size", [0, 10, 44])
def test_a_recording_without_sound_is_no_obstacle(killed: Path, size: int) -> None:
    (recording,) = killed.glob("hours--day=Sunday*/recording.wav")
    recording.write_bytes(recording.read_bytes()[:size])
    run = load_run(killed)
    assert run.calls[-1].line.duration_s == 0
    assert "the run was killed" in html(run, killed / "report.html")


def test_without_what_it_set_out_to_call_its_calls_are_told(killed: Path) -> None:
    (killed / BEGUN).unlink()
    run = load_run(killed)
    assert _statuses(run) == ["passed"] * 3 + ["error"]
    assert run.summary.exit_code == 137


def test_a_run_that_was_killed_before_its_first_call_is_one(killed: Path) -> None:
    for call in killed.glob("hours*"):
        shutil.rmtree(call)
    run = load_run(killed)
    assert run.summary.totals == {"skipped": 2}
    assert run.summary.exit_code == 137


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes here")
def test_nobody_waits_for_a_pipe_in_the_place_of_what_it_set_out_to_call(killed: Path) -> None:
    (killed / BEGUN).unlink()
    os.mkfifo(killed / BEGUN)
    assert not is_going(killed)
    assert len(load_run(killed).calls) == 4


def test_a_run_that_goes_on_is_waited_for(tmp_path: Path) -> None:
    begun = BegunRun(command=(), started_at="2026-01-01T00:00:00+00:00")
    with Begun(tmp_path, begun), pytest.raises(SetupError, match="is not over"):
        load_run(tmp_path)
    assert load_run(tmp_path).summary.exit_code == 137


def test_secrets_are_not_in_what_it_sets_out_to_call(
    tmp_path: Path, cache_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VOICETEST_CACHE", str(cache_folder))
    monkeypatch.setenv("SAID_BY", "xylophone-4711")
    text = SCENARIO.replace("${day}", "${day} ${env.SAID_BY}")
    text = text.replace("Thank you for calling.", "'Hello, ${env.SAID_BY}.'")
    (tmp_path / "hours.yaml").write_text(text.replace("Opening hours", "For ${env.SAID_BY}"))
    summary = run_suite([tmp_path / "hours.yaml"], tmp_path / "runs", Console())
    begun = (Path(summary.folder) / BEGUN).read_text()
    assert "xylophone" not in begun
    assert len([json.loads(line) for line in begun.splitlines()]) == 3
