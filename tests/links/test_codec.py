from __future__ import annotations

from contextlib import aclosing

import pytest

from voicetest.audio.chunk import AudioChunk, AudioFormat, Encoding
from voicetest.clock import Clock, run
from voicetest.errors import SetupError
from voicetest.events import AgentTurnStarted, Audio, Event, Hangup, Transcript
from voicetest.links.codec import CodecLink
from voicetest.protocols.base import CannotSend, End
from voicetest.protocols.in_process import InProcess
from voicetest.transports.base import Transport
from voicetest.transports.memory import memory_pair


def _link(transport: Transport[Event], end: End = End.CLIENT) -> CodecLink[Event]:
    return CodecLink(InProcess(end), transport)


def _pair() -> tuple[Transport[Event], Transport[Event]]:
    return memory_pair()


async def _all(link: CodecLink[Event]) -> list[Event]:
    async with aclosing(link.events()) as events:
        return [event async for event in events]


def test_events_cross_the_line_and_leaving_the_block_hangs_up() -> None:
    async def main() -> None:
        near, far = _pair()
        sound = Audio(AudioChunk(b"\1\0" * 480))
        async with _link(near) as caller:
            await caller.send(sound)
        async with _link(far, End.SERVER) as agent:
            assert await _all(agent) == [sound, Hangup(1000, "", normal=True)]

    run(main(), Clock.VIRTUAL)


def test_a_broken_line_is_a_hangup_that_was_not_meant() -> None:
    async def main() -> None:
        near, far = _pair()
        await far.send(AgentTurnStarted())
        await far.close(1011, "the server crashed")
        async with _link(near) as caller:
            assert await _all(caller) == [
                AgentTurnStarted(),
                Hangup(1011, "the server crashed", normal=False),
            ]

    run(main(), Clock.VIRTUAL)


def test_a_line_can_be_hung_up_as_if_it_broke() -> None:
    async def main() -> None:
        near, far = _pair()
        async with _link(near) as caller, _link(far, End.SERVER) as agent:
            await agent.hang_up("crashed", 1011)
            assert await _all(caller) == [Hangup(1011, "crashed", normal=False)]

    run(main(), Clock.VIRTUAL)


def test_saying_something_on_a_dead_line_does_nothing() -> None:
    async def main() -> None:
        near, far = _pair()
        await far.close()
        async with _link(near) as caller:
            await caller.send(Audio(AudioChunk(b"")))

    run(main(), Clock.VIRTUAL)


def test_an_event_the_line_cannot_carry_is_refused() -> None:
    async def main() -> None:
        near, _ = _pair()
        async with _link(near) as caller:
            with pytest.raises(CannotSend, match="Transcript"):
                await caller.send(Transcript("agent", "hello"))

    run(main(), Clock.VIRTUAL)


def test_a_format_that_cannot_be_carried_is_said_at_once() -> None:
    async def main() -> None:
        near, _ = _pair()
        mulaw = AudioFormat(Encoding.MULAW, 8000)
        with pytest.raises(SetupError, match="mulaw/8000"):
            CodecLink(InProcess(End.CLIENT, speaks=mulaw), near)

    run(main(), Clock.VIRTUAL)
