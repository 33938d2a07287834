"""A line on which noise is heard under the agent's voice, and between its turns."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from voicetest.agents.hiss import Hiss
from voicetest.audio.chunk import INTERNAL, AudioFormat
from voicetest.clock import sleep_until
from voicetest.events import Audio, Event
from voicetest.links.base import Link
from voicetest.transports.base import NORMAL_CLOSE

__all__ = ["NoisyLink"]

_FRAME_S = 0.02
_LATE_S = 0.015


class NoisyLink:
    """A line with noise; in real time `stream` sends it wherever the agent says nothing.

    Where sound goes out faster than it is heard, there is noise under the voice only: nothing is
    sent between turns there.
    """

    def __init__(self, link: Link, hiss: Hiss) -> None:
        self._link = link
        self._hiss = hiss
        self._loop = asyncio.get_running_loop()
        self._sent_until = self._loop.time()
        """When the sound that was sent is over, on a line in real time; moved by each piece."""
        self._grace_s = 0.0
        """How long a further piece is waited for; longer after one of the voice."""

    @property
    def speaks(self) -> AudioFormat:
        """As the line does."""
        return self._link.speaks

    @property
    def hears(self) -> AudioFormat:
        """As the line does."""
        return self._link.hears

    @property
    def sends(self) -> frozenset[type[Event]]:
        """The same events."""
        return self._link.sends

    @property
    def receives(self) -> frozenset[type[Event]]:
        """The same events."""
        return self._link.receives

    @property
    def continuous(self) -> bool:
        """Whether the user's line is."""
        return self._link.continuous

    @property
    def hears_between_turns(self) -> bool:
        """Whether the agent hears its user there."""
        return self._link.hears_between_turns

    @property
    def paced(self) -> bool:
        """Whether sound goes out in real time."""
        return self._link.paced

    @property
    def jitter_s(self) -> float:
        """That of the line."""
        return self._link.jitter_s

    @property
    def buffered_s(self) -> float:
        """That of the line."""
        return self._link.buffered_s

    async def send(self, event: Event) -> None:
        """Say `event`, sound with noise under it."""
        if not isinstance(event, Audio):
            await self._link.send(event)
            return
        if self._link.paced:  # the noise that was sent comes first
            await sleep_until(self._sent_until)
            self._sent_until = max(self._sent_until, self._loop.time()) + event.chunk.duration
            self._grace_s = _LATE_S
        await self._link.send(Audio(self._hiss.under(event.chunk)))

    def events(self) -> AsyncGenerator[Event, None]:
        """What the user's end says."""
        return self._link.events()

    async def hang_up(self, reason: str = "", code: int = NORMAL_CLOSE) -> None:
        """Close the line."""
        await self._link.hang_up(reason, code)

    async def stream(self) -> None:
        """Send noise in real time where there is no voice, until this is cancelled."""
        while True:
            at = self._sent_until
            await sleep_until(at + self._grace_s)
            if self._sent_until > at:
                continue  # a voice was faster
            self._sent_until, self._grace_s = at + _FRAME_S, 0.0
            await self._link.send(Audio(self._hiss.next(round(_FRAME_S * INTERNAL.rate))))
