"""Verdict, turns and latencies of a call, against an agent that knows the truth of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.calls import Call, hold
from tests.conftest import Speak
from tests.truth_server import Mode, TruthServer, line_of
from voicetest.protocols.base import Codec, End
from voicetest.protocols.elevenlabs import ElevenLabs
from voicetest.protocols.gemini_live import GeminiLive
from voicetest.protocols.json_audio import JsonAudio
from voicetest.protocols.openai_realtime import OpenAIRealtime
from voicetest.protocols.openai_realtime_session import SessionSettings
from voicetest.protocols.pipecat_protobuf import PipecatProtobuf
from voicetest.protocols.raw_pcm import RawPcmSettings
from voicetest.protocols.twilio import MediaStream
from voicetest.protocols.vapi import Vapi
from voicetest.speech.providers import Speech

WIRES: Mapping[str, Callable[[End], Codec[Any]]] = {
    "json_audio": JsonAudio().codec,
    "json_audio in real time": JsonAudio(paced=True).codec,
    "json_audio with marked turns": JsonAudio(silence=False).codec,
    "raw_pcm in real time": RawPcmSettings(rate=16_000, paced=True).codec,
    "twilio media stream": MediaStream,
    "openai_realtime": OpenAIRealtime,
    "openai_realtime server_vad": lambda end: OpenAIRealtime(
        end, SessionSettings(turn_detection="server_vad")
    ),
    "gemini_live": GeminiLive,
    "elevenlabs": ElevenLabs().codec,
    "vapi": Vapi,
    "pipecat_protobuf": PipecatProtobuf,
}
TEXTS = ("Parcel service, how can I help you?", "What is your parcel number?", "Goodbye then.")
SCRIPT = """
user: {voice: espeak/en-us+f2}
transcriber: pocketsphinx/espeak
limits: {patience: 1s}
script:
  - agent: {within: 3s}
  - user: Where is my parcel?
  - agent: {says: parcel number, within: 2s}
  - user: Thank you.
  - agent: {within: 2s}
"""


@dataclass(frozen=True)
class Told:
    """What is right to say of a mode: the verdict, and the checks at fault by name and step."""

    status: str = "passed"
    broken: tuple[tuple[str, int], ...] = ()


MODES: Mapping[str, tuple[Mode, Told]] = {
    "healthy": (Mode(), Told()),
    "slow": (Mode(delay_s=2.6), Told("failed", (("within", 2), ("within", 4)))),
    "a pause in its answer": (Mode(pause_s=0.25), Told()),
    "in bursts of 60 ms": (Mode(burst_s=0.06), Told()),
    "noise under its voice": (Mode(noise_db=-55), Told()),
    "an answer of text alone": (Mode(answer="text"), Told("failed", (("says", 2),))),
    "an answer of zeros": (Mode(answer="zeros"), Told("failed", (("says", 2),))),
    "an answer of noise": (Mode(answer="noise"), Told("failed", (("says", 2),))),
    "a beep for an answer": (Mode(answer="beep"), Told("failed", (("says", 2),))),
    "no answer": (Mode(answer="nothing"), Told("failed", (("says", 2),))),
    "a line that breaks": (Mode(breaks=True), Told("error")),
}
ERROR_S = 0.08
"""By how much times may be off: a line in real time has a buffer, and both sides have frames."""


@pytest.fixture(name="call")
def _call(tmp_path: Path, speech: Speech, speak: Speak) -> Callable[..., tuple[Call, TruthServer]]:
    lines = [(text, speak(text, "en-us")) for text in TEXTS]

    def call(wire: str, mode: Mode) -> tuple[Call, TruthServer]:
        server = TruthServer(mode, lines)
        kind = line_of(WIRES[wire])
        done = hold(
            tmp_path,
            speech,
            server,
            SCRIPT,
            kind=kind,
            response_timeout=5.0,
            response_max_duration=9.0,
        )
        return done, server

    return call


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("mode", MODES)
def test_what_is_told_of_a_call_is_what_was(
    call: Callable[..., tuple[Call, TruthServer]], wire: str, mode: str
) -> None:
    behaves, right = MODES[mode]
    done, truth = call(wire, behaves)
    result = done.result
    assert result.status == right.status, (result.checks, result.errors)
    for name, step in right.broken:
        (check,) = [c for c in result.checks if (c.name, c.step) == (name, step)]
        assert not check.passed
    if right.status == "error":
        assert [error.kind for error in result.errors] == ["connection"]
        return
    spoken = [turn for turn in result.turns if turn.by == "agent" and turn.transcript]
    if right.broken and right.broken[0][0] == "says":
        return  # what followed an answer that was none is another conversation
    assert len(spoken) == len(truth.spoke) == 3
    for turn, span in zip(spoken, truth.spoke, strict=True):
        assert turn.start_s == pytest.approx(span.start_s, abs=ERROR_S)
        assert turn.end_s == pytest.approx(span.end_s, abs=ERROR_S)
    told = [turn.response_latency_s for turn in spoken[1:]]
    assert told == pytest.approx(truth.latencies, abs=ERROR_S)
