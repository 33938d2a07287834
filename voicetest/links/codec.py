"""A line made of a codec, which knows the protocol, and a transport, which knows nothing."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import Generic, Self, TypeVar

from voicetest.audio.chunk import INTERNAL, AudioChunk, AudioFormat
from voicetest.errors import ProtocolError
from voicetest.events import Audio, Event, Hangup
from voicetest.protocols.base import Codec, End
from voicetest.transports.base import NORMAL_CLOSE, Transport, TransportClosed

__all__ = ["CodecLink"]

M = TypeVar("M")

_FAULT = 1011
"""An unexpected condition at this end."""
_NORMAL_CODES = frozenset({NORMAL_CLOSE, 1001, 1005})
"""Done, going away, and a close without a code (RFC 6455 §7.4.1)."""


class CodecLink(Generic[M]):
    """Turns events into messages and back; a context manager that hangs up when it is left.

    Sound is converted: above the link it is always INTERNAL, below in the wire's own formats.
    """

    def __init__(self, codec: Codec[M], transport: Transport[M]) -> None:
        # Not needed to validate a scenario, and slow to import.
        from voicetest.links.conversion import Converter

        self._codec = codec
        self._transport = transport
        self._outgoing = Converter(codec.hears if codec.end is End.CLIENT else codec.speaks)
        self._incoming = Converter(INTERNAL)

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
        await self._send(self._codec.start())
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *failure: object) -> None:
        crashed = kind is not None and issubclass(kind, Exception)
        await self._transport.close(_FAULT if crashed else NORMAL_CLOSE)

    async def hang_up(self, reason: str = "", code: int = NORMAL_CLOSE) -> None:
        """Close the line, as intended unless `code` says otherwise; a closed one stays as it is."""
        await self._transport.close(code, reason)

    async def send(self, event: Event) -> None:
        """Say `event`; a line that is down is reported once, by `events`, and not here."""
        if isinstance(event, Audio):
            event = Audio(self._outgoing.convert(event.chunk))
        await self._send(self._codec.encode(event))

    async def _send(self, messages: Sequence[M]) -> None:
        try:
            for message in messages:
                await self._transport.send(message)
        except TransportClosed:
            return

    async def events(self) -> AsyncGenerator[Event, None]:
        """What the far side says, ending with exactly one Hangup.

        Raises ProtocolError for a message that the protocol does not allow.
        """
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
                if isinstance(event, Audio):
                    yield Audio(self._converted(event.chunk))
                else:
                    yield event

    def _converted(self, chunk: AudioChunk) -> AudioChunk:
        try:
            return self._incoming.convert(chunk)
        except ValueError as error:
            message = f"the peer sends {chunk.format}, which cannot be converted to {INTERNAL}"
            raise ProtocolError(message) from error
