"""Whole calls over a loopback WebSocket: nothing is faked but the agent's mind."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.calls import Quiet
from voicetest.agents.dialogue import Dialogue
from voicetest.agents.mind import CallTool, Reply
from voicetest.agents.recipe import AgentRecipe
from voicetest.audio.chunk import Encoding
from voicetest.audio.wav import read_span
from voicetest.checks.result import Result
from voicetest.clock import Clock
from voicetest.clock import run as run_on
from voicetest.protocols.base import End
from voicetest.protocols.json_audio import JsonAudio
from voicetest.protocols.raw_pcm import RawPcmSettings
from voicetest.protocols.settings import ProtocolSettings
from voicetest.protocols.twilio_settings import MediaStreamSettings
from voicetest.run import plan, run
from voicetest.simulators.background import in_background
from voicetest.simulators.base import answer
from voicetest.simulators.paths import Served
from voicetest.simulators.websocket import WebSocketSimulator
from voicetest.speech.providers import Speech
from voicetest.transports.base import Transport, Upgrade
from voicetest.transports.memory import memory_pair

DIALOGUE = Dialogue.model_validate(
    {
        "greeting": "Hello, how can I help you?",
        "rules": [
            {
                "when": ["invoice"],
                "say": "Your invoice is on its way. Goodbye.",
                "ends_call": True,
            }
        ],
    }
)
SCENARIO = """
version: 1
agent: {{adapter: websocket, url: '{url}', {settings}}}
user: {{voice: espeak/en-us+f2}}
transcriber: pocketsphinx/espeak
script:
  - agent: {{says: help}}
  - user: I have a question about my invoice.
  - agent: {{says: on its way, ends_call: true}}
"""
HIDDEN = "Zq7-very-secret-value"


class Broken:
    """A mind that breaks when it is asked anything."""

    def greeting(self) -> str:
        """What the agent says first."""
        return "Hello, how can I help you?"

    async def answer(self, heard: str, call_tool: CallTool) -> Reply:
        """Nothing: it breaks."""
        raise ZeroDivisionError

    async def answer_keys(self, keys: str, call_tool: CallTool) -> Reply:
        """Nothing: it breaks."""
        raise ZeroDivisionError

    def cut_short(self, heard_share: float) -> None:
        """Not its concern."""


class Locked(WebSocketSimulator):
    """Lets in who has the key."""

    def admit(self, upgrade: Upgrade) -> HTTPStatus | None:
        """Nobody else."""
        if upgrade.headers.get("authorization") != "Bearer right":
            return HTTPStatus.UNAUTHORIZED
        return super().admit(upgrade)


def _agent(speech: Speech) -> AgentRecipe:
    ears = speech.transcriber("pocketsphinx/espeak", DIALOGUE.phrases)
    return AgentRecipe.follows(DIALOGUE, ears, speech.voice("espeak/en-us"))


def _call(folder: Path, speech: Speech, url: str, settings: str = "") -> Result:
    file = folder / "scenario.yaml"
    file.write_text(SCENARIO.format(url=url, settings=settings))
    planned = plan(file, {}, speech)
    assert planned.clock is Clock.REAL
    (folder / "call/segments").mkdir(parents=True)
    return run(planned, folder / "call", Quiet())


def _manifest(folder: Path) -> Any:
    return json.loads((folder / "call/manifest.json").read_text())


def _loudest(folder: Path) -> list[int]:
    both = read_span(folder / "call/recording.wav", 0, -1).astype(int)
    return [int(np.abs(both[:, channel]).max()) for channel in (0, 1)]


@pytest.mark.process
@pytest.mark.parametrize(
    ("spoken", "settings"),
    [
        (RawPcmSettings(), ""),
        (
            RawPcmSettings(rate=8_000, encoding=Encoding.MULAW, events=True, paced=True),
            "protocol: {preset: raw_pcm, rate: 8000, encoding: mulaw, events: true, paced: true}",
        ),
        (JsonAudio(), "protocol: json_audio"),
        (MediaStreamSettings(), "protocol: twilio_media_stream"),
    ],
    ids=["wide and bursty", "as a telephone", "in JSON", "as a media stream"],
)
def test_a_call_over_a_websocket_passes_and_the_agent_hangs_up(
    tmp_path: Path, speech: Speech, spoken: ProtocolSettings, settings: str
) -> None:
    simulator = WebSocketSimulator.speaking(spoken, _agent(speech))
    with in_background(simulator.listen("127.0.0.1", 0)) as url:
        result = _call(tmp_path, speech, url, settings)
    assert result.status == "passed", (result.checks, result.errors)
    manifest = _manifest(tmp_path)
    assert manifest["clock"] == "real"
    assert manifest["termination"]["by"] == "agent"
    assert manifest["termination"]["code"] == 1000
    assert manifest["termination"]["reason"] == "the agent ended the call"
    wire = str(spoken.codec(End.SERVER).speaks)
    assert manifest["adapter"]["speaks"] == manifest["adapter"]["hears"] == wire
    assert [turn["by"] for turn in manifest["turns"]] == ["agent", "user", "agent"]
    assert min(_loudest(tmp_path)) > 5_000


@pytest.mark.process
def test_an_agent_that_breaks_in_mid_call_is_an_error_and_the_recording_is_kept(
    tmp_path: Path, speech: Speech
) -> None:
    simulator = WebSocketSimulator.speaking(RawPcmSettings(), replace(_agent(speech), mind=Broken))
    with in_background(simulator.listen("127.0.0.1", 0)) as url:
        result = _call(tmp_path, speech, url)
    assert result.status == "error"
    (error,) = result.errors
    assert (error.kind, error.where) == ("connection", "calling")
    assert "closed with code 1011" in error.message
    manifest = _manifest(tmp_path)
    assert (manifest["termination"]["by"], manifest["termination"]["code"]) == ("platform", 1011)
    assert min(_loudest(tmp_path)) > 5_000


@pytest.mark.process
@pytest.mark.parametrize(
    ("path", "settings", "words"),
    [
        ("", "", "HTTP 401: it does not let us in: check 'headers' and the key"),
        ("", "headers: {Authorization: 'Bearer ${env.WRONG_KEY}'}", "HTTP 401"),
        (
            "/elsewhere",
            "headers: {Authorization: Bearer right}",
            "HTTP 404: there is nothing at this path: check the path of 'url'",
        ),
    ],
)
def test_a_call_that_is_not_let_in_says_why(
    tmp_path: Path,
    speech: Speech,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    settings: str,
    words: str,
) -> None:
    monkeypatch.setenv("WRONG_KEY", HIDDEN)
    simulator = Locked(
        _agent(speech), at={"/": Served(partial(RawPcmSettings().codec, End.SERVER), "")}
    )
    with in_background(simulator.listen("127.0.0.1", 0)) as url:
        result = _call(tmp_path, speech, url + path, settings)
    assert result.status == "error"
    (error,) = result.errors
    assert (error.kind, error.where) == ("connection", "dialling")
    assert words in error.message
    for file in tmp_path.glob("call/**/*"):
        assert not file.is_file() or HIDDEN.encode() not in file.read_bytes()


def test_an_answer_needs_no_network(speech: Speech) -> None:
    async def main() -> list[bytes | str]:
        near: Transport[bytes | str]
        far: Transport[bytes | str]
        near, far = memory_pair()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(answer(far, RawPcmSettings().codec(End.SERVER), _agent(speech)))
            greeting = [await near.receive() for _ in range(8)]
            await near.close(1000, "bye")
        return greeting

    greeting = run_on(main(), Clock.VIRTUAL)
    assert [len(piece) for piece in greeting] == [9_600] * 8
