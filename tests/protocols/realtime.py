"""Whether messages are what the official SDK knows of OpenAI's Realtime protocol."""

from __future__ import annotations

import json
from typing import Any

from openai.types.beta.realtime import realtime_server_event as beta
from openai.types.realtime.realtime_client_event import RealtimeClientEvent
from openai.types.realtime.realtime_server_event import RealtimeServerEvent
from pydantic import TypeAdapter, ValidationError

from voicetest.protocols.base import Codec, End

__all__ = ["Exchange", "valid_of_client", "valid_of_server"]

_CLIENT: TypeAdapter[Any] = TypeAdapter(RealtimeClientEvent)
_SERVER: TypeAdapter[Any] = TypeAdapter(RealtimeServerEvent)
_BETA: TypeAdapter[Any] = TypeAdapter(beta.RealtimeServerEvent)


def valid_of_client(message: bytes | str) -> dict[str, Any]:
    """A client's message, once the SDK has accepted it."""
    event: dict[str, Any] = json.loads(message)
    accepted = _CLIENT.validate_python(event)
    assert accepted.type == event["type"]
    return event


def valid_of_server(message: bytes | str) -> dict[str, Any]:
    """A server's message, once the SDK has accepted it, with the names of the beta if need be."""
    event: dict[str, Any] = json.loads(message)
    try:
        accepted = _SERVER.validate_python(event)
    except ValidationError:
        accepted = _BETA.validate_python(event)
    assert accepted.type == event["type"]
    return event


class Exchange:
    """Two ends that hear each other at once; every message is validated, and kept."""

    def __init__(self, client: Codec[bytes | str], server: Codec[bytes | str]) -> None:
        self.ends = {End.CLIENT: client, End.SERVER: server}
        self.heard: dict[End, list[Any]] = {End.CLIENT: [], End.SERVER: []}
        """The events that each end has got."""
        self.sent: list[dict[str, Any]] = []
        """Every message, in order."""
        for end in (End.SERVER, End.CLIENT):
            self._carry(end, self.ends[end].start())

    def say(self, end: End, *events: Any) -> list[str]:
        """Let one end say something; the types of all messages that followed from it."""
        before = len(self.sent)
        for event in events:
            self._carry(end, self.ends[end].encode(event))
        return [message["type"] for message in self.sent[before:]]

    def _carry(self, end: End, messages: Any) -> None:
        for message in messages:
            check = valid_of_client if end is End.CLIENT else valid_of_server
            self.sent.append(check(message))
            decoded = self.ends[end.other].decode(message)
            self.heard[end.other] += decoded.events
            self._carry(end.other, decoded.replies)
