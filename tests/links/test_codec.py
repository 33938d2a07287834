from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing, nullcontext
from dataclasses import dataclass

import pytest

from voicetest.audio.chunk import INTERNAL, AudioChunk, AudioFormat, Encoding
from voicetest.clock import Clock, run
from voicetest.errors import ConnectionFailed, ProtocolError
from voicetest.events import (
    AgentTurnStarted,
    Audio,
    Event,
    Failed,
    Hangup,
    Ignored,
    Leaving,
    Mark,
    Ready,
    Transcript,
    UserTurnEnded,
)
from voicetest.links.codec import CodecLink
from voicetest.protocols.base import CannotSend, Decoded, End, Unworkable
from voicetest.protocols.in_process import InProcess
from voicetest.transports.base import Transport, TransportClosed
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


@dataclass
class Gemini:
    """A wire that hears one format and speaks another; its messages are chunks."""

    end: End
    hears: AudioFormat = WIDE
    speaks: AudioFormat = NARROW
    sends: frozenset[type[Event]] = frozenset({Audio})
    receives: frozenset[type[Event]] = frozenset({Audio})
    continuous: bool = True
    paced: bool = False
    jitter_s: float = 0.0
    hears_between_turns: bool = True

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


def test_who_asks_for_it_has_sound_as_it_came() -> None:
    async def main() -> None:
        near, far = _chunks()
        sounds = [
            AudioChunk(b"\x7f" * 160, NARROW),
            AudioChunk(b"", WIDE),
            AudioChunk(b"\1\0", WIDE),
        ]
        for sound in (*sounds, AudioChunk(bytes(20), AudioFormat(Encoding.PCM16, 24_001))):
            await far.send(sound)
        await far.close()
        heard: list[Event] = []
        async with CodecLink(Gemini(End.CLIENT), near) as line:
            await line.deliver(heard.append)
        *came, ignored, end = heard
        assert came == [Audio(sound) for sound in sounds]
        assert isinstance(ignored, Ignored)
        assert end == Hangup(1000, "", normal=True)

    run(main(), Clock.VIRTUAL)


def test_sound_of_a_rate_that_cannot_be_converted_is_told_of_and_not_heard() -> None:
    async def main() -> None:
        near, far = _chunks()
        await far.send(AudioChunk(bytes(20), AudioFormat(Encoding.PCM16, 24_001)))
        async with CodecLink(Gemini(End.CLIENT), near) as line, aclosing(line.events()) as events:
            ignored = await anext(events)
        assert isinstance(ignored, Ignored)
        assert "the peer sends pcm16/24001, which cannot be converted" in ignored.why

    run(main(), Clock.VIRTUAL)


class Announced(Gemini):
    """The same, of which the caller learns only on the line what the agent hears."""

    def decode(self, message: AudioChunk) -> Decoded[AudioChunk]:
        """A chunk says by its own format what the agent hears."""
        self.hears = message.format
        return Decoded((Ready("s-1", self.speaks, self.hears),))


def test_a_format_that_the_far_side_announces_is_used_from_then_on() -> None:
    async def main() -> None:
        near, far = _chunks()
        await far.send(AudioChunk(b"", NARROW))
        codec = Announced(End.CLIENT, receives=frozenset({Ready, Audio}))
        async with CodecLink(codec, near) as line:
            assert line.hears == NARROW
            await line.send(Audio(AudioChunk(bytes(960))))
        sent = await far.receive()
        assert sent.format == NARROW
        assert sent.duration == pytest.approx(0.02)

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


_QUIET = Audio(AudioChunk(bytes(960)))
_READY = Ready("s-1", INTERNAL, INTERNAL)


@dataclass(frozen=True)
class Polite:
    """A wire with a word for being ready and one for goodbye; its messages are events."""

    end: End
    hears: AudioFormat = INTERNAL
    speaks: AudioFormat = INTERNAL
    sends: frozenset[type[Event]] = frozenset({Audio, Hangup})
    receives: frozenset[type[Event]] = frozenset({Ready, Audio, Transcript, Mark, Failed, Hangup})
    continuous: bool = True
    paced: bool = False
    jitter_s: float = 0.0
    hears_between_turns: bool = True

    def start(self) -> Sequence[Event]:
        """Nothing."""
        return ()

    def encode(self, event: Event) -> Sequence[Event]:
        """The event itself."""
        return (event,)

    def decode(self, message: Event) -> Decoded[Event]:
        """The event itself; a mark is answered, and what is in no set is not allowed."""
        if type(message) not in self.receives:
            raise ProtocolError(f"the peer sent {type(message).__name__}")
        return Decoded((message,), (message,) if isinstance(message, Mark) else ())


def _polite(transport: Transport[Event]) -> CodecLink[Event]:
    return CodecLink(Polite(End.CLIENT), transport)


async def _heard(transport: Transport[Event]) -> tuple[list[Event], int, str]:
    """What arrived at the far side, and how the line was closed."""
    messages: list[Event] = []
    try:
        while True:
            messages.append(await transport.receive())
    except TransportClosed as closed:
        return messages, closed.code, closed.reason


async def _refusal(*messages: Event, code: int | None = None, reason: str = "") -> ConnectionFailed:
    """What is raised when the far side says that, and hangs up if there is a code."""
    near, far = _pair()
    for message in messages:
        await far.send(message)
    if code is not None:
        await far.close(code, reason)
    with pytest.raises(ConnectionFailed) as failed:
        async with _polite(near):
            raise AssertionError("nobody was ready")
    return failed.value


def test_the_line_opens_when_the_far_side_says_that_it_is_ready() -> None:
    async def main() -> None:
        near, far = _pair()
        loop = asyncio.get_running_loop()

        async def become_ready() -> None:
            await asyncio.sleep(14.9)
            await far.send(_READY)

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(become_ready())
            async with _polite(near):
                assert loop.time() == pytest.approx(14.9)

    run(main(), Clock.VIRTUAL)


def test_a_far_side_that_is_not_ready_in_time_is_told_and_given_up() -> None:
    async def main() -> None:
        near, far = _pair()
        await far.send(Transcript("agent", "one moment"))
        with pytest.raises(ConnectionFailed) as failed:
            async with _polite(near):
                raise AssertionError("nobody was ready")
        words = (
            "the far side accepted the call and was not ready within 15 s: "
            "check that it speaks this protocol"
        )
        assert str(failed.value) == words
        assert asyncio.get_running_loop().time() == pytest.approx(15)
        assert await _heard(far) == ([], 1002, words)

    run(main(), Clock.VIRTUAL)


def test_a_far_side_that_is_never_ready_may_have_said_why() -> None:
    failed = run(_refusal(Failed("E1", "no such bot"), _QUIET), Clock.VIRTUAL)
    assert "was not ready within 15 s, after it said 'E1 no such bot': check" in str(failed)


@pytest.mark.parametrize(
    ("said", "code", "reason", "message"),
    [
        ((), 1008, "no key", "hung up before it was ready: 1008 no key"),
        ((), 1000, "", "hung up before it was ready: 1000"),
        ((_QUIET,), 1006, "", "hung up before it was ready: 1006"),
        ((Failed("E1", "no key"),), 1011, "", "ready, after it said 'E1 no key': 1011"),
        ((Hangup(reason="busy"),), None, "busy", "hung up before it was ready: busy"),
        ((Hangup(),), None, "", "hung up before it was ready"),
        ((Failed("E1", "no key", fatal=True),), None, "", "refuses the call: E1 no key"),
    ],
)
def test_a_far_side_that_ends_the_call_before_it_is_ready_is_an_error(
    said: Sequence[Event], code: int | None, reason: str, message: str
) -> None:
    failed = run(_refusal(*said, code=code, reason=reason), Clock.VIRTUAL)
    assert str(failed).endswith(message)
    assert (failed.code, failed.reason) == (code, reason)


def test_what_came_before_the_line_was_ready_is_not_lost() -> None:
    async def main() -> None:
        near, far = _pair()
        said: list[Event] = [Transcript("agent", "hello"), Failed("E1", "odd"), _READY, _QUIET]
        for message in said:
            await far.send(message)
        await far.close(1000, "bye")
        async with _polite(near) as caller:
            assert await _all(caller) == [*said, Hangup(1000, "bye")]

    run(main(), Clock.VIRTUAL)


def test_what_comes_between_a_goodbye_and_the_end_of_the_line_is_heard() -> None:
    async def main() -> None:
        near, far = _pair()
        for message in (_READY, Hangup(reason="that is all"), _QUIET):
            await far.send(message)
        await far.close(1006, "gone")
        async with _polite(near) as caller:
            assert await _all(caller) == [
                _READY,
                Leaving("that is all"),
                _QUIET,
                Hangup(reason="that is all"),
            ]

    run(main(), Clock.VIRTUAL)


def test_no_goodbye_is_said_to_who_said_it_first() -> None:
    async def main() -> None:
        near, far = _pair()
        await far.send(_READY)
        await far.send(Hangup(reason="that is all"))
        async with _polite(near) as caller, aclosing(caller.events()) as events:
            assert [await anext(events), await anext(events)] == [_READY, Leaving("that is all")]
        assert await _heard(far) == ([], 1000, "")

    run(main(), Clock.VIRTUAL)


def test_a_goodbye_that_was_not_meant_ends_the_call_at_once() -> None:
    async def main() -> None:
        near, far = _pair()
        failed = Hangup(reason="out of order", normal=False)
        for message in (_READY, failed, _QUIET):
            await far.send(message)
        async with _polite(near) as caller:
            assert await _all(caller) == [_READY, failed]

    run(main(), Clock.VIRTUAL)


@pytest.mark.parametrize("times", [0, 1, 2])
def test_goodbye_is_said_once_where_the_protocol_has_a_word_for_it(times: int) -> None:
    async def main() -> None:
        near, far = _pair()
        await far.send(_READY)
        async with _polite(near) as caller:
            for _ in range(times):
                await caller.hang_up("done")
        reason = "done" if times else ""
        assert await _heard(far) == ([Hangup(reason=reason)], 1000, reason)

    run(main(), Clock.VIRTUAL)


def test_no_goodbye_is_said_on_a_line_that_the_peer_closed() -> None:
    async def main() -> None:
        near, far = _pair()
        await far.send(_READY)
        await far.close(1011, "gone")
        async with _polite(near) as caller:
            assert await _all(caller) == [_READY, Hangup(1011, "gone", normal=False)]
        assert await _heard(far) == ([], 1011, "gone")

    run(main(), Clock.VIRTUAL)


NONSENSE = ProtocolError("the peer sent nonsense")


@pytest.mark.parametrize(
    ("error", "messages", "code", "reason"),
    [
        (ZeroDivisionError(), [], 1011, ""),
        (ConnectionFailed("no answer"), [], 1011, ""),
        (NONSENSE, [], 1002, "the peer sent nonsense"),
        (
            ExceptionGroup("", [ZeroDivisionError(), ExceptionGroup("", [NONSENSE])]),
            [],
            1002,
            "the peer sent nonsense",
        ),
        (asyncio.CancelledError(), [Hangup()], 1001, ""),
        (None, [Hangup()], 1000, ""),
    ],
)
def test_the_code_of_a_close_says_how_this_end_left(
    error: BaseException | None, messages: list[Event], code: int, reason: str
) -> None:
    async def main() -> None:
        near, far = _pair()
        await far.send(_READY)
        with nullcontext() if error is None else pytest.raises(type(error)):
            async with _polite(near):
                if error is not None:
                    raise error
        assert await _heard(far) == (messages, code, reason)

    run(main(), Clock.VIRTUAL)


def _odd(kind: str = "UserTurnEnded") -> Ignored:
    return Ignored(kind, f"are not understood: the peer sent {kind}")


def test_nonsense_ends_no_line_and_is_told_of_each_time() -> None:
    async def main() -> None:
        near, far = _pair()
        for message in (UserTurnEnded(), _READY, UserTurnEnded(), Transcript("agent", "Hello.")):
            await far.send(message)
        await far.close()
        async with _polite(near) as caller:
            said = [_READY, _odd(), Transcript("agent", "Hello."), Hangup(1000, "", normal=True)]
            assert await _all(caller) == [_odd(), *said]

    run(main(), Clock.VIRTUAL)


def test_a_line_that_never_gets_ready_says_what_came_instead() -> None:
    async def main() -> None:
        refused = await _refusal(UserTurnEnded())
        assert str(refused) == (
            "the far side accepted the call and was not ready within 15 s: messages such as "
            "UserTurnEnded are not understood: the peer sent UserTurnEnded: check that it speaks "
            "this protocol"
        )

    run(main(), Clock.VIRTUAL)


@pytest.mark.parametrize("end", End)
def test_a_platform_hears_nonsense_as_a_fault_unless_it_is_told_not_to(end: End) -> None:
    async def main() -> None:
        for tolerant in (True, False):
            near, far = _pair()
            await far.send(AgentTurnStarted() if end is End.SERVER else UserTurnEnded())
            line = CodecLink(InProcess(end), near, tolerant=tolerant)
            with nullcontext() if tolerant else pytest.raises(ProtocolError, match="the peer sent"):
                async with line, aclosing(line.events()) as events:
                    assert isinstance(await anext(events), Ignored)

    run(main(), Clock.VIRTUAL)


def test_after_what_makes_going_on_meaningless_the_line_ends() -> None:
    class Lost(Polite):
        def decode(self, message: Event) -> Decoded[Event]:
            raise Unworkable("the peer announces another format")

    async def main() -> None:
        near, far = _pair()
        await far.send(_READY)
        with pytest.raises(ProtocolError, match="announces another format"):
            async with CodecLink(Lost(End.CLIENT), near):
                raise AssertionError("nobody was ready")
        assert await _heard(far) == ([], 1002, "the peer announces another format")

    run(main(), Clock.VIRTUAL)


def test_a_message_that_says_nothing_is_a_sign_of_life() -> None:
    class Terse(InProcess):
        def decode(self, message: Event) -> Decoded[Event]:
            return Decoded()

    async def main() -> None:
        near, far = _pair()
        await far.send(Transcript("agent", "Hello."))
        await far.close()
        async with CodecLink(Terse(End.CLIENT), near) as line:
            quiet = Ignored("Transcript", known=True)
            assert await _all(line) == [quiet, Hangup(1000, "", normal=True)]

    run(main(), Clock.VIRTUAL)


def test_a_reply_that_cannot_be_sent_loses_nothing_that_was_said() -> None:
    async def main() -> None:
        near, far = _pair()
        said: list[Event] = [_READY, Mark("one"), Mark("two"), Transcript("agent", "bye")]
        for message in said:
            await far.send(message)
        await far.close(1006, "the connection was lost")
        async with _polite(near) as caller:
            lost = Hangup(1006, "the connection was lost", normal=False)
            assert await _all(caller) == [*said, lost]

    run(main(), Clock.VIRTUAL)


def test_replies_are_sent_as_soon_as_a_message_is_read() -> None:
    async def main() -> None:
        near, far = _pair()
        for message in (Mark("early"), _READY, Mark("late")):
            await far.send(message)
        async with _polite(near) as caller, aclosing(caller.events()) as events:
            assert await far.receive() == Mark("early")
            assert [await anext(events) for _ in range(3)] == [Mark("early"), _READY, Mark("late")]
            assert await far.receive() == Mark("late")

    run(main(), Clock.VIRTUAL)
