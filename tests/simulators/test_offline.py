"""Calls in memory and over a socket of this machine are the same calls."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from http import HTTPStatus
from pathlib import Path

import pytest

from tests.calls import Quiet
from voicetest import registry
from voicetest.agents.dialogue import Dialogue
from voicetest.agents.recipe import AgentRecipe
from voicetest.checks.result import Result
from voicetest.clock import Clock, run
from voicetest.errors import ConnectionFailed
from voicetest.events import Audio, Event, Hangup
from voicetest.links.codec import CodecLink
from voicetest.protocols.base import End
from voicetest.protocols.choice import preset
from voicetest.protocols.raw_pcm import RawPcmSettings
from voicetest.run import plan
from voicetest.run import run as run_plan
from voicetest.simulators.base import Simulator
from voicetest.simulators.offline import in_memory, on_loopback
from voicetest.simulators.websocket import WebSocketSimulator
from voicetest.speech.providers import Speech
from voicetest.transports.base import Dial, Upgrade

PRESETS = registry.names(registry.PROTOCOLS)
URL = "wss://user@agent.example/a/b?key=secret&n=1"
REPROMPTED = Dialogue.model_validate(
    {"greeting": "Hello.", "reprompt": {"after": "1s", "say": "Are you there?", "times": 1}}
)

Way = Callable[[Simulator], Dial]
BOTH = [
    pytest.param(in_memory, Clock.VIRTUAL, id="in memory"),
    pytest.param(on_loopback, Clock.REAL, id="on loopback", marks=pytest.mark.process),
]


def _agent(speech: Speech, dialogue: Dialogue = REPROMPTED) -> AgentRecipe:
    ears = speech.transcriber("pocketsphinx/espeak", dialogue.phrases)
    return AgentRecipe.follows(dialogue, ears, speech.voice("espeak/en-us"))


class Doorman(WebSocketSimulator):
    """Writes down who calls, and turns away who has no key."""

    calls: list[Upgrade]

    def admit(self, upgrade: Upgrade) -> HTTPStatus | None:
        """Only with the right key."""
        self.calls.append(upgrade)
        right = upgrade.headers.get("authorization") == "Bearer right"
        return None if right else HTTPStatus.UNAUTHORIZED


def _doorman(speech: Speech) -> Doorman:
    doorman = Doorman.speaking(RawPcmSettings(), _agent(speech))
    doorman.calls = []
    return doorman


async def _conversation(dial: Dial, name: str) -> list[Event]:
    """What the agent says until it has spoken up, without the transport's own end."""
    said: list[Event] = []
    async with (
        dial(URL) as transport,
        CodecLink(preset(name).codec(End.CLIENT), transport) as line,
        aclosing(line.events()) as events,
    ):
        async for event in events:
            said.append(event)
            if sum(isinstance(event, Audio) for event in said) == 2:
                return said
    raise AssertionError("the agent left")


@pytest.mark.process
@pytest.mark.parametrize("name", PRESETS)
def test_both_ways_hold_the_same_conversation(speech: Speech, name: str) -> None:
    simulator = WebSocketSimulator.speaking(preset(name), _agent(speech))
    virtual = run(_conversation(in_memory(simulator), name), Clock.VIRTUAL)
    real = run(_conversation(on_loopback(simulator), name), Clock.REAL)
    assert virtual == real
    assert not any(isinstance(event, Hangup) for event in virtual)


@pytest.mark.parametrize(("way", "clock"), BOTH)
def test_path_query_and_headers_reach_the_door(speech: Speech, way: Way, clock: Clock) -> None:
    async def main() -> Upgrade:
        doorman = _doorman(speech)
        headers = {"Authorization": "Bearer right", "X-Key": "Key"}
        async with way(doorman)(URL, headers=headers, subprotocols=("v2", "v1")) as line:
            assert await line.receive()
        async with way(doorman)("ws://agent.example", headers=headers) as line:
            assert await line.receive()
        first, second = doorman.calls
        assert second.path == "/"
        assert "sec-websocket-protocol" not in second.headers
        return first

    upgrade = run(main(), clock)
    assert upgrade.path == "/a/b?key=secret&n=1"
    assert upgrade.headers["authorization"] == "Bearer right"
    assert upgrade.headers["x-key"] == "Key"
    assert upgrade.headers["sec-websocket-protocol"] == "v2, v1"


@pytest.mark.parametrize(("way", "clock"), BOTH)
def test_a_refusal_says_what_it_says_over_the_network(
    speech: Speech, way: Way, clock: Clock
) -> None:
    async def main() -> ConnectionFailed:
        with pytest.raises(ConnectionFailed) as failed:
            async with way(_doorman(speech))(URL, headers={"Authorization": "Bearer wrong"}):
                raise AssertionError("it let us in")
        return failed.value

    failed = run(main(), clock)
    place, _, words = str(failed).partition(" answered ")
    assert words == "HTTP 401: it does not let us in: check 'headers' and the key"
    assert place.endswith("/a/b?key=***&n=***")
    assert "user" not in place
    assert failed.code == 401


def _called(
    folder: Path, speech: Speech, fault: str, clock: str = "auto", protocol: str = "raw_pcm"
) -> Result:
    """The result of an offline call to an agent that greets, with something wrong with it."""
    file = folder / "scenario.yaml"
    file.write_text(
        "version: 1\nagent:\n  adapter: websocket\n  url: ws://agent.example/\n"
        f"  protocol: {protocol}\n  response_max_duration: 3s\n"
        f"  simulator: {{greeting: 'Hello, how can I help you?', faults: [{fault}]}}\n"
        "script: [agent]\n"
    )
    (folder / "call/segments").mkdir(parents=True)
    planned = plan(file, {}, speech, clock, offline=True)
    return run_plan(planned, folder / "call", Quiet())


@pytest.mark.parametrize("clock", ["auto", pytest.param("real", marks=pytest.mark.process)])
def test_an_agent_that_refuses_is_a_connection_that_failed(
    tmp_path: Path, speech: Speech, clock: str
) -> None:
    result = _called(tmp_path, speech, "refuses", clock)
    assert result.status == "error"
    (error,) = result.errors
    assert (error.kind, error.where) == ("connection", "dialling")
    assert "answered HTTP 503: the fault is at its side" in error.message


@pytest.mark.parametrize("protocol", PRESETS)
def test_a_broken_message_in_mid_call_is_told_of_and_the_agent_is_heard_out(
    tmp_path: Path, speech: Speech, protocol: str
) -> None:
    lasted = []
    for fault in ("slow", "malformed: 1"):
        folder = tmp_path / fault[:4]
        folder.mkdir()
        result = _called(folder, speech, fault, protocol=protocol)
        assert not result.errors
        lasted.append(result.turns[0].end_s - result.turns[0].start_s)
    assert lasted[1] == pytest.approx(lasted[0], abs=0.1)


@pytest.mark.parametrize("protocol", PRESETS)
def test_an_agent_that_stalls_in_mid_word_leaves_a_call_that_ends(
    tmp_path: Path, speech: Speech, protocol: str
) -> None:
    result = _called(tmp_path, speech, "stalls: 1", protocol=protocol)
    assert not result.errors
    assert result.duration_s < 5
    assert result.termination.by == "user"


def test_the_agent_is_gone_when_the_line_is_closed(speech: Speech) -> None:
    async def main() -> None:
        async with in_memory(WebSocketSimulator.speaking(RawPcmSettings(), _agent(speech)))(
            URL
        ) as line:
            await line.receive()
        assert len(asyncio.all_tasks()) == 1
        assert asyncio.get_running_loop().time() == 0

    run(main(), Clock.VIRTUAL)
