from __future__ import annotations

from pathlib import Path

import pytest

from tests.agents.chat_server import chat_server
from tests.calls import Quiet
from voicetest.checks.result import Result
from voicetest.clock import Clock
from voicetest.errors import ScenarioError
from voicetest.run import plan, run
from voicetest.speech.providers import Speech

HEAD = "version: 1\nagent: {adapter: composable, stt: pocketsphinx, tts: espeak/en-us, "


def _run(folder: Path, speech: Speech, scenario: str) -> Result:
    file = folder / "scenario.yaml"
    file.write_text(scenario)
    planned = plan(file, {}, speech)
    call = folder / "call"
    (call / "segments").mkdir(parents=True)
    return run(planned, call, Quiet())


@pytest.mark.process
def test_a_language_model_can_be_the_agents_mind(
    tmp_path: Path, speech: Speech, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test-not-a-real-key")
    with chat_server(["Your refund is on its way."]) as (url, requests):
        scenario = (
            f"{HEAD}llm: openai/small, base_url: '{url}', system_prompt: Be brief.}}\n"
            "user: {voice: espeak/en-us+f2}\n"
            "script:\n  - user: Yes, please.\n  - agent: {says: refund}\n"
        )
        result = _run(tmp_path, speech, scenario)
    assert result.status == "passed", result.checks
    assert [message["role"] for message in requests[0]["messages"]] == ["system", "user"]
    assert requests[0]["messages"][0]["content"] == "Be brief."
    assert len(requests) == 1
    assert result.harness is not None
    assert result.harness.frames_sent > 100


@pytest.mark.process
def test_a_language_model_that_is_down_is_no_fault_of_the_agents_words(
    tmp_path: Path, speech: Speech, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test-not-a-real-key")
    with chat_server([], status=401) as (url, _):
        scenario = (
            f"{HEAD}llm: openai/small, base_url: '{url}'}}\nscript:\n  - user: Hello.\n  - agent\n"
        )
        result = _run(tmp_path, speech, scenario)
    assert result.status == "error"
    assert result.errors[0].kind == "connection"
    assert "openai/small" in result.errors[0].message
    assert (tmp_path / "call/recording.wav").stat().st_size > 10_000


def test_a_call_with_a_language_model_runs_on_the_real_clock(
    tmp_path: Path, speech: Speech
) -> None:
    file = tmp_path / "scenario.yaml"
    file.write_text(f"{HEAD}llm: openai/small}}\nscript: [agent]\n")
    assert plan(file, {}, speech).clock is Clock.REAL
    (tmp_path / "agent.yaml").write_text("greeting: Hello.\n")
    file.write_text(f"{HEAD}dialogue: agent.yaml}}\nscript: [agent]\n")
    assert plan(file, {}, speech).clock is Clock.VIRTUAL


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ("llm: a, dialogue: agent.yaml", "exactly one of dialogue and llm"),
        ("dialogue: agent.yaml, system_prompt: Be brief", "system_prompt is for llm"),
        ("dialogue: broken.yaml", "broken.yaml:1:1: unknown key 'greting'"),
        ("dialogue: none.yaml", "none.yaml"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(
    tmp_path: Path, speech: Speech, settings: str, message: str
) -> None:
    (tmp_path / "agent.yaml").write_text("greeting: Hello.\n")
    (tmp_path / "broken.yaml").write_text("greting: Hello.\n")
    file = tmp_path / "scenario.yaml"
    file.write_text(f"{HEAD}{settings}}}\nscript: [agent]\n")
    with pytest.raises(ScenarioError, match=message):
        plan(file, {}, speech)


def test_a_dialogue_has_its_faults(tmp_path: Path, speech: Speech) -> None:
    (tmp_path / "agent.yaml").write_text("greeting: Hello there.\nfaults: [drops_call: 1]\n")
    scenario = f"{HEAD}dialogue: agent.yaml}}\nscript:\n  - agent\n  - user: Hello.\n  - agent\n"
    result = _run(tmp_path, speech, scenario)
    assert result.status == "error"
    assert "the line broke: closed with code 1011" in result.errors[0].message
