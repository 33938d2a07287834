from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.agents.chat_server import WAIT_LIMIT_S, Served, chat_server
from tests.calls import Quiet
from voicetest.call.timeline import Entry, SpeechStarted
from voicetest.checks.result import Result
from voicetest.clock import Clock
from voicetest.errors import ScenarioError
from voicetest.executor.execute import Progress
from voicetest.run import plan, run
from voicetest.speech.providers import Speech

KEY = "sk-test-not-a-real-key"
LONG = "I have found two charges for the invoice of March in the books of your company."
HEAD = "version: 1\nagent: {adapter: composable, stt: pocketsphinx, tts: espeak/en-us, "


def _run(folder: Path, speech: Speech, scenario: str, progress: Progress | None = None) -> Result:
    folder.mkdir(exist_ok=True)
    file = folder / "scenario.yaml"
    file.write_text(scenario)
    planned = plan(file, {}, speech)
    call = folder / "call"
    (call / "segments").mkdir(parents=True)
    return run(planned, call, progress or Quiet())


@pytest.fixture
def openai_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


class WhenHeard(Quiet):
    """Opens a gate when the agent is heard."""

    def __init__(self, gate: threading.Event) -> None:
        self._gate = gate

    def entry(self, entry: Entry) -> None:
        """What happened in the call."""
        if isinstance(entry.what, SpeechStarted) and entry.what.by == "agent":
            self._gate.set()


@pytest.mark.process
@pytest.mark.usefixtures("openai_key")
def test_the_first_sentence_is_heard_before_the_model_has_written_the_second(
    tmp_path: Path, speech: Speech
) -> None:
    gate = threading.Event()
    reply = Served("One moment please. I found it.", gates={4: gate})
    with chat_server([reply]) as (url, _):
        scenario = (
            f"{HEAD}llm: openai/small, base_url: '{url}'}}\n"
            "script:\n  - user: Where is it?\n  - agent: {says: [one moment, found it]}\n"
        )
        result = _run(tmp_path, speech, scenario, WhenHeard(gate))
    assert result.status == "passed", result.checks
    heard = result.turns[-1].response_latency_s
    assert heard is not None
    assert heard < WAIT_LIMIT_S / 2  # the server would have waited that long for the first sound


@pytest.mark.process
@pytest.mark.usefixtures("openai_key")
def test_a_model_that_is_spoken_over_stops_and_remembers_what_was_heard(
    tmp_path: Path, speech: Speech
) -> None:
    never = threading.Event()
    reply = Served(f"{LONG} And more.", gates={len(LONG.split()) + 1: never})
    with chat_server([reply, "Goodbye then."]) as (url, requests):
        scenario = (
            f"{HEAD}llm: openai/small, base_url: '{url}'}}\n"
            "script:\n"
            "  - user: What did you find?\n"
            "  - interrupt: Never mind about that.\n"
            "    after: 1s\n"
            "    mode: voice\n"
            "    stops_within: 1500ms\n"
            "  - agent: {says: goodbye}\n"
        )
        result = _run(tmp_path, speech, scenario)
        never.set()
    assert result.status == "passed", result.checks
    roles = [message["role"] for message in requests[1]["messages"]]
    assert roles == ["system", "user", "assistant", "user"]
    kept = requests[1]["messages"][2]["content"]
    assert LONG.startswith(kept)
    assert 3 <= len(kept.split()) < len(LONG.split())
    assert result.cost is not None
    assert not result.cost.complete  # nobody says what the answer cost that was broken off


@pytest.mark.process
@pytest.mark.usefixtures("openai_key")
def test_a_model_calls_the_tools_of_the_scenario(tmp_path: Path, speech: Speech) -> None:
    wanted = Served("Let me see.", tools=[("find_parcel", '{"number": "4521"}')])
    with chat_server([wanted, "It is on its way."]) as (url, requests):
        scenario = (
            f"{HEAD}llm: openai/gpt-5.4-mini, base_url: '{url}'}}\n"
            "tools:\n"
            "  - name: find_parcel\n"
            "    description: Says where a parcel is.\n"
            "    parameters: {type: object, properties: {number: {type: string}}}\n"
            "    returns: {status: on its way}\n"
            "    delay: 300ms\n"
            "script:\n"
            "  - user: Where is my parcel?\n"
            "  - agent:\n"
            "      says: [let me see, on its way]\n"
            "      calls_tool: {name: find_parcel, arguments: {number: '4521'}}\n"
        )
        result = _run(tmp_path, speech, scenario)
    assert result.status == "passed", result.checks
    assert [tool.arguments for tool in result.tool_calls] == ['{"number": "4521"}']
    assert requests[0]["tools"][0]["function"]["name"] == "find_parcel"
    assert json.loads(requests[1]["messages"][-1]["content"]) == {"status": "on its way"}
    assert result.cost is not None
    (service,) = result.cost.services
    assert (service.service, service.requests) == ("openai/gpt-5.4-mini", 2)
    assert service.tokens_in == 20
    assert result.cost.complete
    assert result.cost.usd == service.usd == pytest.approx(20 * 0.75e-6 + 8 * 4.5e-6)


@pytest.mark.process
@pytest.mark.usefixtures("openai_key")
def test_a_call_that_has_cost_enough_asks_its_model_no_more(tmp_path: Path, speech: Speech) -> None:
    with chat_server(["Yes.", "No."]) as (url, requests):
        scenario = (
            f"{HEAD}llm: openai/gpt-5.4-mini, base_url: '{url}'}}\n"
            "limits: {max_cost: $0.000001}\n"
            "script:\n  - user: Hello?\n  - agent: {says: 'yes'}\n  - user: Really?\n  - agent\n"
        )
        result = _run(tmp_path, speech, scenario)
    assert len(requests) == 1
    assert result.status == "error"
    assert result.errors[0].kind == "setup"
    assert "limits.max_cost is $1e-06" in result.errors[0].message


@pytest.mark.process
@pytest.mark.usefixtures("openai_key")
def test_two_calls_at_once_keep_their_models_apart(tmp_path: Path, speech: Speech) -> None:
    def scenario(url: str, key: str, word: str) -> str:
        return (
            f"{HEAD}llm: openai/{word}, base_url: '{url}', llm_api_key: {key}}}\n"
            f"script:\n  - user: Hello?\n  - agent: {{says: {word}}}\n"
        )

    with (
        chat_server(["Apples."]) as (first, asked_first),
        chat_server(["Oranges."]) as (second, asked_second),
        ThreadPoolExecutor(2) as threads,
    ):
        results = list(
            threads.map(
                lambda name, text: _run(tmp_path / name, speech, text),
                ["one", "other"],
                [
                    scenario(first, "first-secret-key", "apples"),
                    scenario(second, "second-secret-key", "oranges"),
                ],
            )
        )
    assert [result.status for result in results] == ["passed", "passed"]
    assert asked_first[0]["model"] == "apples"
    assert asked_second[0]["model"] == "oranges"
    for name in ("one", "other"):
        for file in (tmp_path / name / "call").rglob("*"):
            assert not file.is_file() or b"secret-key" not in file.read_bytes(), file


def test_a_language_model_needs_its_key_unless_it_is_elsewhere(
    tmp_path: Path, speech: Speech, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    file = tmp_path / "scenario.yaml"
    for settings, missing in (
        ("llm: openai/gpt-5.4-mini", "needs OPENAI_API_KEY in the environment"),
        ("llm: no_such_provider", "no language model is called 'no_such_provider'"),
        ("llm: openai/small, base_url: 'http://127.0.0.1:1/v1'", ""),
        ("llm: openai/small, llm_api_key: a-secret-key", ""),
        ("llm: ollama/llama3", ""),
    ):
        file.write_text(f"{HEAD}{settings}}}\nscript: [agent]\n")
        lacks = plan(file, {}, speech).adapter.missing
        assert len(lacks) == bool(missing)
        assert missing in "".join(lacks)


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
