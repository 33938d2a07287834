"""What the messages of a far side say to whoever is on the line."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Generic, TypeVar

from voicetest.audio.chunk import INTERNAL, AudioChunk
from voicetest.errors import ProtocolError
from voicetest.events import Audio, Event, Hangup, Ignored, Leaving
from voicetest.protocols.base import Codec, End, Unworkable
from voicetest.protocols.shape import shape_of
from voicetest.transports.allowance import Allowance

if TYPE_CHECKING:
    from voicetest.links.identity import Identity

__all__ = ["LONGEST_SOUND_S", "MESSAGES", "Incoming"]

M = TypeVar("M")

LONGEST_SOUND_S = 600.0
"""Of one message, in seconds."""
MESSAGES = (5_000, 200)
"""Without sound, that may come at once, and a second for as long as the line is open."""
_SOUND_S = 0.005
"""A message with less of it is no message of sound."""


def _identity() -> Identity:
    # Not needed to validate a scenario, and slow to import.
    from voicetest.links.identity import Identity

    return Identity()


class Incoming(Generic[M]):
    """Understands what comes over one line; sound stays in the format in which it came."""

    def __init__(self, codec: Codec[M], *, tolerant: bool) -> None:
        """Where it is `tolerant`, no odd message ends the line."""
        self._codec = codec
        self._tolerant = tolerant
        self._identity = _identity() if codec.end is End.CLIENT else None
        """Set where the far side is the agent, whose sound may be something else."""
        self._messages = Allowance(*MESSAGES)
        self._fitting = {INTERNAL}
        """The formats that can be converted, of those that came."""
        self._last = INTERNAL
        """One of them."""
        self._sounds = False
        """Set by each message."""
        self.ready = False
        """Set when the far side is ready; who hangs up before has refused the call."""
        self.announced: Hangup | None = None
        """Set when the far side said so, as it should, and the line is still open."""

    def read(self, message: M) -> tuple[Sequence[Event], Sequence[M]]:
        """What a message says, and the messages that are owed for it at once.

        Raises ProtocolError where there is no going on.
        """
        self._sounds = False
        events, replies = self._understood(message)
        if self._sounds:
            return events, replies
        if not self._messages.spend(1, asyncio.get_running_loop().time()):
            raise Unworkable(
                f"the far side sends messages without end: over {MESSAGES[0]} at once or "
                f"{MESSAGES[1]} a second that are no sound, the last like {shape_of(message)}"
            )
        return events, replies

    def _understood(self, message: M) -> tuple[Sequence[Event], Sequence[M]]:
        replies: Sequence[M] = ()
        try:
            decoded = self._codec.decode(message)
            replies = decoded.replies
            events = self._above(decoded.events)
        except Unworkable:
            raise
        except ProtocolError as error:
            if not self._tolerant:
                raise
            self._sounds = False
            return (Ignored(shape_of(message), f"are not understood: {error}"),), replies
        if events or replies or not self._tolerant:
            return events, replies
        return (Ignored(shape_of(message), known=True),), replies

    def _above(self, events: Sequence[Event]) -> Sequence[Event]:
        found: list[Event] = []
        for event in events:
            match event:
                case Audio(chunk):
                    found += self._odd(chunk)
                    self._check(chunk)
                    found.append(event)
                case Hangup(normal=True) if self.ready:
                    # What the far side has still to say comes after this, and before it closes.
                    self.announced = event
                    found.append(Leaving(event.reason))
                case _:
                    found.append(event)
        return found

    def _odd(self, chunk: AudioChunk) -> Sequence[Event]:
        if self._identity is None:
            return ()
        now = asyncio.get_running_loop().time()
        return self._identity.look(chunk, now, paced=self._codec.paced)

    def _check(self, chunk: AudioChunk) -> None:
        """Raise ProtocolError for sound that cannot be brought to INTERNAL."""
        seconds = chunk.duration
        if seconds > LONGEST_SOUND_S:
            raise Unworkable(
                f"the far side sends {seconds:.0f} s of sound in one message, and "
                f"{LONGEST_SOUND_S:g} s is the most: send it in pieces"
            )
        if chunk.format is not self._last and chunk.data:
            if chunk.format not in self._fitting:
                _try(chunk)
                self._fitting.add(chunk.format)
            self._last = chunk.format
        self._sounds = self._sounds or seconds >= _SOUND_S


def _try(chunk: AudioChunk) -> None:
    """Raise ProtocolError if sound of this format cannot be converted."""
    from voicetest.links.conversion import Converter

    one = AudioChunk(chunk.data[: chunk.format.frame_bytes], chunk.format)
    try:
        Converter(INTERNAL).convert(one)
    except ValueError as error:
        message = f"the peer sends {chunk.format}, which cannot be converted to {INTERNAL}"
        raise ProtocolError(message) from error
