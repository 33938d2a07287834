"""The settings of an ElevenLabs agent; whole calls are in the parity matrix."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.calls import Quiet, plans_of
from voicetest.adapters.elevenlabs import ElevenLabsAgentAdapter
from voicetest.audio.wav import write_wav
from voicetest.checks.result import Result
from voicetest.clock import Clock
from voicetest.errors import ScenarioError, SetupError
from voicetest.events import AgentTurnEnded, Audio, Interrupted, Text, ToolCalled, Transcript
from voicetest.executor.plan import Plan, plan
from voicetest.run import run
from voicetest.speech.providers import Speech
from voicetest.suite.validate import validate_suite
from voicetest.transports.base import Transport
from voicetest.transports.memory import memory_pair
from voicetest.transports.refusals import by_status

KEY = "ELEVENLABS_API_KEY"
HIDDEN = "sk-Zq7-very-secret-value"
HERE = "base_url: 'ws://127.0.0.1:9'"


@pytest.fixture(autouse=True)
def _no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEY, raising=False)


def _file(folder: Path, settings: str, script: str = "[agent]", top: str = "") -> Path:
    file = folder / "scenario.yaml"
    file.write_text(
        f"version: 1\nagent: {{adapter: elevenlabs, {settings}}}\nscript: {script}\n{top}"
    )
    return file


def _adapter(folder: Path, speech: Speech, settings: str = "agent_id: a") -> ElevenLabsAgentAdapter:
    adapter = plan(_file(folder, settings), {}, speech).adapter
    assert isinstance(adapter, ElevenLabsAgentAdapter)
    return adapter


def _initiation(adapter: ElevenLabsAgentAdapter) -> Any:
    (message,) = adapter.spoken.client().start()
    return json.loads(message)


def test_by_default_it_hears_a_live_microphone(tmp_path: Path, speech: Speech) -> None:
    line = _adapter(tmp_path, speech).capabilities
    assert line.continuous
    assert not line.paced
    assert Audio in line.sends
    assert {Transcript, ToolCalled} <= line.receives
    assert AgentTurnEnded not in line.receives
    assert Interrupted not in line.sends


def test_settings_reach_the_initiation(tmp_path: Path, speech: Speech) -> None:
    settings = (
        "agent_id: a, system_prompt_override: Be brief., first_message_override: '', "
        "dynamic_variables: {name: Ann, orders: 3, member: true, zip: '0123'}"
    )
    said = _initiation(_adapter(tmp_path, speech, settings))
    assert said["conversation_config_override"]["agent"] == {
        "prompt": {"prompt": "Be brief."},
        "first_message": "",
    }
    wanted = {"name": "Ann", "orders": 3, "member": True, "zip": "0123"}
    assert said["dynamic_variables"] == wanted


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ("api_key: x", "'agent_id' is missing"),
        ("agent_id: a, turn_commit_mode: vad", "'audio', 'text' or 'silence'"),
        ("agent_id: a, silence_tail_bytes: 0", "1"),
        ("agent_id: a, silence_tail_bytes: many", "silence_tail_bytes|number|expected"),
        ("agent_id: a, base_url: 'https://api.elevenlabs.io'", "expected an address such as wss"),
        ("agent_id: a, dynamic_variables: {list: [1]}", "expected a text, a number, true or false"),
        ("agent_id: a, dynamic_variables: {none: null}", "expected a text, a number"),
        ("agent_id: a, voice: x", "voice"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(
    tmp_path: Path, speech: Speech, settings: str, message: str
) -> None:
    with pytest.raises(ScenarioError, match=message):
        _adapter(tmp_path, speech, settings)


SOUND_ONLY = {
    "noise": ("[agent, noise: {noise}]", ""),
    "backchannel": ("[agent, {{user: hi}}, {{backchannel: mhm, after: 1s}}, agent]", ""),
    "voice interrupt": (
        "[agent, {{user: hi}}, {{interrupt: stop, after: 1s, mode: voice}}, agent]",
        "",
    ),
    "keys": ("[agent, dtmf: '1']", ""),
    "effects": ("[agent]", "user: {effects: [phone]}\n"),
    "background": ("[agent]", "user: {background: {sound: noise.wav, snr: 10dB}}\n"),
    "uplink": ("[agent]", "line: {uplink: {codec: g711}}\n"),
}


@pytest.mark.parametrize("what", SOUND_ONLY)
def test_what_needs_the_users_sound_is_refused_where_it_is_typed(
    tmp_path: Path, speech: Speech, what: str
) -> None:
    script, top = SOUND_ONLY[what]
    write_wav(tmp_path / "noise.wav", np.ones(4_800, dtype=np.int16))
    filled = script.format(noise="noise.wav")
    with pytest.raises(ScenarioError, match="no sound of the user reaches this agent"):
        plan(_file(tmp_path, "agent_id: a, turn_commit_mode: text", filled, top), {}, speech)
    plan(_file(tmp_path, "agent_id: a", filled, top), {}, speech)


def test_typed_turns_can_be_validated_and_say_so(tmp_path: Path, speech: Speech) -> None:
    line = _adapter(tmp_path, speech, "agent_id: a, turn_commit_mode: text").capabilities
    assert Text in line.sends
    assert Audio not in line.sends


def test_a_key_is_missing_only_where_one_is_needed(
    tmp_path: Path, speech: Speech, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "ELEVENLABS_API_KEY is not set" in _adapter(tmp_path, speech).missing[0]
    eu = "agent_id: a, base_url: 'wss://api.eu.residency.elevenlabs.io'"
    assert _adapter(tmp_path, speech, eu).missing
    assert not _adapter(tmp_path, speech, "agent_id: a, api_key: k").missing
    assert not _adapter(tmp_path, speech, f"agent_id: a, {HERE}").missing
    monkeypatch.setenv(KEY, HIDDEN)
    assert not _adapter(tmp_path, speech).missing


def test_a_missing_key_is_told_by_run_and_noted_by_validate(tmp_path: Path, speech: Speech) -> None:
    file = _file(tmp_path, "agent_id: a, simulator: {greeting: Hello}")
    with pytest.raises(
        SetupError, match=r"scenario.yaml: ELEVENLABS_API_KEY is not set.*--offline"
    ):
        plans_of([file], speech)
    assert any("ELEVENLABS_API_KEY" in note for note in validate_suite([file], {}).notes)
    assert plans_of([file], speech, offline=True)


@dataclass
class Dialled:
    """What was asked for when the line was opened."""

    urls: list[str] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)


def _call(
    folder: Path, speech: Speech, settings: str, *, status: int | None = None, reason: str = ""
) -> tuple[Result, Dialled]:
    """A call that is refused with a status, or closed with 1008 and a reason."""
    seen = Dialled()

    @asynccontextmanager
    async def dial(
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        subprotocols: Sequence[str] = (),
        keep_alive: object = None,
    ) -> AsyncIterator[Transport[bytes | str]]:
        seen.urls.append(url)
        seen.headers.append(headers or {})
        if status is not None:
            raise by_status(status, url)
        near: Transport[bytes | str]
        far: Transport[bytes | str]
        near, far = memory_pair()
        await far.close(1008, reason)
        yield near

    planned: Plan = plan(_file(folder, settings), {}, speech)
    world = replace(planned.world, dial=dial, real_time=False)
    (folder / "call/segments").mkdir(parents=True)
    result = run(replace(planned, world=world, clock=Clock.VIRTUAL), folder / "call", Quiet())
    return result, seen


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        (401, "HTTP 401: check 'api_key', or ELEVENLABS_API_KEY"),
        (403, "HTTP 403: check that the key may use this agent"),
        (404, "HTTP 404: check 'agent_id'"),
        (429, "HTTP 429: the plan allows no more calls at once: set 'max_concurrent'"),
    ],
)
def test_a_refused_upgrade_is_told_in_words_of_the_platform(
    tmp_path: Path, speech: Speech, status: int, advice: str
) -> None:
    result, _ = _call(tmp_path, speech, f"agent_id: a, api_key: {HIDDEN}", status=status)
    (error,) = result.errors
    assert (error.kind, error.where) == ("connection", "dialling")
    assert advice in error.message
    assert "headers" not in error.message


@pytest.mark.parametrize(
    ("reason", "advice"),
    [
        ("This request exceeds your quota limit.", "quota limit.: the account's quota is used up"),
        ("Override for field is not allowed", "allow this override in the agent's Security"),
        ("missing_dynamic_variable: name", "write them under 'dynamic_variables'"),
        ("who are you", "1008 who are you: check 'agent_id', the key"),
    ],
)
def test_a_conversation_that_is_refused_is_told_in_words_of_the_platform(
    tmp_path: Path, speech: Speech, reason: str, advice: str
) -> None:
    result, _ = _call(tmp_path, speech, f"agent_id: a, api_key: {HIDDEN}", reason=reason)
    (error,) = result.errors
    assert (error.kind, error.where) == ("connection", "dialling")
    assert advice in error.message


@pytest.mark.parametrize("written", ["", f", api_key: {HIDDEN}", ", api_key: '${env.MINE}'"])
def test_the_key_is_sent_and_written_nowhere(
    tmp_path: Path, speech: Speech, monkeypatch: pytest.MonkeyPatch, written: str
) -> None:
    monkeypatch.setenv("MINE" if "MINE" in written else KEY, HIDDEN)
    result, seen = _call(tmp_path, speech, f"agent_id: a b{written}", reason=f"bad key {HIDDEN}")
    assert result.errors
    assert seen.headers == [{"xi-api-key": HIDDEN}]
    assert seen.urls == ["wss://api.elevenlabs.io/v1/convai/conversation?agent_id=a+b"]
    files = [file for file in tmp_path.glob("call/**/*") if file.is_file()]
    assert files
    assert not [file for file in files if HIDDEN.encode() in file.read_bytes()]


@pytest.mark.parametrize(
    ("url", "sent"),
    [
        ("wss://api.us.elevenlabs.io", True),
        ("ws://127.0.0.1:9", True),
        ("ws://localhost:9/", True),
        ("wss://elevenlabs.io.example.com", False),
        ("ws://api.elevenlabs.io", False),
    ],
)
def test_a_key_of_the_environment_goes_to_no_stranger(
    tmp_path: Path, speech: Speech, monkeypatch: pytest.MonkeyPatch, url: str, sent: bool
) -> None:
    monkeypatch.setenv(KEY, HIDDEN)
    _, seen = _call(tmp_path, speech, f"agent_id: a, base_url: '{url}'", reason="x")
    assert seen.headers == [{"xi-api-key": HIDDEN} if sent else {}]
    assert seen.urls[0].startswith(f"{url.rstrip('/')}/v1/convai/conversation?")


def test_a_call_without_a_key_is_not_dialled(tmp_path: Path, speech: Speech) -> None:
    result, seen = _call(tmp_path, speech, "agent_id: a")
    (error,) = result.errors
    assert error.kind == "setup"
    assert seen.urls == []
