"""The messages beside the sound of a peer connection, over its data channel."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from aiortc import RTCDataChannel

from voicetest.errors import ProtocolError
from voicetest.events import Event, Ignored
from voicetest.protocols.base import require
from voicetest.protocols.media_line import Talk
from voicetest.protocols.shape import shape_of
from voicetest.transports.base import LARGEST_MESSAGE

__all__ = ["DataChannel"]

FLUSH_LIMIT_S = 0.5
_OPEN = "open"


class DataChannel:
    """Whatever channel there is speaks `talk`; `heard` takes what was said, or what is wrong."""

    def __init__(self, talk: Talk, heard: Callable[[Event], None]) -> None:
        self._talk = talk
        self._heard = heard
        self._channel: RTCDataChannel | None = None
        """Set when either side opens one; the first is the one that is spoken on."""

    @property
    def sends(self) -> frozenset[type[Event]]:
        """The events that have a message."""
        return self._talk.sends

    @property
    def open(self) -> bool:
        """Whether something can be said."""
        return self._channel is not None and self._channel.readyState == _OPEN

    @property
    def closed(self) -> bool:
        """Whether nothing can be said any more."""
        return self._channel is not None and self._channel.readyState == "closed"

    def attach(self, channel: RTCDataChannel, opened: Callable[[], None]) -> None:
        """Listen on a channel; `opened` is called when it can be spoken on."""

        def begin() -> None:
            self._send(self._talk.start())
            opened()

        channel.on("message", self._take)
        if self._channel is not None:
            return
        self._channel = channel
        if channel.readyState == _OPEN:
            begin()
        else:
            channel.on("open", begin)

    def _take(self, message: bytes | str) -> None:
        if len(message) > LARGEST_MESSAGE:
            self._heard(Ignored("a message of more than 16 MB", "are too large"))
            return
        try:
            decoded = self._talk.decode(message)
        except ProtocolError as error:
            self._heard(Ignored(shape_of(message), f"are not understood: {error}"))
            return
        self._send(decoded.replies)
        if not decoded.events and not decoded.replies:
            self._heard(Ignored(shape_of(message), known=True))
        for event in decoded.events:
            self._heard(event)

    def say(self, event: Event) -> None:
        """Say `event` if the channel is open; raises CannotSend for one that has no message."""
        require(event, self._talk.sends)
        self._send(self._talk.encode(event))

    def send(self, message: str) -> None:
        """Send a message of no event if the channel is open."""
        self._send((message,))

    def _send(self, messages: Sequence[bytes | str]) -> None:
        if self._channel is not None and self.open:
            for message in messages:
                self._channel.send(message)

    def close(self) -> None:
        """Say nothing more."""
        if self._channel is not None:
            self._channel.close()

    async def flush(self) -> None:
        """Wait until what was said is on its way, half a second at the most."""
        channel = self._channel
        if channel is None or not self.open or not channel.bufferedAmount:
            return
        gone = asyncio.Event()
        channel.on("bufferedamountlow", gone.set)
        try:
            async with asyncio.timeout(FLUSH_LIMIT_S):
                await gone.wait()
        except TimeoutError:
            return  # it closes all the same
