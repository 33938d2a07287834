"""TCP servers on this machine that do what no WebSocket library would."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

__all__ = ["Stream", "deaf", "easily_scared", "listening", "upgraded", "vanishing"]

Stream = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


@asynccontextmanager
async def listening(handle: Stream, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """A server that hangs up when `handle` is done; gives its port."""
    answering: set[asyncio.Task[None]] = set()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        answering.add(task)
        try:
            await handle(reader, writer)
        except (asyncio.CancelledError, ConnectionError):
            return
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in answering:
            task.cancel()
        await asyncio.gather(*answering)


async def vanishing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Is gone at once."""


async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Stays, and reads nothing."""
    await asyncio.Event().wait()


async def easily_scared(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Is gone when it hears anything."""
    await reader.read(1)


def upgraded(frames: bytes, then: Stream = vanishing) -> Stream:
    """Accepts the upgrade, writes some frames, and does what `then` says."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        (key,) = [
            line.split(b": ")[1]
            for line in request.splitlines()
            if line.lower().startswith(b"sec-websocket-key")
        ]
        accept = base64.b64encode(hashlib.sha1(key + _GUID, usedforsecurity=False).digest())
        writer.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n" + frames
        )
        await writer.drain()
        await then(reader, writer)

    return handle
