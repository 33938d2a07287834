"""What takes the place of what would leave this machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.calls import Quiet
from voicetest.adapters.composable import ComposableVoiceAgent
from voicetest.clock import Clock
from voicetest.errors import ScenarioError
from voicetest.executor.plan import Plan, plan
from voicetest.run import run
from voicetest.speech.providers import Speech
from voicetest.suite.plan import plan_all

WEBSOCKET = "{adapter: websocket, url: 'wss://agent.invalid/', protocol: json_audio"
LLM = "{adapter: composable, stt: pocketsphinx, tts: espeak/en, llm: openai/gpt-5.4-mini"
DIALOGUE = "simulator: {greeting: Hello there.}"


def _plan(folder: Path, speech: Speech, agent: str, clock: str = "auto", more: str = "") -> Plan:
    file = folder / "scenario.yaml"
    file.write_text(f"version: 1\nagent: {agent}}}\n{more}script:\n  - agent: hello there\n")
    return plan(file, {}, speech, clock, offline=True)


@pytest.mark.parametrize("agent", [WEBSOCKET, LLM])
def test_an_agent_that_is_simulated_is_called_in_virtual_time(
    tmp_path: Path, speech: Speech, agent: str
) -> None:
    planned = _plan(tmp_path, speech, f"{agent}, {DIALOGUE}")
    assert planned.clock is Clock.VIRTUAL
    (tmp_path / "call/segments").mkdir(parents=True)
    assert run(planned, tmp_path / "call", Quiet()).status == "passed"
    assert '"simulated": true' in (tmp_path / "call/manifest.json").read_text()


@pytest.mark.process
def test_the_real_clock_uses_a_socket_of_this_machine(tmp_path: Path, speech: Speech) -> None:
    planned = _plan(tmp_path, speech, f"{WEBSOCKET}, {DIALOGUE}", "real")
    assert planned.clock is Clock.REAL
    (tmp_path / "call/segments").mkdir(parents=True)
    assert run(planned, tmp_path / "call", Quiet()).status == "passed"


@pytest.mark.parametrize("agent", [WEBSOCKET, LLM])
def test_an_agent_that_cannot_be_simulated_is_a_mistake_at_its_line(
    tmp_path: Path, speech: Speech, agent: str
) -> None:
    with pytest.raises(ScenarioError, match=r"scenario\.yaml:2:8: --offline needs .*'simulator:'"):
        _plan(tmp_path, speech, agent)


def test_an_agent_of_local_parts_stays_as_it_is(tmp_path: Path, speech: Speech) -> None:
    agent = "{adapter: composable, stt: pocketsphinx, tts: espeak/en, dialogue: {greeting: Hi.}"
    adapter = _plan(tmp_path, speech, agent).adapter
    assert isinstance(adapter, ComposableVoiceAgent)
    assert (adapter.stt, adapter.tts) == ("pocketsphinx", "espeak/en")


def test_offline_parts_replace_those_of_an_agent_with_a_language_model(
    tmp_path: Path, speech: Speech
) -> None:
    adapter = _plan(tmp_path, speech, f"{LLM}, {DIALOGUE}").adapter
    assert isinstance(adapter, ComposableVoiceAgent)
    assert (adapter.stt, adapter.tts) == ("pocketsphinx/espeak", "espeak/en-us")
    assert (adapter.llm, adapter.dialogue is not None) == (None, True)


def test_no_environment_variable_is_needed(
    tmp_path: Path, speech: Speech, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AGENT_URL", raising=False)
    agent = f"{{adapter: websocket, url: '${{env.AGENT_URL}}', {DIALOGUE}"
    more = "transcriber: pocketsphinx\n"
    _plan(tmp_path, speech, agent, more=more)
    (planned,) = plan_all([tmp_path / "scenario.yaml"], {}, speech, "auto", offline=True)
    assert isinstance(planned, Plan)
    (tmp_path / "call/segments").mkdir(parents=True)
    assert run(planned, tmp_path / "call", Quiet()).errors == ()


@pytest.mark.parametrize(
    ("simulator", "message"),
    [
        ("{greting: Hello.}", r"2:\d+: unknown key 'greting' \(did you mean 'greeting'\?\)"),
        ("none.yaml", r"2:\d+: there is no file 'none\.yaml'"),
        ("[a]", r"2:\d+: expected"),
    ],
)
def test_a_mistake_in_the_simulator_is_told_with_or_without_offline(
    tmp_path: Path, speech: Speech, simulator: str, message: str
) -> None:
    file = tmp_path / "scenario.yaml"
    agent = f"{WEBSOCKET}, simulator: {simulator}}}"
    file.write_text(f"version: 1\nagent: {agent}\nscript: [agent]\n")
    for offline in (True, False):
        with pytest.raises(ScenarioError, match=message):
            plan(file, {}, speech, offline=offline)


def test_the_simulators_own_file_has_its_own_mistakes(tmp_path: Path, speech: Speech) -> None:
    (tmp_path / "agent.yaml").write_text("greeting: Hi.\nrulez: []\n")
    with pytest.raises(ScenarioError, match=r"agent\.yaml:2:1: unknown key 'rulez'"):
        _plan(tmp_path, speech, f"{WEBSOCKET}, simulator: agent.yaml")
