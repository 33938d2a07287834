"""A telephone line as its caller holds it, over a media stream in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from voicetest.adapters.twilio_line import OF_NO_USE, PhoneLine, Telephone
from voicetest.audio.chunk import AudioChunk
from voicetest.clock import Clock, run
from voicetest.events import (
    Audio,
    Cleared,
    Dtmf,
    Hangup,
    Interrupted,
    Mark,
    Ready,
    Status,
    Transcript,
    UserTurnEnded,
)
from voicetest.links.codec import CodecLink
from voicetest.protocols.base import CannotSend, End
from voicetest.protocols.twilio import MediaStream
from voicetest.transports.base import Transport
from voicetest.transports.memory import memory_pair

Far = CodecLink[bytes | str]
Play = Callable[[PhoneLine, Far], Awaitable[None]]


def _hold(play: Play, press: Callable[[str], Awaitable[None]] | None = None) -> None:
    """Both ends of a stream: ours, and the telephone network's."""

    async def both() -> None:
        near: Transport[bytes | str]
        far: Transport[bytes | str]
        near, far = memory_pair()
        async with (
            CodecLink(MediaStream(End.CLIENT), far) as telephone,
            CodecLink(MediaStream(End.SERVER, paced=True), near) as stream,
        ):
            await play(PhoneLine(stream, press), telephone)

    run(both(), Clock.VIRTUAL)


def test_a_telephone_carries_sound_and_keys_and_no_words() -> None:
    line = Telephone()
    assert line.sends == {Audio, UserTurnEnded}
    assert line.receives == {Audio, Dtmf, Status, Hangup}
    assert line.paced
    assert line.continuous
    assert not {Transcript, Cleared, Interrupted} & (line.sends | line.receives)
    assert Dtmf in Telephone(presses_keys=True).sends


def test_it_is_told_when_a_turn_of_the_user_has_been_played() -> None:
    async def play(line: PhoneLine, telephone: Far) -> None:
        await line.send(UserTurnEnded())
        heard = telephone.events()
        mark = await anext(heard)
        assert mark == Mark("user-1")
        await asyncio.sleep(0.25)
        await telephone.send(mark)
        await telephone.send(mark)  # what we never sent, or had already, says nothing
        await telephone.send(Dtmf("1"))
        came = line.events()
        assert isinstance(await anext(came), Ready)
        assert await anext(came) == Status("played", {"mark": "user-1", "after_s": 0.25})
        assert await anext(came) == Dtmf("1")

    _hold(play)


def test_sound_passes_both_ways() -> None:
    sound = AudioChunk(b"\x10\x20" * 480)

    async def play(line: PhoneLine, telephone: Far) -> None:
        await line.send(Audio(sound))
        assert isinstance(await anext(telephone.events()), Audio)
        await telephone.send(Audio(sound))
        came = line.events()
        await anext(came)
        assert isinstance(await anext(came), Audio)

    _hold(play)


def test_keys_wait_for_nothing_and_are_pressed_together() -> None:
    pressed: list[tuple[float, str]] = []

    async def press(keys: str) -> None:
        pressed.append((round(asyncio.get_running_loop().time(), 2), keys))
        await asyncio.sleep(3)  # a slow answer

    async def play(line: PhoneLine, telephone: Far) -> None:
        async with asyncio.TaskGroup() as tasks:
            pressing = tasks.create_task(line.press_keys())
            for key in "12#":
                await line.send(Dtmf(key))
                await asyncio.sleep(0.2)
            assert asyncio.get_running_loop().time() == pytest.approx(0.6)
            await asyncio.sleep(1)
            await line.send(Dtmf("9"))
            await asyncio.sleep(5)
            pressing.cancel()

    _hold(play, press)
    assert [keys for _, keys in pressed] == ["12#", "9"]
    assert pressed[0][0] == pytest.approx(0.8)


def test_a_line_without_another_way_has_no_keys_and_no_native_interruption() -> None:
    async def play(line: PhoneLine, telephone: Far) -> None:
        for event in (Dtmf("1"), Interrupted(), Cleared()):
            with pytest.raises(CannotSend):
                await line.send(event)

    _hold(play)


def test_a_line_that_can_be_of_no_use_ends_as_an_error_of_the_platform() -> None:
    async def play(line: PhoneLine, telephone: Far) -> None:
        await line.hang_up("a machine answered", OF_NO_USE)
        assert [event async for event in line.events()][-1] == Hangup(
            reason="a machine answered", normal=False
        )

    _hold(play)


def test_a_call_that_was_hung_up_ends_as_it_should() -> None:
    async def play(line: PhoneLine, telephone: Far) -> None:
        await telephone.hang_up()
        assert [event async for event in line.events()][-1] == Hangup()

    _hold(play)
