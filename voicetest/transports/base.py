"""What every transport is: it moves whole messages and knows nothing of their meaning."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Protocol, TypeVar, runtime_checkable

__all__ = [
    "GOING_AWAY",
    "KEPT_ALIVE",
    "LARGEST_MESSAGE",
    "NORMAL_CLOSE",
    "Dial",
    "Immediate",
    "KeepAlive",
    "PeerFault",
    "Prompt",
    "Transport",
    "TransportClosed",
    "Upgrade",
    "is_this_machine",
]

M = TypeVar("M")
M_co = TypeVar("M_co", covariant=True)
M_contra = TypeVar("M_contra", contravariant=True)

NORMAL_CLOSE = 1000
"""The close code of a connection that ended as intended (RFC 6455 §7.4.1)."""
GOING_AWAY = 1001
"""The code of an end that stops, with or without the conversation (RFC 6455 §7.4.1)."""
LARGEST_MESSAGE = 16 << 20
"""Bytes that a message of a peer may have: 16 MB, five minutes of sound at 24 kHz."""


@dataclass(frozen=True)
class KeepAlive:
    """How it is found out that a far side is gone which never said so; times in seconds."""

    interval: float | None = 20.0
    """From one ping to the next; None: none is sent, and silence then proves nothing."""
    limit: float | None = 60.0
    """Without anything for so long, be it sound, a message or the answer to a ping, the far side is
    gone; None: never."""

    @property
    def patience(self) -> float | None:
        """How long nothing may come, if that is any sign: whoever is not asked may be silent."""
        return None if self.interval is None else self.limit


KEPT_ALIVE = KeepAlive()
"""As it is unless a scenario says otherwise."""


class TransportClosed(Exception):
    """The connection is over; `code` is a WebSocket close code, `reason` the peer's own words."""

    def __init__(self, code: int = NORMAL_CLOSE, reason: str = "") -> None:
        super().__init__(f"{code} {reason}".rstrip())
        self.code = code
        self.reason = reason


class PeerFault(TransportClosed):
    """This end closed the connection, for what the peer did: `reason` says what in plain words."""


class Transport(Protocol[M]):
    """Whole messages, in order, until closed."""

    async def send(self, message: M) -> None:
        """Hand over one message; raises TransportClosed when the connection is over."""

    async def receive(self) -> M:
        """The next message; raises TransportClosed when there will be none."""

    async def close(self, code: int = NORMAL_CLOSE, reason: str = "") -> None:
        """End the connection; closing twice changes nothing."""


@runtime_checkable
class Immediate(Protocol[M_contra]):
    """A transport that takes messages without anybody waiting."""

    def put(self, message: M_contra) -> None:
        """As `send`, at once."""


@runtime_checkable
class Prompt(Protocol[M_co]):
    """A transport that says at once when a message came, to one listener."""

    def tell(self, arrived: Callable[[], None] | None) -> None:
        """Call `arrived` whenever messages came, and at the end; nobody any more if it is None.

        Nobody may be receiving meanwhile.
        """

    def taken(self) -> M_co | None:
        """The next message that is here; None if there is none."""

    @property
    def over(self) -> bool:
        """Whether nothing more comes, and all was taken; `receive` says how it ended."""


@dataclass(frozen=True)
class Upgrade:
    """What a client asks for when it connects; names of headers are in lower case."""

    path: str
    """Path and query."""
    headers: Mapping[str, str]


class Dial(Protocol):
    """Opens connections to addresses, over the network or in memory."""

    def __call__(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = ...,
        subprotocols: Sequence[str] = ...,
        keep_alive: KeepAlive = ...,
    ) -> AbstractAsyncContextManager[Transport[bytes | str]]:
        """A WebSocket to `url`, open inside the block; raises ConnectionFailed."""


def is_this_machine(host: str) -> bool:
    """Whether a host is the loopback of this machine, by name or address."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
