from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest
from websockets.asyncio.server import ServerConnection
from websockets.asyncio.server import serve as serve_websockets
from websockets.frames import Frame, Opcode

from tests.transports.raw_servers import Stream, deaf, listening, upgraded
from voicetest.clock import Clock, run
from voicetest.transports.base import KeepAlive, TransportClosed
from voicetest.transports.websocket import WebSocketTransport, connect

pytestmark = pytest.mark.process

T = TypeVar("T")

IMPATIENT = KeepAlive(interval=0.05, limit=0.3)


def _live(main: Callable[[], Awaitable[T]]) -> T:
    """Run on the real clock, for at most ten seconds."""

    async def bounded() -> T:
        async with asyncio.timeout(10):
            return await main()

    return run(bounded(), Clock.REAL)


def _told(*frames: bytes, then: Stream = deaf) -> list[bytes | str]:
    """What arrives of frames as a server writes them, up to a message that says 'done'."""

    async def main() -> list[bytes | str]:
        found: list[bytes | str] = []
        wire = upgraded(b"".join([*frames, b"\x81\x04done"]), then)
        async with listening(wire) as port, connect(f"ws://127.0.0.1:{port}") as near:
            while (message := await near.receive()) != "done":
                found.append(message)
        return found

    return _live(main)


def _never_pongs(connection: ServerConnection) -> list[int]:
    """Pings are counted and not answered."""
    pings: list[int] = []
    send = connection.protocol.send_frame

    def unless_pong(frame: Frame) -> None:
        if frame.opcode is Opcode.PONG:
            pings.append(len(pings))
        else:
            send(frame)

    connection.protocol.send_frame = unless_pong  # type: ignore[method-assign]
    return pings


async def _end(near: WebSocketTransport) -> tuple[int, str]:
    while True:
        try:
            await near.receive()
        except TransportClosed as closed:
            return closed.code, closed.reason


def test_a_line_that_streams_outlives_pings_that_are_never_answered() -> None:
    async def main() -> None:
        asked: list[int] = []

        async def stream(connection: ServerConnection) -> None:
            nonlocal asked
            asked = _never_pongs(connection)
            for _ in range(40):
                await connection.send(b"sound")
                await asyncio.sleep(0.05)
            await connection.close(1000, "said all")

        async with (
            serve_websockets(stream, "127.0.0.1", 0, ping_interval=None) as server,
            connect(_url(server.sockets[0].getsockname()[1]), keep_alive=IMPATIENT) as near,
        ):
            assert await _end(near) == (1000, "said all")
        assert len(asked) >= 5

    _live(main)


def test_a_silent_line_whose_peer_answers_pings_is_alive() -> None:
    async def main() -> None:
        async def quiet(connection: ServerConnection) -> None:
            await asyncio.sleep(1.2)
            await connection.close(1000, "slept well")

        async with (
            serve_websockets(quiet, "127.0.0.1", 0, ping_interval=None) as server,
            connect(_url(server.sockets[0].getsockname()[1]), keep_alive=IMPATIENT) as near,
        ):
            assert await _end(near) == (1000, "slept well")

    _live(main)


def test_a_peer_of_which_nothing_comes_is_gone() -> None:
    async def main() -> None:
        async with (
            listening(upgraded(b"", deaf)) as port,
            connect(_url(port), keep_alive=IMPATIENT) as near,
        ):
            began = asyncio.get_running_loop().time()
            code, reason = await _end(near)
            took = asyncio.get_running_loop().time() - began
        assert (code, reason) == (1006, "nothing came for 0.3 s, not even the answer to a ping")
        assert 0.25 < took < 3

    _live(main)


@pytest.mark.parametrize("off", [KeepAlive(None, 0.2), KeepAlive(0.05, None)])
def test_either_setting_that_is_off_leaves_a_silent_line_open(off: KeepAlive) -> None:
    async def main() -> None:
        async with (
            listening(upgraded(b"", deaf)) as port,
            connect(_url(port), keep_alive=off) as near,
        ):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.8):
                    await near.receive()

    _live(main)


def test_text_that_is_not_utf8_arrives_with_a_mark_in_its_place() -> None:
    assert _told(b"\x81\x02\xff\xff", b"\x81\x03a\xc3\xa9") == ["\ufffd\ufffd", "aé"]


def test_a_character_split_between_two_frames_is_whole() -> None:
    assert _told(b"\x01\x02a\xc3", b"\x80\x01\xa9", b"\x02\x01\xff", b"\x80\x01\xfe") == [
        "aé",
        b"\xff\xfe",
    ]


def test_a_text_that_ends_within_a_character_ends_with_a_mark() -> None:
    assert _told(b"\x01\x01a", b"\x89\x00", b"\x80\x01\xc3", b"\x82\x01\xc3") == [
        "a\ufffd",
        b"\xc3",
    ]


def _url(port: int) -> str:
    return f"ws://127.0.0.1:{port}"
