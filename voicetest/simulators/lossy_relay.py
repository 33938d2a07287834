"""A bad network between two peers on this machine: it loses packets of sound."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random
from typing import Any, cast

__all__ = ["lossy_relay", "without_candidates"]

_HOST = "127.0.0.1"
_CANDIDATE = re.compile(r"(a=candidate:\S+ 1 udp \d+ )(\S+) (\d+)( typ host)", re.IGNORECASE)
_MEDIA = range(128, 192)
"""The first byte of a packet of sound or a report on it (RFC 7983 §7)."""
_SEED = 1


def without_candidates(offer: str) -> str:
    """An offer whose maker is found only by what it sends itself."""
    hidden = ("a=candidate:", "a=end-of-candidates")
    return "".join(line for line in offer.splitlines(keepends=True) if not line.startswith(hidden))


@asynccontextmanager
async def lossy_relay(answer: str, share: float) -> AsyncIterator[str]:
    """The answer of a peer that is reached only through here; this share of sound is lost."""
    found = _CANDIDATE.search(answer)
    if found is None:
        raise ValueError("the answer has no candidate")
    loop = asyncio.get_running_loop()
    drop = Random(_SEED)
    inner, inside = await loop.create_datagram_endpoint(
        lambda: _Side(drop, share), remote_addr=(found[2], int(found[3]))
    )
    outer, outside = await loop.create_datagram_endpoint(
        lambda: _Side(drop, share), local_addr=(_HOST, 0)
    )
    inside.other, outside.other = outside, inside
    port = outer.get_extra_info("sockname")[1]
    try:
        yield _CANDIDATE.sub(rf"\g<1>{_HOST} {port}\g<4>", answer)
    finally:
        inner.close()
        outer.close()


class _Side(asyncio.DatagramProtocol):
    """One of two sockets; what comes in at one leaves at the other."""

    def __init__(self, drop: Random, share: float) -> None:
        self._drop = drop
        self._share = share
        self._transport: asyncio.DatagramTransport | None = None
        """Set when the socket is there."""
        self._peer: tuple[Any, ...] | None = None
        """Who sent last, where the socket is not connected to anybody."""
        self.other: _Side | None = None
        """Set when both are there."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        self._peer = addr
        lost = data[:1] and data[0] in _MEDIA and self._drop.random() < self._share
        if self.other is not None and not lost:
            self.other.send(data)

    def send(self, data: bytes) -> None:
        """Let a packet leave here, if it is known where to."""
        if self._transport is None:
            return
        if self._transport.get_extra_info("peername") is not None:
            self._transport.sendto(data)
        elif self._peer is not None:
            self._transport.sendto(data, self._peer)
