"""WebSocket connections: dialled, or answered by a server on this machine."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, nullcontext
from functools import cache
from http import HTTPStatus
from typing import Any, Literal, cast
from urllib.parse import urlsplit

from websockets import exceptions
from websockets.asyncio import client, server
from websockets.frames import CloseCode
from websockets.http11 import Request, Response
from websockets.protocol import State
from websockets.typing import Subprotocol

from voicetest.transports.base import (
    GOING_AWAY,
    KEPT_ALIVE,
    LARGEST_MESSAGE,
    NORMAL_CLOSE,
    KeepAlive,
    PeerFault,
    TransportClosed,
    Upgrade,
    is_this_machine,
)
from voicetest.transports.living import LivingClient, LivingServer, Watch
from voicetest.transports.refusals import explained

__all__ = ["WebSocketTransport", "connect", "serve"]

OPEN_LIMIT_S = 30.0
SEND_LIMIT_S = 30.0
CLOSE_LIMIT_S = 5.0
SMALL = 8_192
"""Characters or bytes; less than the buffer that asyncio fills before it makes a writer wait."""
LOST = 1006
"""The code of a connection that ended without a closing handshake (RFC 6455 §7.4.1)."""
LONGEST_REASON = 123
"""Bytes of a close reason that fit into a control frame (RFC 6455 §5.5)."""

# Every message is read as it comes: a full queue would hide from us that the peer has closed, and
# would make sound look later than it was.
_OPTIONS: dict[str, Any] = {
    "max_size": LARGEST_MESSAGE,
    "max_queue": None,
    "compression": None,
    "ping_timeout": None,  # what comes late is no sign of death while anything comes: see Watch
    "close_timeout": CLOSE_LIMIT_S,
}


Handler = Callable[["WebSocketTransport", Upgrade], Awaitable[None]]
Admit = Callable[[Upgrade], HTTPStatus | None]


class WebSocketTransport:
    """Either end of an open WebSocket; a message is `bytes` (binary) or `str` (text)."""

    def __init__(
        self, connection: LivingClient | LivingServer, send_limit: float = SEND_LIMIT_S
    ) -> None:
        """`send_limit`: seconds until a peer that reads nothing counts as gone."""
        self._connection = connection
        self._send_limit = send_limit
        self._closed: TransportClosed | None = None
        """Set when this end closes the connection or gives it up."""
        self._unread_since: float | None = None
        """From when on the peer has not read all that was put; None while it has."""

    async def send(self, message: bytes | str) -> None:
        """Hand over one message; raises TransportClosed when the connection is over."""
        if self._closed is not None:
            raise self._closed
        if self._connection.state is State.CLOSING:
            # The package would wait for seconds until the peer has closed its end as well.
            raise TransportClosed(NORMAL_CLOSE, "the connection is closing")
        # A timer would cost as much as a frame does; a small message never waits for an empty
        # buffer.
        unread = self._connection.transport.get_write_buffer_size()
        may_wait = unread or len(message) > SMALL
        try:
            async with asyncio.timeout(self._send_limit) if may_wait else nullcontext():
                await self._connection.send(message)
        except exceptions.ConnectionClosed as closed:
            raise self._end(closed) from closed
        except TimeoutError as error:
            lost = self._give_up(f"the peer read nothing for {self._send_limit:g} s")
            raise lost from error

    def put(self, message: bytes | str) -> None:
        """Hand over one message without waiting, whatever the peer has read.

        Raises TransportClosed when the connection is over, or the peer has read nothing for long.
        """
        if self._closed is not None:
            raise self._closed
        if self._connection.state is not State.OPEN:
            raise TransportClosed(NORMAL_CLOSE, "the connection is closing")
        self._refuse_unread()
        self._connection.say(message)

    def _refuse_unread(self) -> None:
        """Give up a peer that has not read all that was sent for as long as it may take."""
        if not self._connection.transport.get_write_buffer_size():
            self._unread_since = None
            return
        now = self._connection.loop.time()
        if self._unread_since is None:
            self._unread_since = now
        elif now - self._unread_since >= self._send_limit:
            raise self._give_up(f"the peer read nothing for {self._send_limit:g} s")

    async def receive(self) -> bytes | str:
        """The next message; raises TransportClosed when there will be none.

        It is a PeerFault if this end closed the connection for what the peer did.
        """
        try:
            return await self._connection.next_message()
        except exceptions.ConnectionClosed as closed:
            raise self._end(closed) from closed

    def tell(self, arrived: Callable[[], None] | None) -> None:
        """Call `arrived` whenever messages came, and at the end; nobody any more if it is None."""
        self._connection.tell(arrived)

    def taken(self) -> bytes | str | None:
        """The next message that is here; None if there is none."""
        return self._connection.taken()

    @property
    def over(self) -> bool:
        """Whether nothing more comes, and all was taken; `receive` says how it ended."""
        return self._connection.over

    def _give_up(self, reason: str) -> TransportClosed:
        self._closed = self._closed or TransportClosed(LOST, reason)
        self._connection.transport.abort()
        return self._closed

    @contextmanager
    def watched(self, limit: float | None) -> Iterator[None]:
        """While the block runs, a peer of which nothing comes for `limit` seconds counts as gone.

        It answers the pings that are sent, if it is there.
        """
        if limit is None:
            yield
            return
        words = f"nothing came for {limit:g} s, not even the answer to a ping"
        watch = Watch(self._connection, limit, lambda: self._give_up(words))
        try:
            yield
        finally:
            watch.end()

    async def close(self, code: int = NORMAL_CLOSE, reason: str = "") -> None:
        """End the connection; closing twice changes nothing, and takes 5 s at the most."""
        if self._closed is not None or self._connection.close_code is not None:
            return
        words = reason.encode()[:LONGEST_REASON].decode(errors="ignore")
        self._closed = TransportClosed(code, words)
        try:
            # The package waits without a limit for a peer that reads nothing.
            async with asyncio.timeout(CLOSE_LIMIT_S + 1):
                await self._connection.close(code, words)
        except TimeoutError:
            self._connection.transport.abort()

    def _end(self, closed: exceptions.ConnectionClosed) -> TransportClosed:
        """How the connection ended: as this end wanted, as the peer said, or by breaking."""
        fault, within = self._connection.fault, self._connection.within_message
        if closed.rcvd is not None:
            return TransportClosed(closed.rcvd.code, closed.rcvd.reason)
        if self._closed is not None:
            return self._closed
        if fault:
            return PeerFault(CloseCode.MESSAGE_TOO_BIG, fault)
        if closed.sent is not None:
            return PeerFault(closed.sent.code, _broken_rule(closed))
        return TransportClosed(LOST, _lost(closed.__cause__, within))


def _broken_rule(closed: exceptions.ConnectionClosed) -> str:
    """What the peer did that the protocol does not allow, as the package found it."""
    match closed.__cause__:
        case exceptions.PayloadTooBig():
            size = LARGEST_MESSAGE >> 20
            return f"it sends a message of more than {size} MB: send long sound in pieces"
        case UnicodeDecodeError():
            return "it closes with a reason that is no UTF-8 (RFC 6455 §5.5.1)"
        case exceptions.ProtocolError() as error:
            return f"it breaks the rules of WebSocket (RFC 6455 §5): {error}"
        case _:
            return closed.sent.reason if closed.sent is not None else ""


def _lost(cause: BaseException | None, within_message: bool) -> str:
    """How a connection ended of which neither end said that it does."""
    how = "was reset" if isinstance(cause, ConnectionError) else "ended without a closing handshake"
    return f"the connection {how}{', in the middle of a message' if within_message else ''}"


@asynccontextmanager
async def connect(
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    subprotocols: Sequence[str] = (),
    keep_alive: KeepAlive = KEPT_ALIVE,
    open_limit: float = OPEN_LIMIT_S,
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[WebSocketTransport]:
    """A connection to `url`, given up after `open_limit` seconds; closed when the block is left.

    `tls` replaces the system's certificates. Raises ConnectionFailed, which says what to do and
    shows neither the values of headers nor those in the URL's query.
    """
    try:
        if tls is None and urlsplit(url).scheme == "wss":
            tls = _system_trust()
        dialling = _Dialling(
            url,
            additional_headers=headers,
            subprotocols=[Subprotocol(name) for name in subprotocols] or None,
            proxy=_proxy(url),
            open_timeout=open_limit,
            ping_interval=keep_alive.interval,
            create_connection=LivingClient,
            **(_OPTIONS if tls is None else _OPTIONS | {"ssl": tls}),
        )
        connection = cast(LivingClient, await dialling)
    except (OSError, exceptions.WebSocketException, ValueError) as error:
        raise explained(error, url, open_limit) from error
    transport = WebSocketTransport(connection)
    with transport.watched(keep_alive.patience):
        try:
            yield transport
        finally:
            await transport.close()


@cache
def _system_trust() -> ssl.SSLContext:
    """Whose certificates count; read once, as that takes longer than a frame of other calls."""
    return ssl.create_default_context()


class _Dialling(client.connect):
    """Follows no redirect: that would hand headers with secrets to an address nobody wrote."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


def _proxy(url: str) -> Literal[True] | None:
    """The system's proxy, except for this machine."""
    return None if is_this_machine(urlsplit(url).hostname or "") else True


@asynccontextmanager
async def serve(
    handler: Handler,
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    admit: Admit | None = None,
    subprotocols: Sequence[str] = (),
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[int]:
    """Answer connections with `handler` while the block runs; gives the port, a free one for 0.

    `admit` may refuse an upgrade with an HTTP status; of the subprotocols that a client offers, the
    first that is among `subprotocols` is chosen, and none need be. Leaving the block cancels the
    handlers and closes what is open with code 1001. Raises OSError when the port cannot be had.
    """
    answering: set[asyncio.Task[Any]] = set()

    async def answer(connection: server.ServerConnection) -> None:
        task = asyncio.current_task()
        asked = connection.request
        if task is None or asked is None or not isinstance(connection, LivingServer):
            return
        answering.add(task)
        transport = WebSocketTransport(connection)
        try:
            with transport.watched(KEPT_ALIVE.patience):
                await handler(transport, _upgrade(asked))
        except asyncio.CancelledError:
            await transport.close(GOING_AWAY)
            raise
        finally:
            answering.discard(task)

    def refuse(connection: server.ServerConnection, request: Request) -> Response | None:
        status = admit(_upgrade(request)) if admit is not None else None
        return None if status is None else connection.respond(status, f"{status.phrase}\n")

    def choose(
        connection: server.ServerConnection, offered: Sequence[Subprotocol]
    ) -> Subprotocol | None:
        return next((name for name in offered if name in subprotocols), None)

    async with server.serve(
        answer,
        host,
        port,
        process_request=refuse,
        select_subprotocol=choose,
        ssl=tls,
        ping_interval=KEPT_ALIVE.interval,
        create_connection=LivingServer,
        **_OPTIONS,
    ) as serving:
        try:
            yield next(iter(serving.sockets)).getsockname()[1]
        finally:
            for task in answering:
                task.cancel()


def _upgrade(request: Request) -> Upgrade:
    headers = {name.lower(): value for name, value in request.headers.raw_items()}
    return Upgrade(request.path, headers)
