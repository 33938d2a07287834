from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from tests.agents.chat_server import chat_server
from tests.calls import Quiet
from tests.conftest import Speak
from tests.speech.speech_server import Answer, json_answer, speech_server
from voicetest.adapters.elevenlabs_voice import ElevenLabsVoiceAgent
from voicetest.clock import Clock
from voicetest.executor.plan import Plan
from voicetest.run import plan, run
from voicetest.speech.cache import Cache
from voicetest.speech.providers import Speech

KEY = "xi-not-a-real-key"
SARAH = "EXAVITQu4vr4xnSDxMaL"
SCRIPT = "script:\n  - user: Where is my parcel?\n  - agent: {says: on its way}\n"
SIMULATOR = "simulator: {rules: [{when: parcel, say: It is on its way.}]}"


def _plan(folder: Path, speech: Speech, settings: str = "", *, offline: bool = False) -> Plan:
    file = folder / "scenario.yaml"
    agent = ", ".join(filter(None, ("adapter: elevenlabs_voice", settings)))
    file.write_text(f"version: 1\nagent: {{{agent}}}\ntranscriber: pocketsphinx/espeak\n{SCRIPT}")
    return plan(file, {}, speech, offline=offline)


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ELEVENLABS_API_KEY", "ELEVENLABS_VOICE_ID", "ELEVENLABS_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-not-a-real-key")


def test_each_part_can_be_another_one(tmp_path: Path, speech: Speech) -> None:
    usual = ElevenLabsVoiceAgent()
    assert usual.parts.llm == "openai/gpt-5.4-mini"
    assert dict(usual.voices) == {"voice": "elevenlabs/"}
    assert dict(usual.transcribers) == {"stt": "elevenlabs/scribe_v2"}
    assert dict(ElevenLabsVoiceAgent(voice="abc").voices) == {"voice": "elevenlabs/abc"}
    settings = (
        "llm: ollama/llama3, voice: espeak/en-us, stt: pocketsphinx/espeak, "
        "system_prompt: Be brief., response_timeout: 7s"
    )
    other = _plan(tmp_path, speech, settings).adapter
    assert isinstance(other, ElevenLabsVoiceAgent)
    assert other.parts.response_timeout == 7.0
    assert other.parts.system_prompt == "Be brief."
    assert other.outside == ("agent.llm (ollama/llama3)",)
    assert other.missing == ()


def test_its_voice_may_come_from_the_environment(
    tmp_path: Path, speech: Speech, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned = _plan(tmp_path, speech)
    (named,) = planned.adapter.voices.values()
    assert SARAH in planned.world.voice(named).identity
    monkeypatch.setenv("ELEVENLABS_VOICE_ID", "my_voice")
    assert "my_voice" in planned.world.voice(named).identity


def test_it_says_which_keys_it_misses(
    tmp_path: Path, speech: Speech, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    ears_and_voice, mind = _plan(tmp_path, speech).adapter.missing
    assert "ELEVENLABS_API_KEY" in ears_and_voice
    assert "OPENAI_API_KEY" in mind
    monkeypatch.setenv("ELEVENLABS_API_KEY", KEY)
    assert _plan(tmp_path, speech).adapter.missing == (mind,)
    monkeypatch.delenv("ELEVENLABS_API_KEY")
    given = ElevenLabsVoiceAgent(api_key=SecretStr(KEY))
    assert given.missing == (mind,)
    assert KEY not in repr(given)


def test_offline_it_is_played_by_its_simulator(tmp_path: Path, speech: Speech) -> None:
    planned = _plan(tmp_path, speech, SIMULATOR, offline=True)
    assert planned.clock is Clock.VIRTUAL
    call = tmp_path / "call"
    (call / "segments").mkdir(parents=True)
    result = run(planned, call, Quiet())
    assert result.status == "passed", (result.checks, result.errors)
    assert result.cost is None


@pytest.mark.process
def test_it_hears_and_speaks_with_one_key(
    tmp_path: Path, speak: Speak, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = speak("It is on its way.", "en-us")
    heard = {"text": "Where is my parcel?", "words": [], "language_code": "eng"}
    with (
        Speech(Cache(tmp_path / "cache")) as speech,
        speech_server(json_answer(heard), Answer(said.astype("<i2").tobytes())) as elevenlabs,
        chat_server(["It is on its way."]) as (url, requests),
    ):
        monkeypatch.setenv("ELEVENLABS_BASE_URL", elevenlabs.url)
        planned = _plan(tmp_path, speech, f"api_key: {KEY}, base_url: '{url}'")
        assert planned.clock is Clock.REAL
        call = tmp_path / "call"
        (call / "segments").mkdir(parents=True)
        result = run(planned, call, Quiet())
    assert result.status == "passed", (result.checks, result.errors)
    assert requests[0]["messages"][-1]["content"] == "Where is my parcel?"
    ears, voice = elevenlabs.asked
    assert ears.form["model_id"] == b"scribe_v2"
    assert voice.path.startswith(f"/v1/text-to-speech/{SARAH}")
    assert voice.json["text"] == "It is on its way."
    assert [asked.headers["xi-api-key"] for asked in elevenlabs.asked] == [KEY, KEY]
    assert result.cost is not None
    assert {service.service for service in result.cost.services} == {
        "elevenlabs/scribe_v2",
        "openai/gpt-5.4-mini",
        "elevenlabs",
    }
    for file in call.rglob("*"):
        assert not file.is_file() or KEY.encode() not in file.read_bytes(), file
