"""What a call sees of a line."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from typing import Protocol, runtime_checkable

from voicetest.audio.chunk import AudioFormat
from voicetest.events import Event
from voicetest.protocols.base import Capabilities
from voicetest.transports.base import NORMAL_CLOSE

__all__ = ["Immediate", "Link", "Native", "say"]


class Link(Capabilities, Protocol):
    """An open line: holding one means it is ready, leaving its context hangs up.

    `Audio` events above a link are PCM16 mono at 24 kHz, both ways, unless it is asked otherwise.
    """

    @property
    def buffered_s(self) -> float:
        """By how much, in seconds, the line itself makes the far side's sound later than it came.

        The jitter buffer of a media stack; known when the call is over, 0 for a line without one.
        """

    async def send(self, event: Event) -> None:
        """Say `event` to the far side; after the line is down this does nothing.

        Raises CannotSend for an event outside `sends`.
        """

    def events(self) -> AsyncGenerator[Event, None]:
        """What the far side says, ending with exactly one Hangup; raises ProtocolError.

        A far side that says the call is over and may still be heard is `Leaving` first.
        """

    async def hang_up(self, reason: str = "", code: int = NORMAL_CLOSE) -> None:
        """Close the line, as intended unless `code` says otherwise; a closed one stays as it is."""


@runtime_checkable
class Immediate(Protocol):
    """A link that may take events without anybody waiting."""

    @property
    def immediate(self) -> bool:
        """Whether `put` can be used."""

    @property
    def takes(self) -> AudioFormat:
        """The format in which sound is handed to it; what `send` is given is at 24 kHz as well."""

    def put(self, event: Event) -> None:
        """As `send`, at once."""


@runtime_checkable
class Native(Protocol):
    """A link that leaves it to its listener to convert sound, in longer pieces than came."""

    async def deliver(self, take_in: Callable[[Event], None]) -> None:
        """Hand over what the far side says in the moment in which it comes, up to its one Hangup.

        Sound is in the format in which it came, which can be converted. Raises ProtocolError, and
        what `take_in` raises.
        """


async def say(link: Link, event: Event) -> None:
    """Say `event` if this line has a word for it."""
    if type(event) in link.sends:
        await link.send(event)
