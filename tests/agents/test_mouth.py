from __future__ import annotations

import asyncio

import pytest

from voicetest.agents.faults import HEALTHY, Faults
from voicetest.agents.mouth import Mouth
from voicetest.agents.parts import Part, Words
from voicetest.audio.chunk import AudioChunk
from voicetest.clock import Clock, run
from voicetest.events import AgentTurnEnded, Audio, Cleared, Event
from voicetest.links.codec import CodecLink
from voicetest.protocols.base import End
from voicetest.protocols.in_process import InProcess
from voicetest.speech.providers import Speech
from voicetest.transports.base import Transport
from voicetest.transports.memory import memory_pair

TEXT = "Thank you for calling Northwind billing, how can I help you today?"


class _SlowWire(InProcess):
    """Sends sound in pieces of 20 ms, as the codec of a wire does."""

    def encode(self, event: Event) -> list[Event]:
        """Every event as it is, but sound in pieces."""
        if not isinstance(event, Audio):
            return [event]
        data = event.chunk.data
        return [Audio(AudioChunk(data[at : at + 960])) for at in range(0, len(data), 960)]


class _SlowTransport:
    """Takes a millisecond for each message, and keeps what was sent."""

    def __init__(self) -> None:
        self.sent: list[Event] = []

    async def send(self, message: Event) -> None:
        """Keep it."""
        await asyncio.sleep(0.001)
        self.sent.append(message)

    async def receive(self) -> Event:
        """Nothing ever comes."""
        raise NotImplementedError

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Stays open."""


def _share(
    speech: Speech,
    *parts: Part,
    paced: bool = False,
    hush_at: float | None = None,
    faults: Faults = HEALTHY,
) -> float:
    """How much of a turn was heard when it was hushed at that share of a text's sound."""

    async def main() -> float:
        voice = speech.voice("espeak/en-us")
        sound = await voice.synthesise(TEXT)
        far: Transport[Event]
        _, far = memory_pair()
        async with CodecLink(InProcess(End.SERVER, paced), far) as link:
            mouth = Mouth(voice, link, faults=faults)
            if hush_at is not None:
                at = asyncio.get_running_loop().time() + hush_at * sound.duration
                asyncio.get_running_loop().call_at(at, mouth.hush)
            await mouth.speak(*parts)
            assert not mouth.speaking
            return mouth.heard_share

    return run(main(), Clock.VIRTUAL)


@pytest.mark.parametrize("paced", [False, True])
def test_it_knows_how_much_of_an_utterance_was_heard(speech: Speech, paced: bool) -> None:
    assert _share(speech, Words(TEXT), paced=paced) == 1
    share = _share(speech, Words(TEXT), paced=paced, hush_at=0.25)
    assert share == pytest.approx(0.25, abs=0.008)


def test_what_was_never_sent_was_not_heard(speech: Speech) -> None:
    assert _share(speech, Words(TEXT, share=0.5)) == pytest.approx(0.5, abs=0.001)
    assert _share(speech, Words(TEXT), faults=Faults(drops_call=1)) == pytest.approx(0.5, abs=0.001)


def test_hushing_it_while_it_is_silent_changes_nothing_later(speech: Speech) -> None:
    async def main() -> float:
        far: Transport[Event]
        _, far = memory_pair()
        async with CodecLink(InProcess(End.SERVER), far) as link:
            mouth = Mouth(speech.voice("espeak/en-us"), link)
            mouth.hush()
            await mouth.speak(Words(TEXT))
            return mouth.heard_share

    assert run(main(), Clock.VIRTUAL) == 1


def test_no_sound_follows_when_it_is_hushed_while_a_slow_wire_still_takes_it(
    speech: Speech,
) -> None:
    wire = _SlowTransport()

    async def main() -> None:
        link = CodecLink(_SlowWire(End.SERVER), wire)
        mouth = Mouth(speech.voice("espeak/en-us"), link)
        asyncio.get_running_loop().call_at(0.05, mouth.hush)
        await mouth.speak(Words(TEXT))

    run(main(), Clock.VIRTUAL)
    assert wire.sent[-2:] == [Cleared(), AgentTurnEnded("interrupted")]
    assert wire.sent.count(Cleared()) == 1
    assert AgentTurnEnded() not in wire.sent
