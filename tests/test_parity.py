"""Every adapter against its simulator: the same behaviour gives the same outcome on every wire.

What a wire cannot carry follows from what its codec sends and receives, never from its name.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from tests.calls import Quiet
from voicetest import registry
from voicetest.audio.wav import read_span
from voicetest.checks.result import Check, Result
from voicetest.checks.unheard_steps import over_turns_is_heard
from voicetest.clock import Clock
from voicetest.errors import ScenarioError
from voicetest.events import (
    AgentTurnEnded,
    Audio,
    Cleared,
    Dtmf,
    Failed,
    Interrupted,
    Text,
    ToolCalled,
    Transcript,
)
from voicetest.protocols.base import Capabilities
from voicetest.run import Plan, plan, run
from voicetest.speech.providers import Speech

PRIVATE = {
    "encoding": "alaw",
    "rate": 16_000,
    "paced": True,
    "sends": {"audio": {"op": "mic", "pcm": "<audio>"}, "hangup": {"op": "bye"}},
    "receives": {
        "ready": {"op": "welcome"},
        "audio": {"op": "voice", "parts": [{"pcm": "<audio>"}]},
        "agent_transcript": {"op": "text", "words": "<text>"},
        "hangup": {"op": "bye", "why": "<reason>"},
    },
}
LINES: Mapping[str, dict[str, Any]] = {
    "composable": {"adapter": "composable", "stt": "pocketsphinx/espeak", "tts": "espeak/en-us"},
    "websocket raw_pcm": {"adapter": "websocket", "protocol": "raw_pcm"},
    "websocket raw_pcm paced": {
        "adapter": "websocket",
        "protocol": {"preset": "raw_pcm", "rate": 16_000, "paced": True},
    },
    "websocket json_audio": {"adapter": "websocket", "protocol": "json_audio"},
    "websocket json_audio without silence": {
        "adapter": "websocket",
        "protocol": {"preset": "json_audio", "rate": 8_000, "encoding": "mulaw", "silence": False},
    },
    "websocket twilio_media_stream": {"adapter": "websocket", "protocol": "twilio_media_stream"},
    "websocket map": {"adapter": "websocket", "protocol": PRIVATE},
    "gemini_live": {"adapter": "gemini_live"},
    "gemini_live automatic": {"adapter": "gemini_live", "turn_detection": "automatic"},
    "elevenlabs audio": {"adapter": "elevenlabs", "agent_id": "agent_1"},
    "elevenlabs_voice": {"adapter": "elevenlabs_voice"},
    "elevenlabs text": {
        "adapter": "elevenlabs",
        "agent_id": "agent_1",
        "turn_commit_mode": "text",
    },
    "elevenlabs silence": {
        "adapter": "elevenlabs",
        "agent_id": "agent_1",
        "turn_commit_mode": "silence",
    },
    "pipecat twilio": {"adapter": "pipecat"},
    "pipecat protobuf": {"adapter": "pipecat", "protocol": "protobuf"},
    "openai_realtime": {"adapter": "openai_realtime"},
    "openai_realtime server_vad": {"adapter": "openai_realtime", "turn_detection": "server_vad"},
    "twilio": {"adapter": "twilio", "phone_number": "+15550100001", "to": "+15550100123"},
    "twilio answer": {
        "adapter": "twilio",
        "phone_number": "+15550100001",
        "direction": "answer",
    },
    "vapi": {"adapter": "vapi", "assistant_id": "parcels"},
    "vapi mulaw": {"adapter": "vapi", "assistant_id": "parcels", "audio_format": "mulaw"},
    "vapi streaming": {"adapter": "vapi", "assistant_id": "parcels", "quirks": ["vapi_streams"]},
}
IN_REAL_TIME: Mapping[str, dict[str, Any]] = {
    "livekit": {"adapter": "livekit"},
    "livekit, sent for": {"adapter": "livekit", "agent_name": "parcels"},
    "pipecat webrtc": {
        "adapter": "pipecat",
        "transport": "webrtc",
        "signaling_url": "https://agent.invalid/api/offer",
    },
    "webrtc": {"adapter": "webrtc", "signaling_url": "https://agent.invalid/offer"},
    "webrtc whip with events": {
        "adapter": "webrtc",
        "signaling": "whip",
        "signaling_url": "https://agent.invalid/whip",
        "codecs": ["pcmu"],
        "events": {
            "sends": {
                "interrupt": {"op": "stop"},
                "key": {"op": "key", "key": "<key>"},
                "tool_result": {"op": "result", "id": "<id>", "value": "<result>"},
            },
            "receives": {
                "agent_turn_ended": {"op": "end"},
                "agent_transcript": {"op": "text", "words": "<text>"},
                "interrupted": {"op": "stopped"},
                "tool_call": {"op": "call", "id": "<id>", "name": "<name>", "args": "<arguments>"},
            },
        },
    },
}
"""Their sound needs sockets, so they do only what differs most between wires."""
EVERY = {**LINES, **IN_REAL_TIME}


GREETING = "Parcel service, how can I help you?"
DIALOGUE: dict[str, Any] = {
    "greeting": GREETING,
    "reply_delay": "200ms",
    "rules": [
        {"when": ["parcel"], "say": "What is your parcel number?"},
        {
            "when": ["four five"],
            "tool": {
                "name": "find_parcel",
                "arguments": {"number": "45"},
                "returns": {"status": "on its way"},
            },
            "say": "It is ${result.status} to you.",
        },
        {
            "when": ["opening hours"],
            "say": "We are open from nine to six on Monday, Tuesday, Wednesday and Thursday.",
        },
        {"keys": "2#", "say": "This is the invoice department."},
        {"when": ["thank you"], "say": "Goodbye.", "ends_call": True},
    ],
}
FIRST = {"agent": {"says": "how can I help"}}
ASK = {"user": "Where is my parcel?"}


@dataclass(frozen=True)
class Outcome:
    """A call that is over."""

    result: Result
    line: Capabilities
    folder: Path

    def check(self, name: str, step: int | None = None) -> Check:
        """The one check of that name, at a step counted from 0."""
        (found,) = [c for c in self.result.checks if c.name == name and c.step == step]
        return found

    @cached_property
    def events(self) -> list[dict[str, Any]]:
        """The timeline."""
        lines = (self.folder / "events.jsonl").read_text().splitlines()
        return [json.loads(line) for line in lines]

    @property
    def said(self) -> list[str]:
        """The agent's turns as text."""
        return [turn.transcript or "" for turn in self.result.turns if turn.by == "agent"]

    def loudest(self, channel: int, start_s: float = 0.0) -> int:
        """The largest sample of a channel of the recording from there on."""
        sound = read_span(self.folder / "recording.wav", round(start_s * 24_000), -1)[:, channel]
        return int(np.abs(sound.astype(int)).max(initial=0))


class Caller:
    """Calls the simulator of one line, in memory."""

    def __init__(self, name: str, folder: Path, speech: Speech) -> None:
        self._name = name
        self._settings = EVERY[name]
        self._folder = folder
        self._speech = speech

    def with_settings(self, **settings: Any) -> Caller:
        """The same with further settings of the agent."""
        caller = Caller(self._name, self._folder / "other", self._speech)
        caller._folder.mkdir(exist_ok=True)
        caller._settings = {**self._settings, **settings}
        return caller

    @property
    def in_real_time(self) -> bool:
        """Whether its sound needs sockets, and time."""
        return self._name in IN_REAL_TIME

    @property
    def line(self) -> Capabilities:
        """What the line can carry."""
        return self.plan([FIRST]).adapter.capabilities

    @property
    def soon(self) -> str:
        """When an answer is there; the time of others who use this machine is not ours."""
        return "5s" if self._settings in IN_REAL_TIME.values() else "2s"

    def plan(self, script: list[Any], *faults: Any, **top: Any) -> Plan:
        """What would be called; raises ScenarioError for what the line cannot carry."""
        agent = dict(self._settings)
        dialogue = {**DIALOGUE, "faults": [*faults, *agent.pop("quirks", ())]}
        if agent["adapter"] == "composable":
            agent["dialogue"] = dialogue
        else:
            agent["simulator"] = dialogue
            if (
                agent.get("transport") != "webrtc"
                and "url" in registry.load(registry.ADAPTERS, agent["adapter"]).model_fields
            ):
                agent["url"] = "wss://agent.invalid/call"
        scenario = {
            "version": 1,
            "agent": agent | {"response_timeout": "4s", "response_max_duration": "8s"},
            "user": {"voice": "espeak/en-us+f2"},
            "tools": [{"name": "find_parcel", "returns": {"status": "on its way"}}],
            "transcriber": "pocketsphinx/espeak",
            "script": script,
            "limits": {"patience": "1s"},
            **top,
        }
        scenario = {key: value for key, value in scenario.items() if value is not None}
        file = self._folder / "scenario.yaml"
        file.write_text(yaml.safe_dump(scenario, sort_keys=False))
        planned = plan(file, {}, self._speech, offline=True)
        assert planned.clock is (Clock.REAL if planned.adapter.sockets else Clock.VIRTUAL)
        return planned

    def call(self, script: list[Any], *faults: Any, **top: Any) -> Outcome:
        """The outcome of a call to a simulator with these faults."""
        planned = self.plan(script, *faults, **top)
        folder = self._folder / "call"
        (folder / "segments").mkdir(parents=True)
        result = run(planned, folder, Quiet())
        return Outcome(result, planned.adapter.capabilities, folder)


@pytest.fixture(params=LINES)
def caller(request: pytest.FixtureRequest, tmp_path: Path, speech: Speech) -> Caller:
    return Caller(request.param, tmp_path, speech)


@pytest.fixture(
    params=[
        pytest.param(name, marks=[pytest.mark.process] * (name in IN_REAL_TIME)) for name in EVERY
    ]
)
def anybody(request: pytest.FixtureRequest, tmp_path: Path, speech: Speech) -> Caller:
    return Caller(request.param, tmp_path, speech)


def test_every_adapter_and_every_preset_has_a_row() -> None:
    assert {settings["adapter"] for settings in EVERY.values()} == set(
        registry.names(registry.ADAPTERS)
    )
    spoken = [s.get("protocol") for s in LINES.values() if s["adapter"] == "websocket"]
    presets = {s["preset"] if isinstance(s, dict) and "preset" in s else str(s) for s in spoken}
    assert set(registry.names(registry.PROTOCOLS)) <= presets


def test_an_agent_that_greets_first_is_heard_and_two_turns_follow(anybody: Caller) -> None:
    done = anybody.call(
        [FIRST, ASK, {"agent": {"says": "parcel number", "within": anybody.soon}},
         {"user": "Thank you."}, {"agent": {"says": "goodbye", "ends_call": True}}],
        checks={"hung_up_by": "agent"},
    )  # fmt: skip
    assert done.result.status == "passed", done.result.checks
    assert [turn.by for turn in done.result.turns] == ["agent", "user", "agent", "user", "agent"]
    assert done.result.termination.by == "agent"
    assert min(done.loudest(0), done.loudest(1)) > 2_000
    kinds = [event["type"] for event in done.events]
    assert kinds.count("turn_opened") == kinds.count("turn_closed") == 3


def test_the_platforms_own_words_are_used_where_it_gives_any(caller: Caller) -> None:
    if Transcript not in caller.line.receives:
        with pytest.raises(ScenarioError, match="gives no transcript"):
            caller.plan([FIRST], transcriber=None)
        return
    done = caller.call([FIRST, ASK, "agent"])
    assert done.said == [GREETING, "What is your parcel number?"]


def test_an_agent_that_is_spoken_over_stops_where_its_line_lets_it(anybody: Caller) -> None:
    script = [
        FIRST,
        {"user": "What are your opening hours?"},
        {"interrupt": "Where is my parcel?", "after": "1s", "mode": "voice"},
        {"agent": {"says": "parcel number"}},
    ]
    if not over_turns_is_heard(anybody.line):
        with pytest.raises(ScenarioError, match="so a voice cannot interrupt it"):
            anybody.plan(script)
        return
    done = anybody.call(script)
    can_stop = Cleared in done.line.receives or done.line.paced
    assert done.check("interrupted", 2).passed is can_stop
    cut = [turn for turn in done.result.turns if turn.by == "agent" and turn.truncated]
    assert len(cut) == (1 if can_stop else 0)


@pytest.mark.parametrize("sound", ["backchannel", "noise"])
def test_what_nobody_would_hear_is_refused_before_the_call(caller: Caller, sound: str) -> None:
    script = [FIRST, ASK, {sound: {"noise": "cough"}.get(sound, "Okay.")}, "agent"]
    if caller.line.hears_between_turns and Audio in caller.line.sends:
        caller.plan(script)
        return
    with pytest.raises(ScenarioError, match="leave this out"):
        caller.plan(script)


def test_an_agent_that_can_be_told_to_stop_stops(caller: Caller) -> None:
    script = [
        FIRST,
        {"user": "What are your opening hours?"},
        {"interrupt": "Where is my parcel?", "after": "1s", "mode": "native"},
        {"agent": {"says": "parcel number"}},
    ]
    if Interrupted not in caller.line.sends:
        with pytest.raises(ScenarioError, match="cannot be told to stop"):
            caller.plan(script)
        return
    done = caller.call(script)
    assert done.result.status == "passed", done.result.checks


def test_keys_are_understood_by_message_or_by_tone(anybody: Caller) -> None:
    script = [FIRST, {"dtmf": "2#"}, {"agent": {"says": "invoice department"}}]
    if Audio not in anybody.line.sends:
        with pytest.raises(ScenarioError, match="no sound of the user reaches this agent"):
            anybody.plan(script)
        return
    done = anybody.call(script)
    assert done.result.status == "passed", done.result.checks
    sent = [event["key"] for event in done.events if event["type"] == "dtmf_sent"]
    assert sent == (["2", "#"] if Dtmf in done.line.sends else [])


def test_a_typed_turn_is_answered_where_the_line_takes_one(caller: Caller) -> None:
    script = [FIRST, {"text": "Where is my parcel?"}, {"agent": {"says": "parcel number"}}]
    if Text not in caller.line.sends:
        with pytest.raises(ScenarioError, match="takes no typed turns"):
            caller.plan(script)
        return
    done = caller.call(script, checks={"missed_responses": {"max": 0}})
    assert done.result.status == "passed", done.result.checks
    assert [turn.kind for turn in done.result.turns] == ["agent", "text", "agent"]
    assert done.result.turns[1].file is None


def test_nobody_speaks_in_a_silence(caller: Caller) -> None:
    done = caller.call([FIRST, {"silence": "2s", "stays_silent": True}])
    assert done.result.status == "passed", done.result.checks
    assert done.result.termination.by == "user"


def test_a_tool_is_called_and_its_answer_comes_back(anybody: Caller) -> None:
    script = [FIRST, {"user": "It is four five."}, {"agent": {"calls_tool": "find_parcel"}}]
    if ToolCalled not in anybody.line.receives:
        with pytest.raises(ScenarioError, match="does not report tool calls"):
            anybody.plan(script)
        return
    done = anybody.call(script)
    assert done.result.status == "passed", done.result.checks
    (tool,) = done.result.tool_calls
    assert tool.name == "find_parcel"
    assert json.loads(tool.arguments) == {"number": "45"}
    assert "on its way" in done.said[-1]


def test_an_agent_that_does_not_take_the_call_is_an_error(caller: Caller) -> None:
    done = caller.call([FIRST], "refuses")
    assert done.result.status == "error"
    (error,) = done.result.errors
    assert (error.kind, error.where) == ("connection", "dialling")


def test_a_line_that_breaks_in_the_middle_of_a_word_keeps_what_was_heard(caller: Caller) -> None:
    done = caller.call([FIRST, ASK, "agent"], "drops_call")
    assert done.result.status == "error"
    (error,) = done.result.errors
    assert (error.kind, error.where) == ("connection", "calling")
    assert "1011" in error.message
    assert done.result.termination.by == "platform"
    assert done.check("says", 0).passed
    assert done.loudest(1, start_s=done.result.turns[1].end_s + 0.4) > 2_000


def test_a_message_of_no_protocol_is_told_of_and_ends_no_call(caller: Caller) -> None:
    done = caller.call([FIRST, ASK, {"agent": {"says": "parcel number"}}], "malformed")
    assert done.result.status == "passed", done.result
    told = [event["message"] for event in done.events if event["type"] == "warning"]
    assert any("ignored" in message or "never may" in message for message in told), told


def test_an_agent_that_falls_silent_for_ever_fails_in_time(caller: Caller) -> None:
    done = caller.call([FIRST, ASK, "agent", ASK, "agent"], "stalls")
    assert done.result.status == "failed", done.result.errors
    assert not done.check("answers", 4).passed
    assert done.result.termination.by == "user"
    assert done.result.duration_s < 40


def test_an_answer_that_the_platform_fails_to_make_is_no_fault_of_the_agent(
    anybody: Caller,
) -> None:
    done = anybody.call([FIRST, ASK, {"agent": {"says": "parcel number"}}], "fails")
    assert done.check("says", 0).passed
    if Failed in done.line.receives:
        assert done.result.status == "error", done.result.checks
        (error,) = done.result.errors
        assert (error.kind, error.where) == ("connection", "calling")
        assert "quota of this account is used up" in error.message
        return
    # In real time a busy machine may leave the verdict open.
    verdicts = {"failed", "inconclusive"} if anybody.in_real_time else {"failed"}
    assert done.result.status in verdicts, done.result.errors
    ends = AgentTurnEnded in done.line.receives
    assert ("empty_answer" if ends else "first_chunk_timeout") in done.check("answers", 2).actual


def test_an_agent_without_a_voice_never_answers(caller: Caller) -> None:
    done = caller.call([FIRST, ASK, "agent"], "mute")
    assert done.result.status == "failed"
    assert done.loudest(1) == 0


def test_noise_under_the_voice_changes_neither_turns_nor_latencies(caller: Caller) -> None:
    script = [{"agent": {"within": "4s"}}, ASK, {"agent": {"within": "2s"}}]
    done = caller.call(script, {"background": "-45dB"})
    assert done.result.status == "passed", (done.result.checks, done.result.errors)
    assert [turn.by for turn in done.result.turns] == ["agent", "user", "agent"]
    heard_s = 0.5 if done.line.continuous else 0.0
    """What the agent takes to know that its user has finished."""
    latency = done.result.turns[-1].response_latency_s
    assert latency == pytest.approx(0.2 + heard_s, abs=0.3)


def test_keys_that_a_telephone_network_swallows_are_warned_of_before_the_call(
    tmp_path: Path, speech: Speech
) -> None:
    script = [FIRST, {"dtmf": "2#"}, {"agent": {"says": "invoice department"}}]
    caller = Caller("twilio", tmp_path, speech)
    done = caller.call(script, "twilio_swallows_tones")
    assert done.result.status == "failed"
    assert not done.check("answers", 2).passed
    (warning,) = caller.plan(script).file.warnings
    assert "these keys are pressed as tones" in warning.message
    assert "Twilio is reported not to pass on the tones of a stream as keys" in warning.message
    assert Caller("websocket raw_pcm", tmp_path, speech).plan(script).file.warnings == ()


def test_a_jitter_buffer_of_ones_own_stands_in_the_manifest_and_is_taken_off(
    caller: Caller,
) -> None:
    if not type(caller.plan([FIRST]).adapter).over_a_line:
        with pytest.raises(ScenarioError, match="this agent is in this process"):
            caller.with_settings(jitter_buffer="60ms").plan([FIRST])
        return
    usual = caller.call([FIRST])
    own = caller.with_settings(jitter_buffer="200ms").call([FIRST])
    assert own.result.harness is not None
    assert own.result.harness.jitter_buffer_s == pytest.approx(0.2)
    assert own.result.turns[0].start_s - usual.result.turns[0].start_s == pytest.approx(
        0.2 - (usual.result.harness.jitter_buffer_s if usual.result.harness else 0.0), abs=0.03
    )


def _nobody_heard(done: Outcome) -> None:
    assert done.check("says", 0).passed
    unheard = done.check("says", 2)
    assert not unheard.passed
    assert done.result.status == "failed"
    assert done.said[-1] != "What is your parcel number?"
    if Transcript in done.line.receives:
        claim = "the platform says 'What is your parcel number?', nothing was heard"
        assert unheard.actual.endswith(claim)


@pytest.mark.parametrize("way", ["text", "zeros", "noise"])
def test_an_answer_that_nobody_heard_is_none(caller: Caller, way: str) -> None:
    _nobody_heard(caller.call([FIRST, ASK, {"agent": {"says": "parcel number"}}], {"unheard": way}))


@pytest.mark.process
@pytest.mark.parametrize("way", ["text", "zeros", "noise"])
@pytest.mark.parametrize("name", IN_REAL_TIME)
def test_an_answer_that_nobody_heard_is_none_in_real_time(
    name: str, way: str, tmp_path: Path, speech: Speech
) -> None:
    caller = Caller(name, tmp_path, speech)
    done = caller.call([FIRST, ASK, {"agent": {"says": "parcel number"}}], {"unheard": way})
    assert done.result.status in ("failed", "inconclusive"), done.result
    assert not done.check("says", 2).passed
    if done.result.status == "failed":
        _nobody_heard(done)
