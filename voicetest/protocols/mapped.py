"""Any protocol of JSON messages, described by examples of them: the declarative map."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, TypeAlias

from pydantic import Field

from voicetest.audio.chunk import AudioChunk, AudioFormat, Encoding
from voicetest.events import Audio, Event, Ready, Warned
from voicetest.protocols.base import Decoded, End, require
from voicetest.protocols.example import Example, compact, parse_object
from voicetest.protocols.framing import Framing
from voicetest.protocols.map_sections import Direction, Opening, Receives, Reply, Sends
from voicetest.protocols.settings import LineRate, ProtocolSettings
from voicetest.protocols.words import sound_bytes, sound_text
from voicetest.scenario.values import Flag

__all__ = ["Mapped", "MessageMap"]

Message: TypeAlias = bytes | str

_WARNINGS = 3
"""How many kinds of messages without a meaning are told of."""
_SHOWN = 100


class MessageMap(ProtocolSettings):
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
    on_open: tuple[Opening, ...] = Field(
        (), description="Messages that are sent when the line opens, in order."
    )
    sends: Sends = Field(description="What the caller says to the agent, by examples.")
    receives: Receives = Field(description="What the agent says to the caller, by examples.")
    replies: tuple[Reply, ...] = Field(
        (), description="Messages that are answered at once: `to` and `send`."
    )

    def codec(self, end: End) -> Mapped:
        """A codec for one connection."""
        return Mapped(end, self)


class Mapped:
    """One connection that speaks as a map says."""

    jitter_s = 0.0

    def __init__(self, end: End, spoken: MessageMap) -> None:
        self.end = end
        self.hears = AudioFormat(spoken.encoding, spoken.rate)
        self.speaks = AudioFormat(
            spoken.agent_encoding or spoken.encoding, spoken.agent_rate or spoken.rate
        )
        self.continuous = spoken.silence
        self.paced = spoken.paced
        of_caller, of_agent = _kinds(spoken.sends), _kinds(spoken.receives)
        self.sends = of_caller if end is End.CLIENT else of_agent
        self.receives = of_agent if end is End.CLIENT else of_caller
        self._map = spoken
        self._mine: Direction = spoken.sends if end is End.CLIENT else spoken.receives
        self._theirs: Direction = spoken.receives if end is End.CLIENT else spoken.sends
        self._framing = Framing(self.speaks if end is End.CLIENT else self.hears)
        self._unknown: set[frozenset[str]] = set()
        """The keys of messages that meant nothing; one of each kind is told of."""
        if end is End.CLIENT and spoken.receives.ready is not None:
            self.receives |= {Ready}

    def start(self) -> Sequence[Message]:
        """What the caller opens with, or the agent's word that it is ready."""
        if self.end is End.CLIENT:
            return [compact(message) for message in self._map.on_open]
        ready = self._map.receives.examples("ready")
        return [compact(ready[0].fill({"session": "simulated"}))] if ready else []

    def encode(self, event: Event) -> Sequence[Message]:
        """One message; none for empty sound, or for the words of a party that the map leaves out.

        Raises CannotSend for an event outside `sends`.
        """
        require(event, self.sends)
        if isinstance(event, Audio):
            return self._encode_sound(event.chunk.data)
        for name, word in self._mine.words.items():
            examples = self._mine.examples(name)
            if examples and type(event) is word.kind and word.applies(event):
                return [compact(examples[0].fill(word.values(event)))]
        return ()

    def _encode_sound(self, data: bytes) -> Sequence[Message]:
        if not data:
            return ()
        if self._mine.audio.binary:
            return (data,)
        return (compact(self._mine.audio.messages[0].fill({"audio": sound_text(data)})),)

    def decode(self, message: Message) -> Decoded[Message]:
        """Whatever the message says by any example; text that is no JSON object is refused."""
        if isinstance(message, bytes) and self._theirs.audio.binary:
            return Decoded(tuple(self._sound(message)))
        value = parse_object(message)
        events = tuple(self._events(value))
        replies = tuple(self._replies(value)) if self.end is End.CLIENT else ()
        if events or replies or self._expected(value):
            return Decoded(events, replies)
        return Decoded(tuple(self._warned(value)))

    def _events(self, value: Mapping[str, Any]) -> Iterable[Event]:
        for found in _first(self._theirs.audio.messages, value):
            yield from self._sound(sound_bytes(found["audio"]))
        for name, word in self._theirs.words.items():
            for found in _first(self._theirs.examples(name), value):
                yield word.event(found)
        if Ready in self.receives:
            for found in _first(self._map.receives.examples("ready"), value):
                yield Ready(str(found.get("session", "")), self.speaks, self.hears)

    def _sound(self, data: bytes) -> Iterable[Audio]:
        chunk: AudioChunk | None = self._framing.join(data)
        if chunk is not None:
            yield Audio(chunk)

    def _replies(self, value: Mapping[str, Any]) -> Iterable[Message]:
        for reply in self._map.replies:
            for found in _first(reply.to.messages, value):
                yield compact(Example.of(reply.send).fill(found))

    def _expected(self, value: Mapping[str, Any]) -> bool:
        """Whether the map knows this message, though it says nothing."""
        known = (
            [*self._map.on_open, *(reply.send for reply in self._map.replies)]
            if self.end is End.SERVER
            else []
        )
        sound = _first(self._theirs.audio.messages, value)
        return bool(sound) or any(Example.of(message).read(value) for message in known)

    def _warned(self, value: Mapping[str, Any]) -> Iterable[Warned]:
        kind = frozenset(value) | {str(value.get("type"))}
        if kind in self._unknown or len(self._unknown) >= _WARNINGS:
            return
        self._unknown.add(kind)
        text = compact(value)
        shown = text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
        yield Warned(f"the protocol map has no use for {shown}; messages like it are ignored")


def _first(examples: Iterable[Example], value: Mapping[str, Any]) -> Sequence[dict[str, Any]]:
    """What the first example that a message is like reads in it; empty if it is like none."""
    return next((found for example in examples if (found := example.read(value))), ())


def _kinds(direction: Direction) -> frozenset[type[Event]]:
    """What can be said by the keys that are there; the user's words alone are no transcript."""
    named = {
        word.kind
        for name, word in direction.words.items()
        if direction.examples(name) and name != "user_transcript"
    }
    return frozenset({Audio, *named})
