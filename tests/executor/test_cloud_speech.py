"""Whole calls with voices and transcribers of providers, which local servers play."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pydantic import SecretStr

from tests.calls import Quiet
from tests.speech.speech_server import Answer, error, json_answer, speech_server
from voicetest.adapters.composable import ComposableVoiceAgent
from voicetest.audio.chunk import Samples
from voicetest.audio.wav import read_span
from voicetest.checks.result import Result
from voicetest.executor.plan import Plan, plan
from voicetest.report.keeping import Keeping
from voicetest.run import run
from voicetest.speech.cache import Cache
from voicetest.speech.providers import Speech
from voicetest.spending import Spent

KEYS = {"ONE_KEY": "sk-one-very-secret", "OTHER_KEY": "xi-other-very-secret"}
AGENT = "{adapter: composable, stt: pocketsphinx/espeak, tts: espeak/en-us, dialogue: %s}"


def _plan(folder: Path, speech: Speech, voice: str, more: str = "") -> Plan:
    folder.mkdir(exist_ok=True)
    file = folder / "scenario.yaml"
    dialogue = "{greeting: Good morning to you.}"
    file.write_text(
        f"version: 1\nagent: {AGENT % dialogue}\nuser: {{voice: '{voice}'}}\n{more}"
        "script:\n  - agent: good morning\n  - user: Hello there.\n"
    )
    return plan(file, {}, speech)


def _run(planned: Plan, folder: Path) -> Result:
    (folder / "call/segments").mkdir(parents=True)
    return run(planned, folder / "call", Quiet(), keeping=Keeping(segments=True))


def _heard_of_the_user(folder: Path, samples: int) -> Samples:
    segment = next((folder / "call/segments").glob("*-user.wav"))
    return read_span(segment, 0, samples)[:, 0]


@pytest.mark.process
def test_two_calls_with_different_providers_run_side_by_side(
    tmp_path: Path, voice: Samples, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, key in KEYS.items():
        monkeypatch.setenv(name, key)
    sounds = (voice, voice[::-1].copy())
    with (
        speech_server(Answer(sounds[0].tobytes(), delay_s=0.2)) as one,
        speech_server(error(503), Answer(sounds[1].tobytes())) as other,
        Speech(Cache(tmp_path / "cache")) as speech,
        ThreadPoolExecutor(2) as threads,
    ):
        plans = [
            _plan(tmp_path / "a", speech, f"openai/coral?base_url={one.url}&key_env=ONE_KEY"),
            _plan(tmp_path / "b", speech, f"elevenlabs/x?base_url={other.url}&key_env=OTHER_KEY"),
        ]
        results = list(threads.map(_run, plans, (tmp_path / "a", tmp_path / "b")))
    assert [result.status for result in results] == ["passed", "passed"]
    for folder, sound, planned in zip("ab", sounds, plans, strict=True):
        assert (_heard_of_the_user(tmp_path / folder, len(sound)) == sound).all()
        assert [item.characters for item in planned.world.spending.items] == [12]
    assert [asked.headers["authorization"] for asked in one.asked] == [f"Bearer {KEYS['ONE_KEY']}"]
    assert {asked.headers["xi-api-key"] for asked in other.asked} == {KEYS["OTHER_KEY"]}
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert not any(key.encode() in written for key in KEYS.values())


@pytest.mark.process
def test_a_transcriber_far_away_hears_what_the_agent_says_in_real_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEYS["ONE_KEY"])
    heard = json_answer({"text": "Good morning to you."})
    with speech_server(heard) as server, Speech(Cache(tmp_path / "cache")) as speech:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        more = "transcriber: {use: openai, always: true}\n"
        planned = _plan(tmp_path, speech, "espeak/en-us+f2", more)
        assert planned.clock == "real"
        result = _run(planned, tmp_path)
    assert result.status == "passed"
    assert '"transcript_source": "transcriber"' in (tmp_path / "call/manifest.json").read_text()
    assert server.asked


@pytest.mark.process
def test_a_transcriber_without_a_key_is_noticed_before_the_agent_is_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ELEVENLABS_API_KEY", raising=False)
    with Speech(Cache(tmp_path / "cache")) as speech:
        more = "transcriber: {use: elevenlabs, always: true}\n"
        planned = _plan(tmp_path, speech, "espeak/en-us+f2", more)
        result = _run(planned, tmp_path)
    assert result.status == "error"
    assert "needs ELEVENLABS_API_KEY in the environment" in result.reason
    assert result.duration_s == 0


@pytest.mark.process
def test_an_adapter_may_bring_the_keys_of_its_speech(
    tmp_path: Path, voice: Samples, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ELEVENLABS_API_KEY", raising=False)
    keys = {"ELEVENLABS_API_KEY": SecretStr(KEYS["OTHER_KEY"])}
    monkeypatch.setattr(ComposableVoiceAgent, "speech_keys", keys)
    with (
        speech_server(Answer(voice.tobytes())) as server,
        Speech(Cache(tmp_path / "cache")) as speech,
    ):
        monkeypatch.setenv("ELEVENLABS_BASE_URL", server.url)
        assert _run(_plan(tmp_path, speech, "elevenlabs"), tmp_path).status == "passed"
    assert server.asked[0].headers["xi-api-key"] == KEYS["OTHER_KEY"]


@pytest.mark.process
def test_a_voice_is_not_asked_once_the_call_has_cost_what_it_may(
    tmp_path: Path, voice: Samples
) -> None:
    with (
        speech_server(Answer(voice.tobytes())) as server,
        Speech(Cache(tmp_path / "cache")) as speech,
    ):
        name = f"openai/coral?base_url={server.url}"
        planned = _plan(tmp_path, speech, name, "limits: {max_cost: $1}\n")
        planned.world.spending.add(Spent("a language model", cost_usd=1.5))
        result = _run(planned, tmp_path)
    assert (result.status, server.asked) == ("error", [])
    assert "limits.max_cost is $1" in result.reason
