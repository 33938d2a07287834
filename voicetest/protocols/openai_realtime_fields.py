"""The fields of Realtime events, read with a clear error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from voicetest.audio.chunk import INTERNAL
from voicetest.errors import ProtocolError
from voicetest.protocols.example import quoted

__all__ = ["LEGACY_NAMES", "SHORTEST_COMMIT", "as_text", "part", "text_of"]

SHORTEST_COMMIT = INTERNAL.rate // 10 * INTERNAL.frame_bytes
"""Bytes; the platform refuses to commit less than 100 ms."""
LEGACY_NAMES: Mapping[str, str] = {
    "response.audio.delta": "response.output_audio.delta",
    "response.audio.done": "response.output_audio.done",
    "response.audio_transcript.delta": "response.output_audio_transcript.delta",
    "response.audio_transcript.done": "response.output_audio_transcript.done",
    "response.text.delta": "response.output_text.delta",
    "response.text.done": "response.output_text.done",
    "conversation.item.created": "conversation.item.added",
}
"""Names of the beta that models have been seen to use still, with those of today."""


def as_text(message: bytes | str) -> str:
    """The text of a message, which some servers send as bytes."""
    if isinstance(message, str):
        return message
    try:
        return message.decode()
    except UnicodeDecodeError:
        raise ProtocolError(f"the peer sent {len(message)} bytes that are no text") from None


def part(kind: str, event: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A field that must be an object."""
    found = event.get(name)
    if not isinstance(found, dict):
        raise ProtocolError(f"the peer sent {quoted(kind)} without its {quoted(name)}")
    return found


def text_of(kind: str, event: Mapping[str, Any], name: str) -> str:
    """A field that must be a text."""
    text = event.get(name)
    if not isinstance(text, str):
        raise ProtocolError(f"the peer sent {quoted(kind)} without a text as its {quoted(name)}")
    return text
