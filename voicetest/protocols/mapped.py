"""Any protocol of JSON messages, described by examples of them: the declarative map."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from secrets import token_hex
from typing import Any, ClassVar, TypeAlias

from pydantic import Field

from voicetest.audio.chunk import AudioChunk, AudioFormat, Encoding
from voicetest.events import Audio, Event, Ignored
from voicetest.protocols.alike import Alike
from voicetest.protocols.base import Decoded, End, require
from voicetest.protocols.example import Example, compact, object_in
from voicetest.protocols.framing import Framing
from voicetest.protocols.map_sections import Receives, Sends
from voicetest.protocols.mapped_events import EventMap, MappedEvents, cut, first_like
from voicetest.protocols.nearness import written
from voicetest.protocols.settings import LineRate, ProtocolSettings
from voicetest.protocols.shape import shape_of
from voicetest.protocols.words import sound_bytes, sound_text
from voicetest.scenario.values import Flag

__all__ = ["Mapped", "MessageMap"]

Message: TypeAlias = bytes | str


class MessageMap(EventMap, ProtocolSettings):
    """A protocol of JSON messages; the keys of a message that an example lacks do not matter."""

    summary: ClassVar[str] = "a protocol of JSON messages that the scenario describes"

    encoding: Encoding = Field(
        Encoding.PCM16, description="How one sample is written: pcm16 (little-endian), mulaw, alaw."
    )
    rate: LineRate = Field(24_000, description="Samples a second, both ways.")
    agent_encoding: Encoding | None = Field(
        None, description="How the agent's samples are written, if in another way."
    )
    agent_rate: LineRate | None = Field(
        None, description="Samples a second of the agent, if it has another rate."
    )
    paced: Flag = Field(
        False, description="Whether the agent sends its sound in real time, not as fast as it can."
    )
    silence: Flag = Field(
        True, description="Whether silence is sent while the user does not speak."
    )
    sends: Sends = Field(description="What the caller says to the agent, by examples.")
    receives: Receives = Field(description="What the agent says to the caller, by examples.")

    def codec(self, end: End) -> Mapped:
        """A codec for one connection."""
        return Mapped(end, self)


class Mapped(MappedEvents):
    """One connection that speaks as a map says."""

    def __init__(self, end: End, spoken: MessageMap) -> None:
        hears = AudioFormat(spoken.encoding, spoken.rate)
        speaks = AudioFormat(
            spoken.agent_encoding or spoken.encoding, spoken.agent_rate or spoken.rate
        )
        sounds = (spoken.sends.audio, spoken.receives.audio)
        self._my_sound, self._their_sound = sounds if end is End.CLIENT else sounds[::-1]
        super().__init__(end, spoken, speaks, hears)
        self.continuous = spoken.silence
        self.paced = spoken.paced
        self.sends |= {Audio}
        self.receives |= {Audio}
        self._framing = Framing(speaks if end is End.CLIENT else hears)
        self._alike = Alike()
        self._around = () if self._my_sound.binary else _around(self._my_sound.messages[0])
        """What stands before, between and after the places of my sound in a message."""

    def encode(self, event: Event) -> Sequence[Message]:
        """One message; none for empty sound, or for the words of a party that the map leaves out.

        Raises CannotSend for an event outside `sends`.
        """
        require(event, self.sends)
        return (
            self._encode_sound(event.chunk.data)
            if isinstance(event, Audio)
            else super().encode(event)
        )

    def _encode_sound(self, data: bytes) -> Sequence[Message]:
        if not data:
            return ()
        if self._my_sound.binary:
            return (data,)
        return (sound_text(data).join(self._around),)

    def decode(self, message: Message) -> Decoded[Message]:
        """Whatever the message says by any example; text that is no JSON object is refused."""
        if isinstance(message, str):
            sound = self._alike.sound(message)
            if sound is not None:
                return Decoded(tuple(self._sound(sound)))
            decoded = super().decode(message)
            match decoded:
                case Decoded(events=(Audio(chunk),), replies=()) if self._alike.learns:
                    self._alike.learn(message, sound_text(chunk.data))
            return decoded
        value = object_in(message)
        if value is not None:
            return self._read(value)
        if self._their_sound.binary:
            return Decoded(tuple(self._sound(message)))
        known = ", ".join(written(example.body) for example in self._their_sound.messages)
        why = f"fit nothing: the map's sound is {known}; if they are samples, write 'audio: binary'"
        return Decoded((Ignored(shape_of(message), cut(why)),))

    def _examples(self) -> Iterable[tuple[str, Example]]:
        return [
            *(("audio", example) for example in self._their_sound.messages),
            *super()._examples(),
        ]

    def _events(self, value: Mapping[str, Any]) -> Iterable[Event]:
        for found in first_like(self._their_sound.messages, value):
            yield from self._sound(sound_bytes(found["audio"]))
        yield from super()._events(value)

    def _expected(self, value: Mapping[str, Any]) -> bool:
        sound = first_like(self._their_sound.messages, value)
        return bool(sound) or super()._expected(value)

    def _sound(self, data: bytes) -> Iterable[Audio]:
        chunk: AudioChunk | None = self._framing.join(data)
        if chunk is not None:
            yield Audio(chunk)


def _around(example: Example) -> Sequence[str]:
    mark = token_hex(16)
    return compact(example.fill({"audio": mark})).split(mark)
