"""What a session description (SDP, RFC 8866) says of the sound of a call."""

from __future__ import annotations

from aiortc.exceptions import (
    InternalError,
    InvalidAccessError,
    InvalidStateError,
    OperationError,
)
from aiortc.sdp import SessionDescription

from voicetest.errors import ProtocolError
from voicetest.protocols.media_line import WIRES

__all__ = ["REFUSED", "codec_of"]

REFUSED = (
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    AssertionError,
    InternalError,
    InvalidAccessError,
    InvalidStateError,
    OperationError,
)
"""How aiortc takes a description that it cannot read or that does not fit the other one."""
_WANTED = {
    "sendonly": "it does not want to hear the user",
    "recvonly": "it has no sound of its own",
    "inactive": "it switches sound off both ways",
}


def codec_of(text: str, whose: str) -> str:
    """The codec in which sound travels both ways, as a key of WIRES.

    Raises ProtocolError, which names `whose` description it is, if sound does not travel.
    """
    try:
        media = SessionDescription.parse(text).media
    except REFUSED as error:
        raise ProtocolError(f"{whose} is no session description that can be read") from error
    sound = next((found for found in media if found.kind == "audio"), None)
    if sound is None or not sound.port:
        raise ProtocolError(f"{whose} has no sound: no 'm=audio' that is switched on")
    if sound.direction in _WANTED:
        raise ProtocolError(f"{whose} has no sound both ways: {_WANTED[sound.direction]}")
    names = [codec.name.lower() for codec in sound.rtp.codecs]
    codec = next((name for name in names if name in WIRES), None)
    if codec is None:
        raise ProtocolError(f"{whose} has no codec that is known: {', '.join(names) or 'none'}")
    return codec
