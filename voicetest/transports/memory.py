"""A connection whose two ends are in this process."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Generic, TypeVar

from voicetest.transports.base import NORMAL_CLOSE, TransportClosed

__all__ = ["MemoryTransport", "memory_pair"]

M = TypeVar("M")


class _Pipe(Generic[M]):
    """One direction: messages wait here until they are received."""

    def __init__(self) -> None:
        self.messages: deque[M] = deque()
        self.arrived = asyncio.Event()
        self.closed: TransportClosed | None = None
        """Set once, by whichever end closes first."""

    def close(self, closed: TransportClosed) -> None:
        if self.closed is None:
            self.closed = closed
            self.arrived.set()


class MemoryTransport(Generic[M]):
    """One end of the pair; what was sent before a close is still received after it."""

    def __init__(self, incoming: _Pipe[M], outgoing: _Pipe[M]) -> None:
        self._incoming = incoming
        self._outgoing = outgoing

    async def send(self, message: M) -> None:
        """Hand over one message; raises TransportClosed when the connection is over."""
        self.put(message)

    def put(self, message: M) -> None:
        """Hand over one message; raises TransportClosed when the connection is over."""
        if self._outgoing.closed is not None:
            raise self._outgoing.closed
        self._outgoing.messages.append(message)
        self._outgoing.arrived.set()

    async def receive(self) -> M:
        """The next message; raises TransportClosed when there will be none."""
        pipe = self._incoming
        while not pipe.messages:
            if pipe.closed is not None:
                raise pipe.closed
            pipe.arrived.clear()
            await pipe.arrived.wait()
        return pipe.messages.popleft()

    async def close(self, code: int = NORMAL_CLOSE, reason: str = "") -> None:
        """End the connection; closing twice changes nothing."""
        closed = TransportClosed(code, reason)
        self._incoming.close(closed)
        self._outgoing.close(closed)


def memory_pair() -> tuple[MemoryTransport[M], MemoryTransport[M]]:
    """The two ends of one connection."""
    there: _Pipe[M] = _Pipe()
    back: _Pipe[M] = _Pipe()
    return MemoryTransport(back, there), MemoryTransport(there, back)
