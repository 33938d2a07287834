"""What a line can carry whose sound is a media track, with or without messages beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from voicetest.audio.chunk import AudioFormat, Encoding
from voicetest.events import Audio, Event
from voicetest.protocols.base import Decoded

__all__ = ["LATE_SOUND_S", "WIRES", "MediaLine", "Talk"]

Events: TypeAlias = frozenset[type[Event]]

WIRES = {
    "opus": AudioFormat(Encoding.PCM16, 48_000),
    "pcmu": AudioFormat(Encoding.MULAW, 8_000),
    "pcma": AudioFormat(Encoding.ALAW, 8_000),
}
"""The sound that each codec of WebRTC carries, by its name in a session description."""


LATE_SOUND_S = 0.2
"""How far sound may come after a message that was sent with it: it waits for its 20 ms and in
buffers, and a message does not."""


class Talk(Protocol):
    """The messages of one end of a data channel: a codec of everything but sound."""

    @property
    def sends(self) -> Events:
        """The events this end can send."""

    @property
    def receives(self) -> Events:
        """The events this end can receive."""

    def start(self) -> Sequence[bytes | str]:
        """The messages that open a conversation."""

    def encode(self, event: Event) -> Sequence[bytes | str]:
        """The messages that say `event`; raises CannotSend for an event outside `sends`."""

    def decode(self, message: bytes | str) -> Decoded[bytes | str]:
        """What `message` means; raises ProtocolError for one the protocol does not allow."""


@dataclass(frozen=True)
class MediaLine:
    """A track each way in one format, in real time and without end."""

    speaks: AudioFormat = WIRES["opus"]
    hears: AudioFormat = WIRES["opus"]
    beside: tuple[Events, Events] = field(default=(frozenset(), frozenset()))
    """What is sent and received in messages."""
    continuous: bool = True
    hears_between_turns: bool = True
    paced: bool = True
    jitter_s: float = 0.0

    @classmethod
    def of(cls, codec: str, talk: Talk | None = None) -> MediaLine:
        """The line of a codec of `WIRES`, and of what is said beside the sound."""
        beside = (frozenset[type[Event]](), frozenset[type[Event]]())
        if talk is not None:
            beside = (frozenset(talk.sends), frozenset(talk.receives))
        return cls(WIRES[codec], WIRES[codec], beside)

    @property
    def sends(self) -> Events:
        """Sound, and what messages can say."""
        return self.beside[0] | {Audio}

    @property
    def receives(self) -> Events:
        """Sound, and what messages can say."""
        return self.beside[1] | {Audio}
