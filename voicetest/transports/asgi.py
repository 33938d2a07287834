"""Applications on a socket of this machine, and the server's end of their WebSockets."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager

import uvicorn
from starlette.types import ASGIApp
from starlette.websockets import WebSocket, WebSocketDisconnect

from voicetest.transports.base import LARGEST_MESSAGE, NORMAL_CLOSE, TransportClosed
from voicetest.transports.guarded import LARGEST_HEADER, GuardedHttp
from voicetest.transports.websocket import LONGEST_REASON, LOST, SEND_LIMIT_S

__all__ = ["AsgiTransport", "serve_app"]

CLOSE_LIMIT_S = 2
"""How long open requests may take when a server stops."""
# What goes wrong with a request is told to the peer; whoever wants it logged can have that.
logging.getLogger("uvicorn.error").addHandler(logging.NullHandler())


class AsgiTransport:
    """The server's end of an accepted WebSocket; a message is `bytes` (binary) or `str` (text)."""

    def __init__(self, websocket: WebSocket) -> None:
        self._websocket = websocket
        self._closed: TransportClosed | None = None
        """Set when either end closed the connection or this end gave it up."""
        self._unheard: TransportClosed | None = None
        """Set when the peer was gone before this end learned how; that is still to be received."""

    async def send(self, message: bytes | str) -> None:
        """Hand over one message; raises TransportClosed when the connection is over."""
        over = self._closed or self._unheard
        if over is not None:
            raise over
        try:
            async with asyncio.timeout(SEND_LIMIT_S):
                if isinstance(message, bytes):
                    await self._websocket.send_bytes(message)
                else:
                    await self._websocket.send_text(message)
        except WebSocketDisconnect as gone:
            self._unheard = TransportClosed(gone.code, gone.reason)
            raise self._unheard from gone
        except TimeoutError as error:
            raise self._end(LOST, f"the peer read nothing for {SEND_LIMIT_S:g} s") from error

    async def receive(self) -> bytes | str:
        """The next message; raises TransportClosed when there will be none."""
        if self._closed is not None:
            raise self._closed
        found = await self._websocket.receive()
        if found["type"] == "websocket.disconnect":
            raise self._end(found["code"], found.get("reason") or "")
        binary: bytes | None = found.get("bytes")
        text: str = found.get("text") or ""
        return text if binary is None else binary

    async def close(self, code: int = NORMAL_CLOSE, reason: str = "") -> None:
        """End the connection; closing twice changes nothing."""
        if self._closed is not None or self._unheard is not None:
            return
        words = reason.encode()[:LONGEST_REASON].decode(errors="ignore")
        self._closed = TransportClosed(code, words)
        try:
            await self._websocket.close(code, words)
        except WebSocketDisconnect:
            return  # the peer was faster

    def _end(self, code: int, reason: str) -> TransportClosed:
        """How the connection ended: as was known before, or like this."""
        if self._closed is None:
            self._closed = TransportClosed(code, reason)
        return self._closed


class _Server(uvicorn.Server):
    """Says when it is ready, and leaves signals to whoever runs it."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def serve_app(
    app: ASGIApp,
    host: str,
    port: int,
    *,
    largest: int = LARGEST_MESSAGE,
    guard: type[GuardedHttp] | None = None,
) -> AsyncIterator[int]:
    """Serve HTTP and WebSockets while the block runs; gives the port, a free one for 0.

    A message of a WebSocket that has more than `largest` bytes ends its connection; `guard` limits
    what strangers may do over HTTP. Raises OSError when the port cannot be had.
    """
    (family, *_), *_ = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    listening = socket.create_server((host, port), family=family)
    config = uvicorn.Config(
        app,
        http=guard or "h11",
        h11_max_incomplete_event_size=None if guard is None else LARGEST_HEADER,
        ws="websockets-sansio",
        ws_max_size=largest,
        ws_per_message_deflate=False,
        ws_ping_timeout=None,  # a peer may answer late, or never, and send sound all the while
        lifespan="off",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=CLOSE_LIMIT_S,
    )
    server = _Server(config)
    with closing(listening):
        async with asyncio.TaskGroup() as tasks:
            serving = tasks.create_task(server.serve(sockets=[listening]))
            await server.ready.wait()
            try:
                yield listening.getsockname()[1]
            finally:
                server.should_exit = True
                await serving  # an error in the block would else cut it off
