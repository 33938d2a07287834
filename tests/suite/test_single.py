"""A program in Python makes a call and listens to it."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import voicetest
from tests.report.written import samples_of
from voicetest.audio.chunk import Samples
from voicetest.errors import ScenarioError, SetupError
from voicetest.report.stored import load_run

ROOT = Path(__file__).parents[2]
GREETS = """\
version: 1
name: The agent greets
vars: {word: hello, pass: "${env.GREETING_PASSPHRASE}"}
agent: {adapter: composable, stt: pocketsphinx/espeak, tts: espeak/en-us, dialogue: agent.yaml}
script:
  - agent: {says: "${word}"}
  - user: It is ${pass}.
"""


@pytest.fixture
def scenario(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A scenario of one greeting, and an answer in which a secret is said."""
    monkeypatch.setenv("GREETING_PASSPHRASE", "xylophone")
    (tmp_path / "agent.yaml").write_text("greeting: Hello.\n")
    path = tmp_path / "greets.yaml"
    path.write_text(GREETS)
    return path


def test_a_call_is_made_and_its_events_and_sound_are_heard(scenario: Path, tmp_path: Path) -> None:
    events: list[dict[str, Any]] = []
    sound: list[Samples] = []
    result = voicetest.run_scenario(scenario, events.append, sound.append, out=tmp_path / "runs")
    assert result.status == "passed"
    (call,) = load_run(tmp_path / "runs" / "latest").calls
    assert call.manifest == result
    assert call.folder is not None
    written = (call.folder / "events.jsonl").read_text(encoding="utf-8").splitlines()
    assert events == [json.loads(line) for line in written]
    assert "xylophone" not in str(events)
    np.testing.assert_array_equal(np.concatenate(sound), samples_of(call.folder / "recording.wav"))


def test_a_listener_that_raises_is_logged_once_and_the_call_goes_on(
    scenario: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    called = []

    def broken(what: object) -> None:
        called.append(what)
        raise ValueError("no")

    with caplog.at_level(logging.ERROR):
        result = voicetest.run_scenario(str(scenario), broken, broken, out=tmp_path / "runs")
    assert result.status == "passed"
    assert len(called) > 10
    messages = sorted(record.getMessage() for record in caplog.records)
    assert messages == ["on_audio raised; the call goes on", "on_event raised; the call goes on"]


def test_variables_replace_those_of_the_scenario(scenario: Path, tmp_path: Path) -> None:
    result = voicetest.run_scenario(scenario, variables={"word": "goodbye"}, out=tmp_path / "runs")
    assert result.status == "failed"
    assert [check.expected for check in result.checks if not check.passed] == ['"goodbye"']


def test_one_case_of_several_has_to_be_named(scenario: Path, tmp_path: Path) -> None:
    scenario.write_text(GREETS + "matrix: {word: [hello, goodbye]}\n")
    with pytest.raises(ScenarioError, match="there are 2 cases: name one of them"):
        voicetest.run_scenario(scenario, out=tmp_path / "runs")
    with pytest.raises(ScenarioError, match="did you mean 'word=hello'"):
        voicetest.run_scenario(scenario, case="word=hallo", out=tmp_path / "runs")
    result = voicetest.run_scenario(scenario, case="word=goodbye", out=tmp_path / "runs")
    assert result.status == "failed"


def test_what_cannot_work_raises_before_anyone_is_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ScenarioError, match="there is no such file"):
        voicetest.run_scenario(tmp_path / "none.yaml", out=tmp_path / "runs")
    monkeypatch.delenv("VAPI_API_KEY", raising=False)
    with pytest.raises(SetupError, match="there is no key"):
        voicetest.run_scenario(ROOT / "scenarios" / "vapi.yaml", out=tmp_path / "runs")
    assert not (tmp_path / "runs").exists()


def test_a_platform_is_called_offline(tmp_path: Path) -> None:
    path = ROOT / "scenarios" / "vapi.yaml"
    assert voicetest.run_scenario(path, offline=True, out=tmp_path).status == "passed"
