"""The data channel of a Pipecat bot on SmallWebRTCTransport: signs of life, RTVI, renegotiation.

A bot that was pinged once takes three seconds without a ping for the end of the call.

Facts are those of pipecat-ai 1.14.0.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from voicetest.events import Event, Hangup, Ping, Status
from voicetest.protocols.base import Decoded, End, require
from voicetest.protocols.example import compact, parse_object
from voicetest.protocols.media_line import WIRES
from voicetest.protocols.rtvi import Message as Json
from voicetest.protocols.rtvi import Rtvi

__all__ = ["RENEGOTIATE", "PipecatChannel"]

_PING = "ping"
RENEGOTIATE = Status("renegotiate")
"""The bot wants another offer for the same connection."""
_SIGNALLING = "signalling"
_FROM_CLIENT: frozenset[type[Event]] = frozenset({Ping})
_FROM_BOT: frozenset[type[Event]] = frozenset({Hangup, Status})


class PipecatChannel:
    """One data channel at one end; without `rtvi` the bot tells nothing of the conversation."""

    def __init__(self, end: End, *, rtvi: bool = True) -> None:
        wire = WIRES["opus"]
        self._rtvi = Rtvi(end, wire, wire) if rtvi else None
        told = frozenset[type[Event]]() if self._rtvi is None else self._rtvi.sends
        heard = frozenset[type[Event]]() if self._rtvi is None else self._rtvi.receives
        client = end is End.CLIENT
        self.sends = told | (_FROM_CLIENT if client else _FROM_BOT)
        self.receives = heard | (_FROM_BOT if client else _FROM_CLIENT)

    def start(self) -> Sequence[bytes | str]:
        """With RTVI the client says that it is ready."""
        return _texts(self._rtvi.start()) if self._rtvi else ()

    def encode(self, event: Event) -> Sequence[bytes | str]:
        """The messages that say `event`; raises CannotSend for an event outside `sends`."""
        require(event, self.sends)
        match event:
            case Ping():
                return (_PING,)
            case Hangup():
                return (_signal("peerLeft"),)
            case Status(text):
                return (_signal(text),)
            case _:
                return _texts(self._rtvi.encode(event)) if self._rtvi else ()

    def decode(self, message: bytes | str) -> Decoded[bytes | str]:
        """What `message` means; raises ProtocolError for text that is neither JSON nor a ping."""
        if isinstance(message, str) and message.startswith(_PING):
            return Decoded((Ping(""),))
        value = parse_object(message)
        if value.get("type") == _SIGNALLING:
            return Decoded(_of_signal(value.get("message")))
        if self._rtvi is None:
            return Decoded()
        decoded = self._rtvi.decode(value)
        return Decoded(decoded.events, tuple(_texts(decoded.replies)))


def _of_signal(message: Any) -> tuple[Event, ...]:
    match message:
        case {"type": "peerLeft"}:
            return (Hangup(reason="the bot left"),)
        case {"type": "renegotiate"}:
            return (RENEGOTIATE,)
        case _:
            return ()


def _signal(kind: str) -> str:
    return compact({"type": _SIGNALLING, "message": {"type": kind}})


def _texts(messages: Sequence[Json]) -> Sequence[str]:
    return [compact(message) for message in messages]
