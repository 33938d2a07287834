"""A server that anybody can reach is held by nobody."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import ClassVar

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from voicetest.transports.asgi import serve_app
from voicetest.transports.guarded import LARGEST_HEADER, GuardedHttp
from voicetest.transports.websocket import connect

LIMIT_S = 0.3
ASKED = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


class _Strict(GuardedHttp):
    request_limit_s: ClassVar[float] = LIMIT_S
    most: ClassVar[int] = 4


async def _answer(request: Request) -> Response:
    return PlainTextResponse(f"{len(await request.body())} bytes")


async def _echo(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text(await websocket.receive_text())
    await websocket.close()


@asynccontextmanager
async def _served() -> AsyncIterator[int]:
    routes = [Route("/", _answer, methods=["GET", "POST"]), WebSocketRoute("/ws", _echo)]
    async with (
        asyncio.timeout(30),
        serve_app(Starlette(routes=routes), "127.0.0.1", 0, guard=_Strict) as port,
    ):
        yield port


@asynccontextmanager
async def _opened(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.close()


async def _rest(reader: asyncio.StreamReader) -> bytes:
    """All that comes before the connection is closed."""
    try:
        return await reader.read()
    except ConnectionResetError:
        return b""


@pytest.mark.parametrize(
    "begins",
    [
        b"",
        b"GET / HTTP/1.1\r\nHost",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc",
    ],
)
def test_a_request_that_never_ends_is_given_up(begins: bytes) -> None:
    async def ask() -> None:
        loop = asyncio.get_running_loop()
        async with _served() as port, _opened(port) as (reader, writer):
            began = loop.time()
            writer.write(begins)
            await _rest(reader)
            assert LIMIT_S / 2 < loop.time() - began < 4  # a usual idle connection lasts 5 s

    asyncio.run(ask())


def test_a_body_that_comes_drop_by_drop_does_not_gain_time() -> None:
    async def ask() -> None:
        async with _served() as port, _opened(port) as (reader, writer):
            writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n")
            closed = asyncio.create_task(_rest(reader))
            drops = 0
            while not closed.done():
                writer.write(b"a")
                drops += 1
                await asyncio.wait({closed}, timeout=0.05)
            assert drops < 100

    asyncio.run(ask())


def test_many_connections_keep_nobody_out() -> None:
    async def ask() -> None:
        async with _served() as port, AsyncExitStack() as stack:
            others = [await stack.enter_async_context(_opened(port)) for _ in range(4)]
            for _, writer in others:
                writer.write(b"GET")
                await writer.drain()
            for _ in range(3):
                reader, writer = await stack.enter_async_context(_opened(port))
                writer.write(ASKED)
                assert await reader.readline() == b"HTTP/1.1 200 OK\r\n"
            assert await _rest(others[0][0]) == b""

    asyncio.run(ask())


def test_a_head_without_end_is_refused() -> None:
    async def ask() -> None:
        async with _served() as port, _opened(port) as (reader, writer):
            writer.write(b"GET / HTTP/1.1\r\nHost: " + b"x" * (LARGEST_HEADER + 1))
            assert (await _rest(reader)).startswith(b"HTTP/1.1 400 ")

    asyncio.run(ask())


def test_who_asks_again_on_the_same_connection_is_answered() -> None:
    async def ask() -> None:
        async with _served() as port, _opened(port) as (reader, writer):
            for _ in range(3):
                writer.write(ASKED)
                assert (await reader.readuntil(b"0 bytes")).startswith(b"HTTP/1.1 200 OK\r\n")

    asyncio.run(ask())


def test_a_websocket_may_be_silent_for_longer() -> None:
    async def ask() -> None:
        async with _served() as port, connect(f"ws://127.0.0.1:{port}/ws") as line:
            heard = asyncio.create_task(line.receive())
            await asyncio.wait({heard}, timeout=2 * LIMIT_S)
            assert not heard.done()
            await line.send("still here")
            assert await heard == "still here"

    asyncio.run(ask())
