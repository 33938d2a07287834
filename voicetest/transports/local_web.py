"""The servers of one process, reached without a network."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

import httpx
from starlette.types import ASGIApp

from voicetest.errors import ConnectionFailed
from voicetest.transports.base import KEPT_ALIVE, KeepAlive, Transport
from voicetest.transports.local_socket import LocalSocket, open_socket
from voicetest.transports.refusals import masked

__all__ = ["LocalWeb"]

FIRST_FREE_PORT = 50_000
_RESTARTING = 1012
"""The code of a server that stops, as uvicorn sends it (IANA's registry of close codes)."""


class LocalWeb:
    """Takes requests and connections to whatever host to an application that is served here.

    Applications differ by port; an address with another port, such as one of a tunnel, leads to
    the application that was served last.
    """

    def __init__(self) -> None:
        self._apps: dict[int, ASGIApp] = {}
        """By port, in the order in which they began."""
        self._open: dict[int, set[LocalSocket]] = {}
        """The connections to each."""

    @asynccontextmanager
    async def serve(self, app: ASGIApp, host: str, port: int) -> AsyncIterator[int]:
        """Serve an application while the block runs; gives the port, a free one for 0.

        Nothing listens at `host`. Raises OSError for a port that is taken.
        """
        if port in self._apps:
            raise OSError(f"{host}:{port} is in use")
        found = port or max((FIRST_FREE_PORT, *self._apps)) + 1
        self._apps[found] = app
        self._open[found] = set()
        try:
            yield found
        finally:
            del self._apps[found]
            for socket in self._open.pop(found):
                await socket.drop(_RESTARTING)

    def http(self, base_url: str) -> httpx.AsyncClient:
        """A client, still to be opened; without a server it raises httpx.ConnectError."""
        return httpx.AsyncClient(transport=_LocalRequests(self), base_url=base_url)

    @asynccontextmanager
    async def dial(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        subprotocols: Sequence[str] = (),
        keep_alive: KeepAlive = KEPT_ALIVE,
    ) -> AsyncIterator[Transport[bytes | str]]:
        """A WebSocket to `url`, open inside the block; raises ConnectionFailed."""
        port = self.port_of(httpx.URL(url).port)
        if port is None:
            raise ConnectionFailed(f"cannot reach {masked(url)}: nobody listens there")
        async with open_socket(self._apps[port], url, headers, subprotocols) as socket:
            self._open[port].add(socket)
            try:
                yield socket.client
            finally:
                self._open.get(port, set()).discard(socket)

    def port_of(self, wanted: int | None) -> int | None:
        """The port of the application to which an address with that port leads."""
        if wanted in self._apps:
            return wanted
        return next(reversed(self._apps), None)

    def app(self, wanted: int | None) -> ASGIApp | None:
        """The application to which an address with that port leads."""
        port = self.port_of(wanted)
        return None if port is None else self._apps[port]


class _LocalRequests(httpx.AsyncBaseTransport):
    def __init__(self, web: LocalWeb) -> None:
        self._web = web

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        app = self._web.app(request.url.port)
        if app is None:
            raise httpx.ConnectError("nobody listens there", request=request)
        return await httpx.ASGITransport(app).handle_async_request(request)
