from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

import pytest
from websockets.asyncio import client

from tests.transports.raw_servers import deaf, easily_scared, listening, upgraded
from voicetest.clock import Clock, run
from voicetest.transports.base import PeerFault, TransportClosed, Upgrade
from voicetest.transports.living import LivingClient
from voicetest.transports.websocket import WebSocketTransport, connect, serve

pytestmark = pytest.mark.process

GREETING = b"\x82\x02hi"
RESERVED = b"\x83\x02hi"
"""Frames as a server sends them (RFC 6455 §5.2); the latter has an opcode that means nothing."""

T = TypeVar("T")
Answer = Callable[[WebSocketTransport], Awaitable[None]]


def _live(main: Callable[[], Awaitable[T]]) -> T:
    """Run on the real clock, for at most ten seconds."""

    async def bounded() -> T:
        async with asyncio.timeout(10):
            return await main()

    return run(bounded(), Clock.REAL)


@asynccontextmanager
async def _called(answer: Answer) -> AsyncIterator[WebSocketTransport]:
    """The near end of a connection whose far end does what `answer` says."""

    async def handle(transport: WebSocketTransport, upgrade: Upgrade) -> None:
        await answer(transport)

    async with serve(handle) as port, connect(f"ws://127.0.0.1:{port}/") as near:
        yield near


async def _echo(transport: WebSocketTransport) -> None:
    while True:
        try:
            await transport.send(await transport.receive())
        except TransportClosed:
            return


async def _end(transport: WebSocketTransport) -> tuple[int, str]:
    with pytest.raises(TransportClosed) as closed:
        await transport.receive()
    return closed.value.code, closed.value.reason


async def _send_for_ever(transport: WebSocketTransport) -> None:
    while True:
        await transport.send(b"still there?")
        await asyncio.sleep(0)


def test_messages_go_both_ways_in_order_as_text_or_binary() -> None:
    async def main() -> None:
        async with _called(_echo) as near:
            said: list[bytes | str] = [b"\x00\x01", "text", b"", "", "ü"]
            for message in said:
                await near.send(message)
            assert [await near.receive() for _ in said] == said

    _live(main)


def test_a_message_of_ten_megabytes_arrives_whole() -> None:
    async def main() -> None:
        async with _called(_echo) as near:
            sound = bytes(range(250)) * 40_000
            await near.send(sound)
            assert await near.receive() == sound

    _live(main)


@pytest.mark.parametrize("code", [1000, 1001, 1008, 1011, 4001])
def test_the_peers_code_and_reason_are_data(code: int) -> None:
    async def main() -> None:
        async with _called(lambda far: far.close(code, "no more")) as near:
            assert await _end(near) == (code, "no more")
            with pytest.raises(TransportClosed, match=f"{code} no more"):
                await near.send(b"anyone?")

    _live(main)


def test_what_was_sent_before_a_close_is_received_after_it() -> None:
    async def last_words(far: WebSocketTransport) -> None:
        for number in range(100):
            await far.send(str(number))
        await far.close(1000, "done")

    async def main() -> None:
        async with _called(last_words) as near:
            with pytest.raises(TransportClosed):
                await _send_for_ever(near)
            assert [await near.receive() for _ in range(100)] == [str(n) for n in range(100)]
            assert await _end(near) == (1000, "done")

    _live(main)


def test_a_lost_connection_is_code_1006() -> None:
    async def main() -> None:
        async with listening(upgraded(GREETING)) as port, connect(f"ws://127.0.0.1:{port}") as near:
            assert await near.receive() == b"hi"
            assert await _end(near) == (1006, "the connection ended without a closing handshake")
            with pytest.raises(TransportClosed, match="1006"):
                await near.send(b"anyone?")

    _live(main)


def test_what_the_peer_did_wrong_is_its_fault_in_words() -> None:
    async def main() -> None:
        async with (
            listening(upgraded(RESERVED, easily_scared)) as port,
            connect(f"ws://127.0.0.1:{port}") as near,
        ):
            with pytest.raises(PeerFault) as fault:
                await near.receive()
        assert fault.value.code == 1002
        assert "it breaks the rules of WebSocket" in fault.value.reason
        assert "opcode" in fault.value.reason

    _live(main)


def test_what_this_end_closed_stays_closed_with_the_first_reason() -> None:
    async def main() -> None:
        ends: asyncio.Queue[tuple[int, str]] = asyncio.Queue()

        async def wait(far: WebSocketTransport) -> None:
            ends.put_nowait(await _end(far))

        async with _called(wait) as near:
            await near.close(1000, "done")
            await near.close(1011, "too late")
            with pytest.raises(TransportClosed, match="1000 done"):
                await near.send(b"more")
            assert await _end(near) == (1000, "done")
            assert await ends.get() == (1000, "done")
            assert ends.empty()

    _live(main)


def test_a_long_reason_is_cut_between_characters() -> None:
    async def main() -> None:
        ends: asyncio.Queue[tuple[int, str]] = asyncio.Queue()

        async def wait(far: WebSocketTransport) -> None:
            ends.put_nowait(await _end(far))

        async with _called(wait) as near:
            await near.close(1000, "ü" * 100)
            assert await ends.get() == (1000, "ü" * 61)

    _live(main)


def test_a_peer_that_reads_nothing_does_not_hold_up_the_sender_for_ever() -> None:
    async def main() -> None:
        async with (
            listening(upgraded(b"", deaf)) as port,
            client.connect(
                f"ws://127.0.0.1:{port}", proxy=None, create_connection=LivingClient
            ) as connection,
        ):
            assert isinstance(connection, LivingClient)
            transport = WebSocketTransport(connection, send_limit=0.3)
            with pytest.raises(TransportClosed, match=r"1006 the peer read nothing for 0\.3 s"):
                await transport.send(bytes(50_000_000))
            assert await _end(transport) == (1006, "the peer read nothing for 0.3 s")

    _live(main)


def test_the_handler_sees_what_was_asked_for() -> None:
    async def main() -> None:
        seen: list[Upgrade] = []

        async def handle(transport: WebSocketTransport, upgrade: Upgrade) -> None:
            seen.append(upgrade)

        async with serve(handle) as port:
            url = f"ws://127.0.0.1:{port}/a/b?c=d"
            async with connect(url, headers={"X-Key": "k"}, subprotocols=["v2", "v1"]) as near:
                assert await _end(near) == (1000, "")
        (upgrade,) = seen
        assert upgrade.path == "/a/b?c=d"
        assert upgrade.headers["x-key"] == "k"
        assert upgrade.headers["sec-websocket-protocol"] == "v2, v1"
        assert "sec-websocket-extensions" not in upgrade.headers

    _live(main)


def test_leaving_the_server_ends_its_calls() -> None:
    async def main() -> None:
        cancelled = asyncio.Event()

        async def stay(transport: WebSocketTransport, upgrade: Upgrade) -> None:
            await transport.send("hello")
            try:
                await asyncio.Event().wait()
            finally:
                cancelled.set()

        async with asyncio.TaskGroup() as tasks:
            async with serve(stay) as port:
                near = connect(f"ws://127.0.0.1:{port}")
                transport = await near.__aenter__()
                assert await transport.receive() == "hello"
                ended = tasks.create_task(_end(transport))
            await near.__aexit__(None, None, None)
        assert cancelled.is_set()
        assert ended.result() == (1001, "")

    _live(main)


def test_a_handler_that_crashes_closes_with_1011(caplog: pytest.LogCaptureFixture) -> None:
    async def crash(transport: WebSocketTransport) -> None:
        raise ZeroDivisionError

    async def main() -> None:
        async with _called(crash) as near:
            assert (await _end(near))[0] == 1011

    _live(main)
    assert "ZeroDivisionError" in caplog.text


def test_sending_to_a_peer_that_is_closing_never_waits_for_it() -> None:
    async def close_slowly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    async def main() -> float:
        close = b"\x88\x02\x03\xe8"
        async with (
            listening(upgraded(close, close_slowly)) as port,
            connect(f"ws://127.0.0.1:{port}/") as near,
        ):
            await asyncio.sleep(0.2)
            began = asyncio.get_running_loop().time()
            with pytest.raises(TransportClosed):
                await near.send(b"still there?")
            return asyncio.get_running_loop().time() - began

    assert _live(main) < 1.0
