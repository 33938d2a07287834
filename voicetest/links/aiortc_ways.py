"""How our own peer connections differ from what aiortc does: those of others stay as they are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import Enum, auto

from aioice import ice
from aiortc import rtcrtpreceiver
from aiortc.jitterbuffer import MAX_MISORDER, JitterBuffer, JitterFrame
from aiortc.rtp import RtpPacket
from aiortc.utils import uint16_add, uint16_gt

__all__ = ["Reach", "our_way"]

LOOPBACK = "127.0.0.1"


class Reach(Enum):
    """At which addresses of this machine the far side can send its sound to us."""

    NETWORK = auto()
    """Those of the network, as aiortc has it."""
    ANYWHERE = auto()
    """Those and the loopback, for an agent that may be on this machine."""
    LOOPBACK = auto()
    """The loopback alone."""


_reach: ContextVar[Reach | None] = ContextVar("reach", default=None)
"""Set while a connection of ours gets its parts."""


@contextmanager
def our_way(reach: Reach) -> Iterator[None]:
    """What aiortc sets up inside the block, in this task, is ours."""
    token = _reach.set(reach)
    try:
        yield
    finally:
        _reach.reset(token)


class PromptBuffer(JitterBuffer):
    """Hands every packet on as it comes; one that comes after its successor is left out.

    aiortc's own holds 80 ms back, and from the first lost packet on 300 ms, yet evens nothing out.
    """

    def __init__(self, capacity: int, prefetch: int = 0, is_video: bool = False) -> None:
        super().__init__(capacity, prefetch, is_video)
        self._latest: int | None = None
        """The number of the packet that was handed on last."""

    def add(self, packet: RtpPacket) -> tuple[bool, JitterFrame | None]:
        """The frame of sound that a packet is, unless it is too late or empty."""
        number = packet.sequence_number
        if not packet.payload or (self._latest is not None and self._too_late(number)):
            return False, None
        self._latest = number
        return False, JitterFrame(packet.payload, packet.timestamp)

    def _too_late(self, number: int) -> bool:
        if self._latest is None or uint16_gt(number, self._latest):
            return False
        return uint16_add(self._latest, -number) < MAX_MISORDER  # else numbers begin anew


_usual_addresses = ice.get_host_addresses


def _addresses(use_ipv4: bool, use_ipv6: bool) -> list[str]:
    match _reach.get():
        case Reach.LOOPBACK:
            return [LOOPBACK]
        case Reach.ANYWHERE:
            return [LOOPBACK, *_usual_addresses(use_ipv4, use_ipv6)]
        case _:
            return _usual_addresses(use_ipv4, use_ipv6)


def _buffer(capacity: int, prefetch: int = 0, is_video: bool = False) -> JitterBuffer:
    kind = JitterBuffer if is_video or _reach.get() is None else PromptBuffer
    return kind(capacity, prefetch, is_video)


# Neither can be chosen where a connection is made, so both look at who asks.
ice.get_host_addresses = _addresses
rtcrtpreceiver.JitterBuffer = _buffer  # type: ignore[attr-defined, assignment]
