"""HTTP for strangers: who sends a request slowly, or opens many connections, holds nobody up."""

from __future__ import annotations

import asyncio
from typing import ClassVar

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

__all__ = ["LARGEST_HEADER", "GuardedHttp"]

LARGEST_HEADER = 16 * 1024
"""Bytes of what comes before a request's body; Twilio's is about a kilobyte."""


class GuardedHttp(H11Protocol):
    """One connection of uvicorn's server, which sets no such limits itself (0.54)."""

    request_limit_s: ClassVar[float] = 15.0
    """How long a whole request may take to come, from its first byte or the connection's start."""
    most: ClassVar[int] = 64
    """Connections at a time; one more takes the place of an idle one, or of the slowest request."""

    _late: asyncio.TimerHandle | None = None
    """Set while a request is waited for."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection, if need be in place of another."""
        super().connection_made(transport)
        self._watch()
        others = [c for c in self.connections if isinstance(c, GuardedHttp)]
        if len(others) > self.most:
            min(others, key=lambda other: other.due).give_up()

    def data_received(self, data: bytes) -> None:
        """Take in a part of a request."""
        super().data_received(data)
        if self.transport.get_protocol() is self and not self.transport.is_closing():
            self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        self._unwatch()
        super().connection_lost(exc)

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """Leave the connection to the WebSocket, whose application knows how long to wait."""
        self._unwatch()
        super().handle_websocket_upgrade(event)

    @property
    def due(self) -> float:
        """When it will be given up: an idle one at any time, never while it is being answered."""
        if self._late is not None:
            return self._late.when()
        return 0.0 if self.conn.our_state is h11.IDLE else float("inf")

    def give_up(self) -> None:
        """Close the connection at once."""
        self._unwatch()
        self.transport.abort()

    def _watch(self) -> None:
        """Wait for the rest of a request, or for no more of one that is whole."""
        if self.conn.their_state not in (h11.IDLE, h11.SEND_BODY):
            self._unwatch()
        elif self._late is None:
            self._late = self.loop.call_later(self.request_limit_s, self.give_up)

    def _unwatch(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None
