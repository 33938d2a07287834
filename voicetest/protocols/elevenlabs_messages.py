"""What both ends of an ElevenLabs conversation know of its messages.

Wire facts: the AsyncAPI of ElevenLabs Agents and elevenlabs-python 2.78.0. The payload of a message
stands under a key of its own, which often differs from its type.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

from voicetest.audio.chunk import AudioChunk, AudioFormat, Encoding
from voicetest.errors import ProtocolError
from voicetest.events import (
    Audio,
    Cleared,
    Event,
    Failed,
    Hangup,
    Text,
    ToolCalled,
    ToolResult,
    Transcript,
    UserTurnEnded,
)
from voicetest.protocols.base import Unworkable
from voicetest.protocols.example import quoted
from voicetest.protocols.framing import whole_samples
from voicetest.protocols.words import sound_bytes

__all__ = [
    "ENDED",
    "END_CALL",
    "FROM_AGENT",
    "INITIATION",
    "METADATA",
    "PAYLOADS",
    "USUAL",
    "Payload",
    "TurnCommit",
    "from_user",
    "silence",
    "sound",
    "wire_format",
    "wire_name",
]

Json: TypeAlias = Mapping[str, Any]
Events: TypeAlias = frozenset[type[Event]]

INITIATION = "conversation_initiation_client_data"
METADATA = "conversation_initiation_metadata"

END_CALL = "end_call"
"""The system tool with which the agent hangs up; official clients leave when it has run."""
ENDED = "the agent ended the call"
"""What that says of the end of the call."""

PAYLOADS: Mapping[str, str] = {
    METADATA: "conversation_initiation_metadata_event",
    "ping": "ping_event",
    "audio": "audio_event",
    "agent_response": "agent_response_event",
    "agent_response_correction": "agent_response_correction_event",
    "user_transcript": "user_transcription_event",
    "interruption": "interruption_event",
    "client_tool_call": "client_tool_call",
    "agent_tool_response": "agent_tool_response",
    "error": "error_event",
}
"""Where the payload stands in a message of the agent, by type; other types mean nothing here."""

USUAL = AudioFormat(Encoding.PCM16, 24_000)
"""The format of either direction until the agent announces its own."""

FROM_AGENT: Events = frozenset({Audio, Cleared, Transcript, ToolCalled, Failed, Hangup})

_PCM_RATES = (8_000, 16_000, 22_050, 24_000, 44_100, 48_000)
_FORMATS: Mapping[str, AudioFormat] = {
    **{f"pcm_{rate}": AudioFormat(Encoding.PCM16, rate) for rate in _PCM_RATES},
    "ulaw_8000": AudioFormat(Encoding.MULAW, 8_000),
}


class TurnCommit(StrEnum):
    """How the agent learns that the user has finished."""

    AUDIO = "audio"
    """A live microphone, silence included: the agent hears it."""
    TEXT = "text"
    """Typed messages in place of sound."""
    SILENCE = "silence"
    """The speech of a turn at once, and a little silence after it."""


def from_user(commit: TurnCommit) -> Events:
    """What the user's end says."""
    match commit:
        case TurnCommit.AUDIO:
            return frozenset({Audio, Text, ToolResult})
        case TurnCommit.TEXT:
            return frozenset({Text, ToolResult})
        case TurnCommit.SILENCE:
            return frozenset({Audio, Text, ToolResult, UserTurnEnded})


def wire_format(name: object) -> AudioFormat:
    """The format of that name; raises Unworkable for one that does not exist."""
    found = _FORMATS.get(name) if isinstance(name, str) else None
    if found is None:
        shown = quoted(name) if isinstance(name, str) else "something else than a name"
        raise Unworkable(
            f"the peer announces {shown} as the format of sound; there is: {', '.join(_FORMATS)}"
        )
    return found


def wire_name(wire: AudioFormat) -> str:
    """The platform's name of a format; raises ValueError for one that it does not have."""
    for name, known in _FORMATS.items():
        if known == wire:
            return name
    raise ValueError(f"the platform has no sound in {wire}")


def silence(size: int, wire: AudioFormat) -> bytes:
    """So many bytes of digital silence: zeros, but 0xFF in µ-law, where zero is the loudest."""
    return (b"\0" if wire.encoding is Encoding.PCM16 else b"\xff") * size


def sound(value: object, wire: AudioFormat) -> AudioChunk | None:
    """The sound of a base64 text, a last half sample left out; None if nothing is left."""
    chunk = whole_samples(sound_bytes(value), wire)
    return chunk if chunk.data else None


@dataclass(frozen=True)
class Payload:
    """What a message says besides its type."""

    kind: str
    fields: Json

    @classmethod
    def of(cls, message: Json, kind: str, key: str | None = None) -> Payload:
        """What stands under `key`, or the message itself; raises ProtocolError if it is no object.

        `kind` is the name of the message for people.
        """
        fields = message if key is None else message.get(key)
        if not isinstance(fields, dict):
            raise ProtocolError(f"the peer sent '{kind}' without its '{key}'")
        return cls(kind, fields)

    def text(self, key: str) -> str:
        """A text that must be there; raises ProtocolError otherwise."""
        value = self.fields.get(key)
        if not isinstance(value, str):
            raise ProtocolError(f"the peer sent '{self.kind}' without a text as its '{key}'")
        return value

    @property
    def event_id(self) -> int | None:
        """The number of what this is about; old servers give none."""
        match self.fields.get("event_id"):
            case bool():
                return None
            case int(number):
                return number
            case str(digits) if digits.isascii() and digits.isdigit() and len(digits) < 20:
                return int(digits)
            case _:
                return None
