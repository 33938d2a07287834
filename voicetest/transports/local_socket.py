"""A WebSocket to an application in this process, by the messages of ASGI instead of a network."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote, urlsplit

from starlette.types import ASGIApp, Message

from voicetest.transports.base import NORMAL_CLOSE, TransportClosed
from voicetest.transports.memory import MemoryTransport, memory_pair
from voicetest.transports.refusals import by_status
from voicetest.transports.websocket import LOST

__all__ = ["LocalSocket", "open_socket"]

OPEN_LIMIT_S = 30.0
"""How long an application may take to accept or refuse."""
GOODBYE_LIMIT_S = 5.0
"""How long it may go on once the connection is over."""


class LocalSocket:
    """What a server does between a client and its application (ASGI, "WebSocket")."""

    def __init__(self) -> None:
        near: MemoryTransport[bytes | str]
        far: MemoryTransport[bytes | str]
        near, far = memory_pair()
        self.client = near
        """The client's end."""
        self._far = far
        self._answered: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        """The status of the upgrade: 101 when it is accepted."""
        self._told = False
        """Whether the application was told that somebody connects."""
        self._ended: TransportClosed | None = None
        """Set when the application or its server ends the connection."""

    async def answered(self) -> int:
        """The HTTP status with which the application answers the upgrade."""
        try:
            async with asyncio.timeout(OPEN_LIMIT_S):
                return await self._answered
        except TimeoutError:
            return HTTPStatus.GATEWAY_TIMEOUT

    async def drop(self, code: int) -> None:
        """End the connection as a server does that stops."""
        self._answer(HTTPStatus.INTERNAL_SERVER_ERROR)
        await self._end(code, "")

    async def receive(self) -> Message:
        """What the application is told next."""
        if not self._told:
            self._told = True
            return {"type": "websocket.connect"}
        try:
            message = await self._far.receive()
        except TransportClosed as closed:
            over = self._ended or closed
            return {"type": "websocket.disconnect", "code": over.code, "reason": over.reason}
        kind = "bytes" if isinstance(message, bytes) else "text"
        return {"type": "websocket.receive", kind: message}

    async def send(self, message: Message) -> None:
        """Do what the application says; raises OSError when the client is gone."""
        match message["type"]:
            case "websocket.accept":
                self._answer(HTTPStatus.SWITCHING_PROTOCOLS)
            case "websocket.http.response.start":
                self._answer(message["status"])
            case "websocket.http.response.body":
                if not message.get("more_body", False):
                    await self._end(LOST, "")
            case "websocket.close":
                self._answer(HTTPStatus.FORBIDDEN)
                await self._end(message.get("code", NORMAL_CLOSE), message.get("reason") or "")
            case _:
                await self._pass_on(message)

    async def run(self, app: ASGIApp, scope: Mapping[str, Any]) -> None:
        """Let the application have the connection until it is done with it."""
        try:
            await app(dict(scope), self.receive, self.send)
        finally:
            await self.drop(LOST)

    async def _pass_on(self, message: Message) -> None:
        data: bytes | None = message.get("bytes")
        try:
            await self._far.send(message["text"] if data is None else data)
        except TransportClosed as closed:
            raise OSError("the client is gone") from closed

    async def _end(self, code: int, reason: str) -> None:
        if self._ended is None:
            self._ended = TransportClosed(code, reason)
            await self._far.close(code, reason)

    def _answer(self, status: int) -> None:
        if not self._answered.done():
            self._answered.set_result(status)


@asynccontextmanager
async def open_socket(
    app: ASGIApp,
    url: str,
    headers: Mapping[str, str] | None = None,
    subprotocols: Sequence[str] = (),
) -> AsyncIterator[LocalSocket]:
    """A connection that the application has accepted, closed when the block is left.

    Raises ConnectionFailed when the application refuses it. What the application raises is raised.
    """
    socket = LocalSocket()
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(socket.run(app, _scope(url, headers or {}, subprotocols)))
        try:
            status = await socket.answered()
            if status == HTTPStatus.SWITCHING_PROTOCOLS:
                yield socket
        finally:
            await socket.client.close()
            await asyncio.wait({running}, timeout=GOODBYE_LIMIT_S)
            running.cancel()
    if status != HTTPStatus.SWITCHING_PROTOCOLS:
        raise by_status(status, url)


def _scope(url: str, headers: Mapping[str, str], subprotocols: Sequence[str]) -> dict[str, Any]:
    parts = urlsplit(url)
    secure = parts.scheme == "wss"
    path = parts.path or "/"
    sent = {"host": parts.netloc.rpartition("@")[2]} | {
        name.lower(): value for name, value in headers.items()
    }
    return {
        "type": "websocket",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "scheme": parts.scheme,
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": parts.query.encode(),
        "root_path": "",
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in sent.items()],
        "subprotocols": list(subprotocols),
        "server": (parts.hostname or "", parts.port or (443 if secure else 80)),
        "client": ("127.0.0.1", 0),
        "extensions": {"websocket.http.response": {}},
    }
