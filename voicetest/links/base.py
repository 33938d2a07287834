"""What a call sees of a line."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Protocol

from voicetest.events import Event
from voicetest.protocols.base import Capabilities

__all__ = ["Link", "say"]


class Link(Capabilities, Protocol):
    """An open line: holding one means it is ready, leaving its context hangs up.

    `Audio` events above a link are always PCM16 mono at 24 kHz, both ways.
    """

    async def send(self, event: Event) -> None:
        """Say `event` to the far side; after the line is down this does nothing.

        Raises CannotSend for an event outside `sends`.
        """

    def events(self) -> AsyncGenerator[Event, None]:
        """What the far side says, ending with exactly one Hangup; raises ProtocolError."""


async def say(link: Link, event: Event) -> None:
    """Say `event` if this line has a word for it."""
    if type(event) in link.sends:
        await link.send(event)
