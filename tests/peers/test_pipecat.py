"""Whole calls with real Pipecat bots, over both of their WebSocket serializers and WebRTC."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.calls import Quiet
from tests.peers.conftest import LINES, StartBot
from voicetest.audio.wav import read_span
from voicetest.checks.result import Check, Result
from voicetest.clock import Clock
from voicetest.run import plan, run
from voicetest.speech.providers import Speech

pytestmark = pytest.mark.process

SCENARIO = """
version: 1
agent: {{adapter: pipecat, {reached}, response_timeout: 10s}}
user: {{voice: espeak/en-us+f2}}
transcriber: pocketsphinx/espeak
limits: {{patience: 1s}}
script:
{script}
"""
REACHED = {
    "twilio": "url: '{url}'",
    "protobuf": "url: '{url}', protocol: protobuf",
    "webrtc": "transport: webrtc, signaling_url: '{url}'",
}
PROTOCOLS = tuple(REACHED)
TWO_TURNS = """
  - agent: {says: how can I help, within: 3s}
  - user: Where is my parcel?
  - agent: {says: parcel number, within: 3s}
  - user: It is four five two one.
  - agent: {says: on its way, within: 3s}
"""


@dataclass(frozen=True)
class Call:
    """A call that is over."""

    result: Result
    folder: Path

    @property
    def events(self) -> list[dict[str, Any]]:
        """The timeline."""
        lines = (self.folder / "events.jsonl").read_text().splitlines()
        return [json.loads(line) for line in lines]

    def said(self, by: str) -> list[str]:
        """The turns of a party as text."""
        return [turn.transcript or "" for turn in self.result.turns if turn.by == by]

    def check(self, name: str) -> Check:
        """The one check of that name."""
        (found,) = [check for check in self.result.checks if check.name == name]
        return found

    def level(self, start_s: float, end_s: float) -> float:
        """The mean square root of what was heard of the bot between two times."""
        first = round(start_s * 24_000)
        heard = read_span(self.folder / "recording.wav", first, round(end_s * 24_000) - first)
        return float(np.sqrt(np.mean(heard[:, 1].astype(float) ** 2)))


def _call(folder: Path, speech: Speech, url: str, protocol: str, script: str) -> Call:
    file = folder / "scenario.yaml"
    reached = REACHED[protocol].format(url=url)
    file.write_text(SCENARIO.format(reached=reached, script=script))
    planned = plan(file, {}, speech)
    assert planned.clock is Clock.REAL
    (folder / "call/segments").mkdir(parents=True)
    return Call(run(planned, folder / "call", Quiet()), folder / "call")


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_bot_greets_and_answers_twice(
    tmp_path: Path, speech: Speech, start_bot: StartBot, protocol: str
) -> None:
    done = _call(tmp_path, speech, start_bot("--serializer", protocol), protocol, TWO_TURNS)
    assert done.result.status == "passed", (done.result.checks, done.result.errors)
    assert len(done.result.turns) == 5
    assert done.result.termination.by == "user"


@pytest.mark.parametrize("words", [(), ("--words",)], ids=["sentences", "words"])
@pytest.mark.parametrize("protocol", ["protobuf", "webrtc"])
def test_a_bots_own_words_and_tools_are_reported(
    tmp_path: Path, speech: Speech, start_bot: StartBot, protocol: str, words: tuple[str, ...]
) -> None:
    url = start_bot("--serializer", protocol, *words)
    script = TWO_TURNS.replace(
        "{says: on its way, within: 3s}", "{says: on its way, calls_tool: look_up_order}"
    )
    done = _call(tmp_path, speech, url, protocol, script)
    assert done.result.status == "passed", (done.result.checks, done.result.errors)
    assert done.said("agent") == [LINES["greeting"], LINES["line-1"], LINES["line-2"]]
    (tool,) = done.result.tool_calls
    assert json.loads(tool.arguments) == {"order": 42}
    (result,) = [event for event in done.events if event["type"] == "tool_result"]
    assert (result["by"], json.loads(result["content"])) == ("agent", {"status": "shipped"})


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("mode", ["voice", "native"])
def test_a_bot_that_is_interrupted_really_stops(
    tmp_path: Path, speech: Speech, start_bot: StartBot, protocol: str, mode: str
) -> None:
    if mode == "native" and protocol != "protobuf":
        pytest.skip("the line has no word for it")
    script = f"""
  - agent: {{says: how can I help}}
  - user: Where is my parcel?
  - agent: parcel number
  - user: It is four five two one.
  - interrupt: Thank you very much.
    after: 1s
    mode: {mode}
  - agent: {{says: goodbye, within: 4s}}
"""
    done = _call(tmp_path, speech, start_bot("--serializer", protocol), protocol, script)
    assert done.check("interrupted").passed, done.result.checks
    assert done.result.status == "passed", (done.result.checks, done.result.errors)
    (cut,) = [turn for turn in done.result.turns if turn.truncated]
    assert 0.7 < cut.end_s - cut.start_s < 3.2
    assert cut.transcript
    assert done.level(cut.end_s + 0.1, cut.end_s + 0.3) < 50
    assert sum(event["type"] == "agent_interrupted" for event in done.events) == 1
    assert done.said("agent")[-1].lower().startswith("you are welcome")


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_bot_gets_keys_as_messages(
    tmp_path: Path, speech: Speech, start_bot: StartBot, protocol: str
) -> None:
    script = """
  - agent: {says: how can I help}
  - dtmf: 2
    mode: native
  - agent: {says: invoice department, within: 3s}
"""
    done = _call(tmp_path, speech, start_bot("--serializer", protocol), protocol, script)
    assert done.result.status == "passed", (done.result.checks, done.result.errors)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_bot_that_hangs_up_has_been_heard_to_its_end(
    tmp_path: Path, speech: Speech, start_bot: StartBot, protocol: str
) -> None:
    script = """
  - agent: {says: how can I help}
  - user: Where is my parcel?
  - agent: {says: parcel number, ends_call: true}
"""
    url = start_bot("--serializer", protocol, "--behaviour", "hangs-up")
    done = _call(tmp_path, speech, url, protocol, script)
    assert done.result.status == "passed", (done.result.checks, done.result.errors)
    code = None if protocol == "webrtc" else 1000
    assert (done.result.termination.by, done.result.termination.code) == ("agent", code)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_bot_that_crashes_is_an_error_and_what_it_said_is_kept(
    tmp_path: Path, speech: Speech, start_bot: StartBot, protocol: str
) -> None:
    script = """
  - agent: {says: how can I help}
  - user: Where is my parcel?
  - agent: {says: parcel number}
"""
    url = start_bot("--serializer", protocol, "--behaviour", "crashes")
    done = _call(tmp_path, speech, url, protocol, script)
    assert done.result.status == "error"
    (error,) = done.result.errors
    assert (error.kind, error.where) == ("connection", "calling")
    assert "1006" in error.message
    assert "how can i help" in done.said("agent")[0].lower()
    assert len(done.said("agent")) == 2


def test_a_bot_that_echoes_says_what_it_heard(
    tmp_path: Path, speech: Speech, start_bot: StartBot
) -> None:
    script = """
  - user: The number is four five two one.
  - agent: {says: number is four five}
"""
    url = start_bot("--serializer", "protobuf", "--behaviour", "echo")
    done = _call(tmp_path, speech, url, "protobuf", script)
    assert done.result.status == "passed", (done.result.checks, done.result.errors)


def test_a_bot_with_another_serializer_is_refused_with_a_hint(
    tmp_path: Path, speech: Speech, start_bot: StartBot
) -> None:
    done = _call(tmp_path, speech, start_bot("--serializer", "twilio"), "protobuf", TWO_TURNS)
    assert done.result.status == "error"
    (error,) = done.result.errors
    assert error.where == "dialling"
    assert "ready" in error.message


def test_a_bot_gets_another_offer_when_it_wants_one(
    tmp_path: Path, speech: Speech, start_bot: StartBot
) -> None:
    url = start_bot("--serializer", "webrtc", "--renegotiates")
    done = _call(tmp_path, speech, url, "webrtc", TWO_TURNS)
    assert done.result.status == "passed", (done.result.checks, done.result.errors)
    states = [event["text"] for event in done.events if event["type"] == "status"]
    assert states == ["renegotiate"]
    assert not [event for event in done.events if event["type"] == "warning"]
