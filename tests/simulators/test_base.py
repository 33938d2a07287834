"""What every simulator does, said with agents behind WebSockets."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import replace
from http import HTTPStatus
from typing import Any

import pytest

from voicetest import registry
from voicetest.agents.dialogue import Dialogue
from voicetest.agents.mind import Mind
from voicetest.agents.recipe import AgentRecipe
from voicetest.agents.rules import DialogueMind
from voicetest.clock import Clock, run
from voicetest.errors import ConnectionFailed
from voicetest.events import Audio, Hangup
from voicetest.links.codec import CodecLink
from voicetest.protocols.base import End
from voicetest.protocols.choice import preset
from voicetest.protocols.json_audio import JsonAudio
from voicetest.protocols.twilio_settings import MediaStreamSettings
from voicetest.simulators.base import answer
from voicetest.simulators.offline import in_memory
from voicetest.simulators.websocket import WebSocketSimulator
from voicetest.speech.providers import Speech
from voicetest.transports.base import Transport, TransportClosed, Upgrade
from voicetest.transports.memory import memory_pair
from voicetest.transports.websocket import connect

PRESETS = registry.names(registry.PROTOCOLS)
URL = "ws://agent.example/"
HELLO = {"greeting": "Hello, how can I help you?"}
CONNECTED = '{"event":"connected","protocol":"Call","version":"1.0.0"}'

Line = Transport[bytes | str]


def _agent(speech: Speech, **dialogue: object) -> AgentRecipe:
    found = Dialogue.model_validate(HELLO | dialogue)
    ears = speech.transcriber("pocketsphinx/espeak", found.phrases)
    return AgentRecipe.follows(found, ears, speech.voice("espeak/en-us"))


def _live(main: Callable[[], Awaitable[None]]) -> None:
    """Run on the real clock, for at most twenty seconds."""

    async def bounded() -> None:
        async with asyncio.timeout(20):
            await main()

    run(bounded(), Clock.REAL)


async def _end(line: Line) -> tuple[int, str]:
    """How the far side closes the line, whatever it says before."""
    try:
        while True:
            await line.receive()
    except TransportClosed as closed:
        return closed.code, closed.reason


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("nonsense", "the peer sent text that is no JSON: 'nonsense'"),
        (b"\0\1", "the peer sent 2 bytes where JSON text is expected"),
        ("[]", "the peer sent JSON that is no object: '[]'"),
        ('{"event":"start"}', "the peer sent 'start' without its fields"),
        (
            '{"event":"media","streamSid":"MZ1"}',
            "the peer sent 'media' for 'MZ1' where 'start' is expected",
        ),
        (
            '{"event":"media"}',
            "the peer sent 'media' for no stream where 'start' is expected",
        ),
    ],
)
def test_nonsense_before_a_media_stream_starts_is_answered_with_1002(
    speech: Speech, said: bytes | str, reason: str
) -> None:
    async def main() -> None:
        simulator = WebSocketSimulator.speaking(MediaStreamSettings(), _agent(speech))
        async with in_memory(simulator)(URL) as line:
            await line.send(CONNECTED)
            await line.send(said)
            assert await _end(line) == (1002, reason)

    run(main(), Clock.VIRTUAL)


def test_nonsense_in_mid_call_is_answered_with_1002(speech: Speech) -> None:
    async def main() -> None:
        async with in_memory(WebSocketSimulator.speaking(JsonAudio(), _agent(speech)))(URL) as line:
            await line.receive()
            await line.send('{"type":"audio","audio":"$$$","sample_rate":24000}')
            code, reason = await _end(line)
            assert code == 1002
            assert reason.startswith("the peer sent sound that is no base64")

    run(main(), Clock.VIRTUAL)


def test_a_media_stream_that_never_starts_is_closed_with_1002(speech: Speech) -> None:
    async def main() -> None:
        simulator = WebSocketSimulator.speaking(MediaStreamSettings(), _agent(speech))
        async with in_memory(simulator)(URL) as line:
            await line.send(CONNECTED)
            code, reason = await _end(line)
            assert code == 1002
            assert "was not ready within 15 s" in reason
            assert asyncio.get_running_loop().time() == pytest.approx(15)

    run(main(), Clock.VIRTUAL)


@pytest.mark.process
def test_nonsense_over_a_socket_is_answered_with_1002(speech: Speech) -> None:
    async def main() -> None:
        simulator = WebSocketSimulator.speaking(MediaStreamSettings(), _agent(speech))
        async with simulator.listen("127.0.0.1", 0) as url, connect(url) as line:
            await line.send("nonsense")
            assert await _end(line) == (1002, "the peer sent text that is no JSON: 'nonsense'")

    _live(main)


def test_a_caller_that_leaves_before_it_starts_is_nobodys_fault(speech: Speech) -> None:
    async def main() -> None:
        simulator = WebSocketSimulator.speaking(MediaStreamSettings(), _agent(speech))
        async with in_memory(simulator)(URL) as line:
            await line.send(CONNECTED)
        assert asyncio.get_running_loop().time() == 0

    run(main(), Clock.VIRTUAL)


class Unthinkable(DialogueMind):
    """A mind that cannot be had: its platform does not answer."""

    def greeting(self) -> str:
        """Nothing can be said."""
        raise ConnectionFailed("the language model gave no answer")


def test_a_mind_that_cannot_be_reached_is_not_the_callers_fault(speech: Speech) -> None:
    broken = replace(_agent(speech), mind=lambda: Unthinkable(Dialogue()))

    async def main() -> None:
        near: Line
        far: Line
        near, far = memory_pair()
        with pytest.raises(ExceptionGroup) as failed:
            await answer(far, JsonAudio().codec(End.SERVER), broken)
        assert failed.group_contains(ConnectionFailed, match="gave no answer")
        assert await _end(near) == (1011, "")

    run(main(), Clock.VIRTUAL)


def test_an_agent_that_refuses_takes_no_call(speech: Speech) -> None:
    simulator = WebSocketSimulator.speaking(JsonAudio(), _agent(speech, faults=["refuses"]))
    assert simulator.admit(Upgrade("/", {})) is HTTPStatus.SERVICE_UNAVAILABLE
    assert WebSocketSimulator.speaking(JsonAudio(), _agent(speech)).admit(Upgrade("/", {})) is None


def test_every_preset_has_a_path_and_an_agent_section(speech: Speech) -> None:
    simulator = WebSocketSimulator.of_preset(None, _agent(speech))
    assert simulator.addresses("ws://h") == [
        f"agent: {{adapter: websocket, protocol: {name}, url: 'ws://h/{name}'}}" for name in PRESETS
    ]
    for name in PRESETS:
        upgrade = Upgrade(f"/{name}?with=a&query", {})
        assert simulator.admit(upgrade) is None
        spoken = preset(name).codec(End.SERVER)
        assert (simulator.codec(upgrade).speaks, simulator.codec(upgrade).sends) == (
            spoken.speaks,
            spoken.sends,
        )
    for path in ("/", "/elsewhere", f"/{PRESETS[0]}/more", f"/?{PRESETS[0]}"):
        assert simulator.admit(Upgrade(path, {})) is HTTPStatus.NOT_FOUND
        with pytest.raises(LookupError):
            simulator.codec(Upgrade(path, {}))


def test_one_preset_has_its_path_and_no_other(speech: Speech) -> None:
    simulator = WebSocketSimulator.of_preset("raw_pcm", _agent(speech))
    assert simulator.addresses("ws://h:1") == [
        "agent: {adapter: websocket, protocol: raw_pcm, url: 'ws://h:1/raw_pcm'}"
    ]
    assert simulator.admit(Upgrade("/json_audio", {})) is HTTPStatus.NOT_FOUND


@pytest.mark.process
def test_each_preset_is_served_at_its_path_over_a_socket(speech: Speech) -> None:
    async def main() -> None:
        simulator = WebSocketSimulator.of_preset(None, _agent(speech))
        async with simulator.listen("127.0.0.1", 0) as url:
            for name in PRESETS:
                async with (
                    connect(f"{url}/{name}?key=1") as transport,
                    CodecLink(preset(name).codec(End.CLIENT), transport) as line,
                    aclosing(line.events()) as events,
                ):
                    async for event in events:
                        if isinstance(event, Audio):
                            break
            with pytest.raises(ConnectionFailed, match="HTTP 404: there is nothing at this path"):
                async with connect(f"{url}/elsewhere"):
                    pass

    _live(main)


@pytest.mark.process
def test_many_calls_at_once_have_an_agent_each(speech: Speech) -> None:
    made: list[Mind] = []
    recipe = _agent(speech)

    def mind() -> Mind:
        made.append(recipe.mind())
        return made[-1]

    counted = replace(recipe, mind=mind)

    async def main() -> None:
        async with WebSocketSimulator.speaking(JsonAudio(), counted).listen("127.0.0.1", 0) as url:
            arrived = asyncio.Barrier(10)

            async def call() -> list[str]:
                async with connect(url) as line:
                    await arrived.wait()
                    found: list[dict[str, Any]] = []
                    while not found or found[-1]["type"] != "turn_end":
                        found.append(json.loads(await line.receive()))
                    return ["".join(one["audio"] for one in found if one["type"] == "audio")] + [
                        one["text"] for one in found if one.get("final")
                    ]

            async with asyncio.TaskGroup() as tasks:
                calls = [tasks.create_task(call()) for _ in range(10)]
        heard = {tuple(one.result()) for one in calls}
        ((sound, *words),) = heard
        assert words == [HELLO["greeting"]]
        assert len(sound) > 100_000

    _live(main)
    assert len({id(mind) for mind in made}) == 10


@pytest.mark.process
@pytest.mark.parametrize("name", PRESETS)
def test_leaving_the_block_closes_open_calls_with_1001(speech: Speech, name: str) -> None:
    async def call(url: str, greeted: asyncio.Event) -> Hangup:
        async with (
            connect(url) as transport,
            CodecLink(preset(name).codec(End.CLIENT), transport) as line,
            aclosing(line.events()) as events,
        ):
            async for event in events:
                greeted.set()
                if isinstance(event, Hangup):
                    return event
        raise AssertionError("a line that ended without a hang-up")

    async def main() -> None:
        simulator = WebSocketSimulator.speaking(preset(name), _agent(speech))
        async with asyncio.TaskGroup() as tasks, simulator.listen("127.0.0.1", 0) as url:
            greeted = asyncio.Event()
            calling = tasks.create_task(call(url, greeted))
            await greeted.wait()
        assert calling.result() == Hangup(1001, "", normal=True)

    _live(main)
