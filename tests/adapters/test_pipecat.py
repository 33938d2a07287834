"""The settings of a bot made with Pipecat; whole calls are in tests/peers and the parity matrix."""

from __future__ import annotations

from pathlib import Path

import pytest

from voicetest.adapters.pipecat import PipecatAgentAdapter
from voicetest.audio.chunk import AudioFormat, Encoding
from voicetest.errors import ScenarioError
from voicetest.events import (
    AgentTurnEnded,
    Dtmf,
    Interrupted,
    Text,
    ToolResult,
    Transcript,
    UserTurnEnded,
)
from voicetest.executor.plan import Plan, plan
from voicetest.protocols.base import End
from voicetest.speech.providers import Speech

STREAM = "MZ" + "0123456789abcdef" * 2
CALL = "CA" + "0123456789abcdef" * 2


def _plan(folder: Path, speech: Speech, settings: str) -> Plan:
    file = folder / "scenario.yaml"
    file.write_text(f"version: 1\nagent: {{adapter: pipecat, {settings}}}\nscript: [agent]\n")
    return plan(file, {}, speech)


def test_by_default_it_is_a_telephone_line(tmp_path: Path, speech: Speech) -> None:
    line = _plan(tmp_path, speech, "url: 'ws://host/ws'").adapter.capabilities
    assert line.speaks == line.hears == AudioFormat(Encoding.MULAW, 8_000)
    assert line.continuous
    assert {Dtmf, UserTurnEnded} <= line.sends
    assert not {Interrupted, ToolResult} & line.sends
    assert not {AgentTurnEnded, Transcript} & line.receives


def test_names_that_are_given_are_used(tmp_path: Path, speech: Speech) -> None:
    settings = f"url: 'ws://h/', stream_sid: {STREAM}, call_sid: {CALL}, parameters: {{who: me}}"
    adapter = _plan(tmp_path, speech, settings).adapter
    assert isinstance(adapter, PipecatAgentAdapter)
    _, started = adapter.codec(End.CLIENT).start()
    assert STREAM in started
    assert CALL in started
    assert '"customParameters":{"who":"me"}' in started


def test_with_protobuf_the_bot_reports_turns_and_words(tmp_path: Path, speech: Speech) -> None:
    settings = "url: 'ws://h/', protocol: protobuf"
    line = _plan(tmp_path, speech, settings).adapter.capabilities
    assert line.hears == AudioFormat(Encoding.PCM16, 16_000)
    assert {AgentTurnEnded, Transcript} <= line.receives
    assert {Interrupted, Dtmf} <= line.sends
    slow = _plan(tmp_path, speech, f"{settings}, sample_rate: 8000, rtvi: false").adapter
    assert slow.capabilities.hears.rate == 8_000
    assert AgentTurnEnded not in slow.capabilities.receives


def test_over_webrtc_the_bot_reports_turns_and_words(tmp_path: Path, speech: Speech) -> None:
    settings = "transport: webrtc, signaling_url: 'http://h/api/offer'"
    adapter = _plan(tmp_path, speech, settings).adapter
    line = adapter.capabilities
    assert line.hears == line.speaks == AudioFormat(Encoding.PCM16, 48_000)
    assert {AgentTurnEnded, Transcript} <= line.receives
    assert {Text, Dtmf} <= line.sends
    assert Interrupted not in line.sends
    assert adapter.sockets
    deaf = _plan(tmp_path, speech, f"{settings}, rtvi: false").adapter
    assert not {AgentTurnEnded, Transcript} & deaf.capabilities.receives


def test_webrtc_without_its_packages_says_what_to_install(
    tmp_path: Path, speech: Speech, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voicetest.adapters.pipecat.find_spec", lambda name: None)
    settings = "transport: webrtc, signaling_url: 'http://h/api/offer'"
    (missing,) = _plan(tmp_path, speech, settings).adapter.missing
    assert "pip install 'voicetest[webrtc]'" in missing


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ("protocol: twilio", "transport websocket needs url"),
        ("transport: webrtc", "transport webrtc needs signaling_url"),
        ("transport: webrtc, signaling_url: 'http://h/', url: 'ws://h/'", "url is for transport"),
        ("transport: webrtc, signaling_url: 'http://h/', protocol: protobuf", "protocol is for"),
        ("url: 'ws://h/', signaling_url: 'http://h/'", "signaling_url is for transport webrtc"),
        ("url: 'ws://h/', ice_servers: ['stun:h']", "ice_servers is for transport webrtc"),
        ("transport: webrtc, signaling_url: 'http://h/', ice_servers: [h]", "such as stun:host"),
        ("url: 'http://h/'", "expected an address such as wss://"),
        ("url: 'ws://h/', protocol: plivo", "'twilio' or 'protobuf'"),
        ("url: 'ws://h/', transport: daily", "'websocket'"),
        ("url: 'ws://h/', sample_rate: 16000", "sample_rate is 8000"),
        ("url: 'ws://h/', audio_format: pcm16", "audio_format is mulaw"),
        ("url: 'ws://h/', rtvi: false", "rtvi is for protocol protobuf"),
        ("url: 'ws://h/', protocol: protobuf, audio_format: mulaw", "audio_format is pcm16"),
        (
            f"url: 'ws://h/', protocol: protobuf, call_sid: {CALL}",
            "call_sid is for protocol twilio",
        ),
        ("url: 'ws://h/', stream_sid: MZ12", "expected MZ and 32 digits"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(
    tmp_path: Path, speech: Speech, settings: str, message: str
) -> None:
    with pytest.raises(ScenarioError, match=message):
        _plan(tmp_path, speech, settings)
