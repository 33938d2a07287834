"""A line made of a codec, which knows the protocol, and a transport, which knows nothing."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Generic, Self, TypeVar

from voicetest.audio.chunk import INTERNAL, AudioFormat
from voicetest.errors import SetupError
from voicetest.events import Event, Hangup
from voicetest.protocols.base import Codec
from voicetest.transports.base import NORMAL_CLOSE, Transport, TransportClosed

__all__ = ["CodecLink"]

M = TypeVar("M")

_NORMAL_CODES = frozenset({NORMAL_CLOSE, 1001})


class CodecLink(Generic[M]):
    """Turns events into messages and back; a context manager that hangs up when it is left."""

    def __init__(self, codec: Codec[M], transport: Transport[M]) -> None:
        for wire in (codec.speaks, codec.hears):
            if wire != INTERNAL:
                raise SetupError(f"this line carries {wire}; only {INTERNAL} can be carried")
        self._codec = codec
        self._transport = transport

    @property
    def speaks(self) -> AudioFormat:
        """The format in which the agent's sound arrives on the wire."""
        return self._codec.speaks

    @property
    def hears(self) -> AudioFormat:
        """The format in which the user's sound leaves on the wire."""
        return self._codec.hears

    @property
    def sends(self) -> frozenset[type[Event]]:
        """The events that can be sent."""
        return self._codec.sends

    @property
    def receives(self) -> frozenset[type[Event]]:
        """The events that may arrive."""
        return self._codec.receives

    @property
    def continuous(self) -> bool:
        """Whether the far side expects sound all the time."""
        return self._codec.continuous

    @property
    def paced(self) -> bool:
        """Whether the far side sends its sound in real time."""
        return self._codec.paced

    async def __aenter__(self) -> Self:
        for message in self._codec.start():
            await self._transport.send(message)
        return self

    async def __aexit__(self, *failure: object) -> None:
        await self.hang_up()

    async def hang_up(self, reason: str = "", code: int = NORMAL_CLOSE) -> None:
        """Close the line, as intended unless `code` says otherwise; a closed one stays as it is."""
        await self._transport.close(code, reason)

    async def send(self, event: Event) -> None:
        """Say `event`; a line that is down is reported once, by `events`, and not here."""
        try:
            for message in self._codec.encode(event):
                await self._transport.send(message)
        except TransportClosed:
            return

    async def events(self) -> AsyncGenerator[Event, None]:
        """What the far side says, ending with exactly one Hangup."""
        while True:
            try:
                message = await self._transport.receive()
                decoded = self._codec.decode(message)
                for reply in decoded.replies:
                    await self._transport.send(reply)
            except TransportClosed as closed:
                yield Hangup(closed.code, closed.reason, normal=closed.code in _NORMAL_CODES)
                return
            for event in decoded.events:
                yield event
