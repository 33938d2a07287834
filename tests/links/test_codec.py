from __future__ import annotations

from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass

import pytest

from voicetest.audio.chunk import INTERNAL, AudioChunk, AudioFormat, Encoding
from voicetest.clock import Clock, run
from voicetest.errors import ProtocolError
from voicetest.events import AgentTurnStarted, Audio, Event, Hangup, Transcript
from voicetest.links.codec import CodecLink
from voicetest.protocols.base import CannotSend, Decoded, End
from voicetest.protocols.in_process import InProcess
from voicetest.transports.base import Transport
from voicetest.transports.memory import memory_pair

WIDE = AudioFormat(Encoding.PCM16, 16_000)
NARROW = AudioFormat(Encoding.MULAW, 8_000)


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


def test_a_crash_at_one_end_is_no_normal_hangup_at_the_other() -> None:
    async def main() -> None:
        near, far = _pair()
        with pytest.raises(ZeroDivisionError):
            async with _link(far, End.SERVER):
                raise ZeroDivisionError
        async with _link(near) as caller:
            assert await _all(caller) == [Hangup(1011, "", normal=False)]

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


@dataclass(frozen=True)
class Gemini:
    """A wire that hears one format and speaks another; its messages are chunks."""

    end: End
    hears: AudioFormat = WIDE
    speaks: AudioFormat = NARROW
    sends: frozenset[type[Event]] = frozenset({Audio})
    receives: frozenset[type[Event]] = frozenset({Audio})
    continuous: bool = True
    paced: bool = False

    def start(self) -> Sequence[AudioChunk]:
        """Nothing."""
        return ()

    def encode(self, event: Event) -> Sequence[AudioChunk]:
        """The chunk itself."""
        return (event.chunk,) if isinstance(event, Audio) else ()

    def decode(self, message: AudioChunk) -> Decoded[AudioChunk]:
        """The chunk itself."""
        return Decoded((Audio(message),))


def _chunks() -> tuple[Transport[AudioChunk], Transport[AudioChunk]]:
    return memory_pair()


@pytest.mark.parametrize(("end", "wire"), [(End.CLIENT, "hears"), (End.SERVER, "speaks")])
def test_each_end_sends_in_the_format_its_peer_expects(end: End, wire: str) -> None:
    async def main() -> None:
        near, far = _chunks()
        async with CodecLink(Gemini(end), near) as line:
            await line.send(Audio(AudioChunk(bytes(2 * 480))))
        sent = await far.receive()
        assert sent.format == getattr(Gemini(end), wire)
        assert sent.duration == pytest.approx(0.02)

    run(main(), Clock.VIRTUAL)


@pytest.mark.parametrize(
    "wire",
    [
        AudioFormat(Encoding.MULAW, 8_000),
        AudioFormat(Encoding.PCM16, 48_000, 2),
        AudioFormat(Encoding.PCM16, 16_000),
        INTERNAL,
    ],
)
def test_sound_in_any_format_is_internal_above_the_link(wire: AudioFormat) -> None:
    async def main() -> None:
        near, far = _chunks()
        quiet = b"\xff" if wire.encoding is Encoding.MULAW else b"\0"
        await far.send(AudioChunk(quiet * (wire.frame_bytes * wire.rate // 50), wire))
        await far.close()
        async with CodecLink(Gemini(End.CLIENT), near) as line, aclosing(line.events()) as events:
            heard = [event async for event in events]
        assert heard == [Audio(AudioChunk(bytes(960))), Hangup(1000, "", normal=True)]

    run(main(), Clock.VIRTUAL)


def test_a_rate_that_cannot_be_converted_is_the_peers_fault() -> None:
    async def main() -> None:
        near, far = _chunks()
        await far.send(AudioChunk(bytes(20), AudioFormat(Encoding.PCM16, 24_001)))
        async with CodecLink(Gemini(End.CLIENT), near) as line, aclosing(line.events()) as events:
            with pytest.raises(ProtocolError, match="the peer sends pcm16/24001"):
                await anext(events)

    run(main(), Clock.VIRTUAL)


@pytest.mark.parametrize(
    ("code", "normal"), [(1000, True), (1001, True), (1005, True), (1006, False)]
)
def test_a_close_without_a_code_is_meant_too(code: int, normal: bool) -> None:
    async def main() -> None:
        near, far = _pair()
        await far.close(code)
        async with _link(near) as caller:
            assert await _all(caller) == [Hangup(code, "", normal=normal)]

    run(main(), Clock.VIRTUAL)
