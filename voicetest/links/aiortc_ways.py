"""How our own peer connections differ from what aiortc does: those of others stay as they are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import Enum, auto
from typing import Any

from aioice import ice
from aiortc import MediaStreamTrack, RTCRtpReceiver, RTCRtpSender, rtcpeerconnection, rtcrtpreceiver
from aiortc.jitterbuffer import JitterBuffer
from aiortc.rtcrtpreceiver import RemoteStreamTrack

from voicetest.links.prompt_media import DeafBuffer, OpenTrack, PromptReceiver, PromptSender

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


_usual_addresses = ice.get_host_addresses


def _addresses(use_ipv4: bool, use_ipv6: bool) -> list[str]:
    match _reach.get():
        case Reach.LOOPBACK:
            return [LOOPBACK]
        case Reach.ANYWHERE:
            return [LOOPBACK, *_usual_addresses(use_ipv4, use_ipv6)]
        case _:
            return _usual_addresses(use_ipv4, use_ipv6)


def _ours(kind: str) -> bool:
    return _reach.get() is not None and kind == "audio"


def _buffer(capacity: int, prefetch: int = 0, is_video: bool = False) -> JitterBuffer:
    ours = _ours("video" if is_video else "audio")
    return (DeafBuffer if ours else JitterBuffer)(capacity, prefetch, is_video)


def _receiver(kind: str, transport: Any) -> RTCRtpReceiver:
    return (PromptReceiver if _ours(kind) else RTCRtpReceiver)(kind, transport)


def _sender(sends: MediaStreamTrack | str, transport: Any) -> RTCRtpSender:
    kind = sends if isinstance(sends, str) else sends.kind
    return (PromptSender if _ours(kind) else RTCRtpSender)(sends, transport)


def _track(kind: str, id: str | None = None) -> RemoteStreamTrack:  # noqa: A002  # aiortc's name
    return (OpenTrack if _ours(kind) else RemoteStreamTrack)(kind, id)


# None can be chosen where a connection is made, so all look at who asks.
ice.get_host_addresses = _addresses
rtcrtpreceiver.JitterBuffer = _buffer  # type: ignore[attr-defined, assignment]
rtcpeerconnection.RTCRtpReceiver = _receiver  # type: ignore[attr-defined, assignment]
rtcpeerconnection.RTCRtpSender = _sender  # type: ignore[attr-defined, assignment]
rtcpeerconnection.RemoteStreamTrack = _track  # type: ignore[attr-defined, assignment]
