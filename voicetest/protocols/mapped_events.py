"""JSON messages without sound, described by examples of them: what accompanies a media track."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from pydantic import Field

from voicetest.audio.chunk import INTERNAL, AudioFormat
from voicetest.events import Event, Ignored, Ready
from voicetest.protocols.base import Decoded, End, require
from voicetest.protocols.example import Example, compact, parse_object
from voicetest.protocols.map_sections import Direction, Opening, Reply, Reports, Says
from voicetest.protocols.nearness import amiss, constants, written
from voicetest.protocols.shape import shape_of
from voicetest.scenario.section import Section

__all__ = ["EventMap", "MappedEvents", "cut", "first_like"]

Message: TypeAlias = bytes | str

_LONGEST_WHY = 400
"""Characters of what is amiss with a message."""


class EventMap(Section):
    """What is said beside the sound; the keys of a message that an example lacks do not matter."""

    on_open: tuple[Opening, ...] = Field(
        (), description="Messages that are sent when the line opens, in order."
    )
    sends: Says = Field(Says(), description="What the caller says to the agent, by examples.")
    receives: Reports = Field(
        Reports(), description="What the agent says to the caller, by examples."
    )
    replies: tuple[Reply, ...] = Field(
        (), description="Messages that are answered at once: `to` and `send`."
    )

    def events(self, end: End) -> MappedEvents:
        """A codec for one connection."""
        return MappedEvents(end, self)


class MappedEvents:
    """One connection on which is said what a map says."""

    continuous = True
    hears_between_turns = True
    paced = True
    jitter_s = 0.0

    def __init__(
        self,
        end: End,
        spoken: EventMap,
        speaks: AudioFormat = INTERNAL,
        hears: AudioFormat = INTERNAL,
    ) -> None:
        """`speaks` and `hears` are the formats of the sound beside the messages."""
        self.end = end
        self.speaks = speaks
        self.hears = hears
        of_caller, of_agent = _kinds(spoken.sends), _kinds(spoken.receives)
        self.sends = of_caller if end is End.CLIENT else of_agent
        self.receives = of_agent if end is End.CLIENT else of_caller
        self._map = spoken
        self._mine: Direction = spoken.sends if end is End.CLIENT else spoken.receives
        self._theirs: Direction = spoken.receives if end is End.CLIENT else spoken.sends
        self._telling = frozenset(
            key for _, example in self._examples() for key in constants(example.body)
        )
        """Keys whose values tell the far side's messages apart."""
        if end is End.CLIENT and spoken.receives.ready is not None:
            self.receives |= {Ready}

    def start(self) -> Sequence[Message]:
        """What the caller opens with, or the agent's word that it is ready."""
        if self.end is End.CLIENT:
            return [compact(message) for message in self._map.on_open]
        ready = self._map.receives.examples("ready")
        return [compact(ready[0].fill({"session": "simulated"}))] if ready else []

    def encode(self, event: Event) -> Sequence[Message]:
        """One message; none for the words of a party that the map leaves out.

        Raises CannotSend for an event outside `sends`.
        """
        require(event, self.sends)
        for name, word in self._mine.words.items():
            examples = self._mine.examples(name)
            if examples and type(event) is word.kind and word.applies(event):
                return [compact(examples[0].fill(word.values(event)))]
        return ()

    def decode(self, message: Message) -> Decoded[Message]:
        """Whatever the message says by any example; text that is no JSON object is refused."""
        return self._read(parse_object(message))

    def _read(self, value: Mapping[str, Any]) -> Decoded[Message]:
        events = tuple(self._events(value))
        replies = tuple(self._replies(value)) if self.end is End.CLIENT else ()
        if events or replies or self._expected(value):
            return Decoded(events, replies)
        return Decoded((self._ignored(value),))

    def _events(self, value: Mapping[str, Any]) -> Iterable[Event]:
        for name, word in self._theirs.words.items():
            for found in first_like(self._theirs.examples(name), value):
                yield word.event(found)
        if Ready in self.receives:
            for found in first_like(self._map.receives.examples("ready"), value):
                yield Ready(str(found.get("session", "")), self.speaks, self.hears)

    def _replies(self, value: Mapping[str, Any]) -> Iterable[Message]:
        for reply in self._map.replies:
            for found in first_like(reply.to.messages, value):
                yield compact(Example.of(reply.send).fill(found))

    def _expected(self, value: Mapping[str, Any]) -> bool:
        """Whether the map knows this message, though it says nothing."""
        known = (
            [*self._map.on_open, *(reply.send for reply in self._map.replies)]
            if self.end is End.SERVER
            else []
        )
        return any(Example.of(message).read(value) for message in known)

    def _examples(self) -> Iterable[tuple[str, Example]]:
        """What the far side may say, by the keys of the map."""
        named = [*self._theirs.words, *(["ready"] if self.end is End.CLIENT else [])]
        return [(name, example) for name in named for example in self._theirs.examples(name)]

    def _ignored(self, value: Mapping[str, Any]) -> Ignored:
        """What fits nothing, with what is amiss where it is near to an example."""
        section = "receives" if self.end is End.CLIENT else "sends"
        why = f"fit nothing in '{section}' of the protocol map"
        nearest = amiss(self._examples(), value)
        if nearest is not None:
            name, example, faults = nearest
            why += f": its '{name}' is {written(example.body)}, and {faults}"
        return Ignored(shape_of(value, self._telling), cut(why))


def first_like(examples: Iterable[Example], value: Mapping[str, Any]) -> Sequence[dict[str, Any]]:
    """What the first example that a message is like reads in it; empty if it is like none."""
    return next((found for example in examples if (found := example.read(value))), ())


def cut(why: str) -> str:
    """A reason that is not too long to be read."""
    return why if len(why) <= _LONGEST_WHY else f"{why[: _LONGEST_WHY - 1]}…"


def _kinds(direction: Direction) -> frozenset[type[Event]]:
    """What can be said by the keys that are there; the user's words alone are no transcript."""
    return frozenset(
        word.kind
        for name, word in direction.words.items()
        if direction.examples(name) and name != "user_transcript"
    )
