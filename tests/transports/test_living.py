from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from itertools import pairwise
from typing import Any, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.asyncio.server import ServerConnection
from websockets.asyncio.server import serve as serve_websockets
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.server import ServerProtocol
from websockets.uri import parse_uri

from tests.transports.raw_servers import Stream, deaf, listening, upgraded
from voicetest.clock import Clock, run
from voicetest.transports.base import KeepAlive, TransportClosed
from voicetest.transports.living import LivingClient
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


class _Wire(asyncio.Transport):
    """Keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += data

    def get_write_buffer_size(self) -> int:
        """Nothing waits."""
        return 0

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Nothing ever does."""


def _opened() -> tuple[LivingClient, ServerProtocol, bytes]:
    """A client that has asked, a server that has answered, and the answer, which is still to come.

    Needs a running loop.
    """
    protocol = ClientProtocol(parse_uri("ws://agent/"))
    client = LivingClient(protocol)
    client.connection_made(_Wire())
    request = protocol.connect()
    protocol.send_request(request)
    server = ServerProtocol()
    server.send_response(server.accept(request))
    return client, server, b"".join(server.data_to_send())


SAID = st.one_of(
    st.text(max_size=150),
    st.binary(max_size=300),
    st.sampled_from(["ping", "long", "wasteful"]).map(lambda kind: (kind,)),
    st.lists(st.text(max_size=3), min_size=2, max_size=4),
)


def _say(server: ServerProtocol, said: Any) -> tuple[bytes, list[bytes | str]]:
    """The bytes of one thing, and the messages that it is."""
    found: list[bytes | str] = []
    match said:
        case str():
            server.send_text(said.encode())
            found = [said]
        case bytes():
            server.send_binary(said)
            found = [said]
        case ["ping"] | ("ping",):
            server.send_ping(b"there?")
        case ("long",):
            server.send_binary(bytes(70_000))
            found = [bytes(70_000)]
        case ("wasteful",):  # a length of three in eight bytes
            return b"\x81\x7f" + bytes(7) + b"\x03abc", ["abc"]
        case [first, *inner, last]:
            server.send_text(first.encode(), fin=False)
            for part in inner:
                server.send_continuation(part.encode(), fin=False)
                server.send_ping(b"")
            server.send_continuation(last.encode(), fin=True)
            found = ["".join(said)]
    return b"".join(server.data_to_send()), found


@given(said=st.lists(SAID, max_size=12), cuts=st.lists(st.floats(0, 1), max_size=12))
def test_the_same_messages_come_however_their_bytes_are_cut(
    said: list[Any], cuts: list[float]
) -> None:
    async def main() -> None:
        client, server, wire = _opened()
        expected: list[bytes | str] = []
        for one in said:
            written, found = _say(server, one)
            wire += written
            expected += found
        places = sorted({0, *(round(cut * len(wire)) for cut in cuts), len(wire)})
        for start, end in pairwise(places):
            client.data_received(wire[start:end])
        client.protocol.state = State.CLOSED
        came = []
        while (message := client.taken()) is not None:
            came.append(message)
        assert came == expected
        assert client.fault == ""

    asyncio.run(main())


def test_nearly_all_messages_are_read_without_the_parser_of_the_package() -> None:
    async def main() -> None:
        client, server, answer = _opened()
        client.data_received(answer)
        server.send_ping(b"")
        client.data_received(b"".join(server.data_to_send()))
        parsed: list[bytes | bytearray] = []
        parse = client.protocol.receive_data
        client.protocol.receive_data = parsed.append  # type: ignore[method-assign, assignment]
        for _ in range(10):
            server.send_text(b"sound" * 50)
            client.data_received(b"".join(server.data_to_send()))
        assert len([client.taken() for _ in range(10)]) == 10
        assert parsed == []
        client.protocol.receive_data = parse  # type: ignore[method-assign]

    asyncio.run(main())
