"""Samples and nothing else: binary messages both ways, as many home-made agents speak.

Optionally the caller says in JSON that it has finished or wants the agent to stop.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, ClassVar, TypeAlias

from pydantic import Field

from voicetest.audio.chunk import AudioFormat, Encoding
from voicetest.events import Audio, Event, Ignored, Interrupted, UserTurnEnded
from voicetest.protocols.base import Decoded, End, require
from voicetest.protocols.example import compact, object_in
from voicetest.protocols.framing import Framing
from voicetest.protocols.json_text import read_json
from voicetest.protocols.settings import LineRate, ProtocolSettings
from voicetest.protocols.shape import shape_of
from voicetest.scenario.values import Flag

__all__ = ["RawPcm", "RawPcmSettings"]

Message: TypeAlias = bytes | str
Events: TypeAlias = frozenset[type[Event]]

_NO_USE = "mean nothing to raw_pcm, which has sound in binary messages and nothing else"

_MEANINGS: dict[str, Event] = {"end_of_turn": UserTurnEnded(), "interrupt": Interrupted()}
_TYPES = {type(event): kind for kind, event in _MEANINGS.items()}
_AUDIO: Events = frozenset({Audio})


class RawPcmSettings(ProtocolSettings):
    """Samples in binary messages."""

    summary: ClassVar[str] = "samples in binary messages, and nothing else"

    rate: LineRate = Field(24_000, description="Samples a second, both ways.")
    encoding: Encoding = Field(
        Encoding.PCM16, description="How one sample is written: pcm16 (little-endian), mulaw, alaw."
    )
    paced: Flag = Field(
        False, description="Whether the agent sends its sound in real time, not as fast as it can."
    )
    silence: Flag = Field(
        True, description="Whether silence is sent while the user does not speak."
    )
    events: Flag = Field(
        False,
        description='Whether the agent is told {"type": "end_of_turn"} and {"type": "interrupt"}.',
    )

    def codec(self, end: End) -> RawPcm:
        """A codec for one connection."""
        return RawPcm(
            end,
            self.rate,
            self.encoding,
            events=self.events,
            paced=self.paced,
            continuous=self.silence,
        )


class RawPcm:
    """One connection; a sample that is split between two messages is put together again."""

    jitter_s = 0.0
    hears_between_turns = True

    def __init__(
        self,
        end: End,
        rate: int = 24_000,
        encoding: Encoding = Encoding.PCM16,
        channels: int = 1,
        *,
        events: bool = False,
        paced: bool = False,
        continuous: bool = True,
    ) -> None:
        """Sound both ways at `rate` hertz; `events` adds the two JSON messages of the caller."""
        self.end = end
        self.speaks = AudioFormat(encoding, rate, channels)
        self.hears = self.speaks
        self.paced = paced
        self.continuous = continuous
        of_caller = _AUDIO | _TYPES.keys() if events else _AUDIO
        self.sends, self.receives = (
            (of_caller, _AUDIO) if end is End.CLIENT else (_AUDIO, of_caller)
        )
        self._framing = Framing(self.speaks)

    def start(self) -> Sequence[Message]:
        """Nothing has to be said before the first sample."""
        return ()

    def encode(self, event: Event) -> Sequence[Message]:
        """One message, none for empty sound; raises CannotSend for an event outside `sends`."""
        require(event, self.sends)
        if isinstance(event, Audio):
            return (event.chunk.data,) if event.chunk.data else ()
        return (json.dumps({"type": _TYPES[type(event)]}),)

    def decode(self, message: Message) -> Decoded[Message]:
        """The whole samples so far, or what a text means; text without meaning is ignored.

        Samples that are a whole JSON object have not been seen; JSON in binary frames has.
        """
        if isinstance(message, str):
            return self._read(message)
        found = object_in(message)
        return self._decode_sound(message) if found is None else self._read(compact(found))

    def _decode_sound(self, message: bytes) -> Decoded[Message]:
        chunk = self._framing.join(message)
        return Decoded() if chunk is None else Decoded((Audio(chunk),))

    def _read(self, message: str) -> Decoded[Message]:
        kind = _type_of(message)
        event = _MEANINGS.get(kind) if kind is not None else None
        if event is not None and type(event) in self.receives:
            return Decoded((event,))
        return Decoded((Ignored(shape_of(message), _NO_USE),))


def _type_of(message: str) -> str | None:
    """The `type` of a JSON object, or None for any other text."""
    try:
        value: Any = read_json(message)
    except ValueError:
        return None
    kind = value.get("type") if isinstance(value, dict) else None
    return kind if isinstance(kind, str) else None
