"""The simulated Pipecat bot, where it differs from any agent behind its wire."""

from __future__ import annotations

import json

import pytest

from voicetest.agents.dialogue import Dialogue
from voicetest.agents.recipe import AgentRecipe
from voicetest.clock import Clock, run
from voicetest.simulators.offline import in_memory
from voicetest.simulators.pipecat import PipecatSimulator
from voicetest.speech.providers import Speech
from voicetest.transports.base import Transport, TransportClosed

START = {
    "event": "start",
    "streamSid": "MZ1",
    "start": {
        "streamSid": "MZ1",
        "callSid": "CA1",
        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8_000, "channels": 1},
    },
}
ODD = ["nonsense", "[]", '{"event":"dance","streamSid":"MZ1"}', '{"event":"media"}', "nonsense"]

Line = Transport[bytes | str]


def _bot(speech: Speech, preset: str) -> PipecatSimulator:
    dialogue = Dialogue.model_validate({"greeting": "Hello, how can I help you?"})
    ears = speech.transcriber("pocketsphinx/espeak", dialogue.phrases)
    recipe = AgentRecipe.follows(dialogue, ears, speech.voice("espeak/en-us"))
    bot = PipecatSimulator.of_preset(preset, recipe)
    assert isinstance(bot, PipecatSimulator)
    return bot


async def _end(line: Line) -> int:
    try:
        while True:
            await line.receive()
    except TransportClosed as closed:
        return closed.code


def test_a_bot_with_the_twilio_serializer_logs_what_it_cannot_read_and_goes_on(
    speech: Speech, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> list[str]:
        async with in_memory(_bot(speech, "twilio"))("ws://h/ws") as line:
            await line.send('{"event":"connected","protocol":"Call","version":"1.0.0"}')
            await line.send(json.dumps(START))
            for message in ODD:
                await line.send(message)
            return [json.loads(await line.receive())["event"] for _ in range(8)]

    assert run(main(), Clock.VIRTUAL) == ["media"] * 8  # the whole greeting
    assert 1 <= len(caplog.records) <= len(set(ODD))


def test_a_bot_with_the_protobuf_serializer_ends(speech: Speech) -> None:
    async def main() -> int:
        async with in_memory(_bot(speech, "protobuf"))("ws://h/ws-client") as line:
            await line.send(b"\xff\xff")
            return await _end(line)

    assert run(main(), Clock.VIRTUAL) == 1002
