"""The settings of an agent behind WebRTC; whole calls are in test_webrtc_peers."""

from __future__ import annotations

from pathlib import Path

import pytest

from voicetest import registry
from voicetest.adapters.webrtc import WebRTCAgentAdapter
from voicetest.audio.chunk import AudioFormat, Encoding
from voicetest.errors import ScenarioError
from voicetest.events import AgentTurnEnded, Audio, Interrupted, Transcript
from voicetest.executor.plan import Plan, plan
from voicetest.speech.providers import Speech

URL = "signaling_url: 'https://h/offer'"


def _plan(folder: Path, speech: Speech, settings: str) -> Plan:
    file = folder / "scenario.yaml"
    file.write_text(f"version: 1\nagent: {{adapter: webrtc, {settings}}}\nscript: [agent]\n")
    return plan(file, {}, speech)


def test_by_default_only_sound_travels(tmp_path: Path, speech: Speech) -> None:
    line = _plan(tmp_path, speech, URL).adapter.capabilities
    assert line.sends == line.receives == {Audio}
    assert line.speaks == line.hears == AudioFormat(Encoding.PCM16, 48_000)
    assert line.continuous
    assert line.paced


def test_a_map_says_what_else_there_is(tmp_path: Path, speech: Speech) -> None:
    events = (
        "events: {sends: {interrupt: {op: stop}}, receives: {agent_turn_ended: {op: end}, "
        "agent_transcript: {op: says, text: <text>}}}"
    )
    line = _plan(tmp_path, speech, f"{URL}, {events}").adapter.capabilities
    assert line.sends == {Audio, Interrupted}
    assert line.receives == {Audio, AgentTurnEnded, Transcript}


def test_the_preferred_codec_says_what_the_line_sounds_like(tmp_path: Path, speech: Speech) -> None:
    line = _plan(tmp_path, speech, f"{URL}, codecs: [pcma, opus]").adapter.capabilities
    assert line.hears == AudioFormat(Encoding.ALAW, 8_000)


def test_what_must_not_be_written_is_known(tmp_path: Path, speech: Speech) -> None:
    servers = "ice_servers: ['stun:s', {urls: 'turn:t', username: u, credential: turn-secret}]"
    settings = f"{URL}, headers: {{Authorization: Bearer key-1}}, {servers}"
    adapter = _plan(tmp_path, speech, settings).adapter
    assert adapter.secrets == {"Bearer key-1", "turn-secret"}
    assert "secret" not in repr(adapter)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ("signaling: json", "'signaling_url' is missing"),
        ("signaling_url: 'ws://h/'", "expected an address such as https://"),
        (f"{URL}, signaling: whep", "'json' or 'whip'"),
        (f"{URL}, signaling: whip, fields: {{room: a}}", "fields is for signaling json"),
        (f"{URL}, channel: chat", "channel is for events"),
        (f"{URL}, codecs: [g722]", "'opus', 'pcmu' or 'pcma'"),
        (f"{URL}, codecs: []", "at least 1 entry"),
        (f"{URL}, ice_servers: ['http://h']", "such as stun:host:3478"),
        (f"{URL}, events: {{sends: {{audio: binary}}}}", "unknown key 'audio'"),
        (f"{URL}, events: {{receives: {{agent_transcript: {{op: x}}}}}}", "put <text> where"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(
    tmp_path: Path, speech: Speech, settings: str, message: str
) -> None:
    with pytest.raises(ScenarioError, match=message):
        _plan(tmp_path, speech, settings)


def test_it_is_registered_with_the_extra_that_it_needs() -> None:
    assert registry.load(registry.ADAPTERS, "webrtc") is WebRTCAgentAdapter
