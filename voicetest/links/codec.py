"""A line made of a codec, which knows the protocol, and a transport, which knows nothing."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, Generic, Self, TypeVar

from voicetest.audio.chunk import INTERNAL, AudioFormat
from voicetest.errors import ConnectionFailed, ProtocolError
from voicetest.events import Audio, Event, Failed, Hangup, Ignored, Leaving, Ready
from voicetest.links.delivery import Pump, handed_over
from voicetest.links.incoming import Incoming
from voicetest.protocols.base import CannotSend, Codec, End, Unworkable
from voicetest.transports.base import (
    GOING_AWAY,
    NORMAL_CLOSE,
    Immediate,
    PeerFault,
    Prompt,
    Transport,
    TransportClosed,
)

if TYPE_CHECKING:
    from voicetest.links.conversion import Converter

__all__ = ["CodecLink"]

M = TypeVar("M")

READY_LIMIT_S = 15.0
"""How long the far side may take to say that it is ready."""
PROTOCOL_ERROR = 1002
"""The code for a peer that said what its protocol does not allow (RFC 6455 §7.4.1)."""
_FAULT = 1011
"""An unexpected condition at this end."""
_NORMAL_CODES = frozenset({NORMAL_CLOSE, GOING_AWAY, 1005})
"""Done, going away, and a close without a code (RFC 6455 §7.4.1)."""


def _converter(target: AudioFormat) -> Converter:
    # Not needed to validate a scenario, and slow to import.
    from voicetest.links.conversion import Converter

    return Converter(target)


def _protocol_error(error: BaseException | None) -> BaseException | None:
    """The peer's fault that an error is, or that is in a group of errors."""
    if isinstance(error, BaseExceptionGroup):
        return next((found for e in error.exceptions if (found := _protocol_error(e))), None)
    return error if isinstance(error, ProtocolError) else None


class CodecLink(Generic[M]):
    """Turns events into messages and back; a context manager that hangs up when it is left.

    Sound is converted: above the link it is INTERNAL, below in the wire's own formats. Only
    `deliver` gives it as it came.
    """

    def __init__(
        self, codec: Codec[M], transport: Transport[M], *, tolerant: bool | None = None
    ) -> None:
        """Where it is `tolerant`, as whoever calls an agent is, no odd message ends the line.

        A simulated platform says itself what it does with one.
        """
        self._codec = codec
        client = codec.end is End.CLIENT
        self._incoming = Incoming(codec, tolerant=client if tolerant is None else tolerant)
        self._transport = transport
        self._puts = transport if isinstance(transport, Immediate) else None
        """Set where nothing has to be waited for to hand over a message."""
        self._prompts = transport if isinstance(transport, Prompt) else None
        """Set where messages tell of themselves."""
        self._outgoing_format = self._leaves_in
        self._outgoing = _converter(self._outgoing_format)
        """Set anew when the far side says in what other format it hears."""
        self._waiting: deque[Event] = deque()
        """What arrived and was not asked for yet."""
        self._over = False
        """Set when either side said that the call is over."""

    @property
    def _leaves_in(self) -> AudioFormat:
        return self._codec.hears if self._codec.end is End.CLIENT else self._codec.speaks

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
    def hears_between_turns(self) -> bool:
        """Whether the far side hears the user outside turns that are marked as such."""
        return self._codec.hears_between_turns

    @property
    def paced(self) -> bool:
        """Whether the far side sends its sound in real time."""
        return self._codec.paced

    @property
    def jitter_s(self) -> float:
        """How late the far side's sound may come and be heard without a gap, in seconds."""
        return self._codec.jitter_s

    @property
    def buffered_s(self) -> float:
        """Messages are handed over as they come."""
        return 0.0

    async def __aenter__(self) -> Self:
        """Open the conversation; raises ConnectionFailed unless the far side gets ready for it.

        Raises ProtocolError for a message after which there is no going on.
        """
        try:
            await self._send(self._codec.start())
            if Ready in self._codec.receives:
                await self._become_ready()
            self._incoming.ready = True
        except (ConnectionFailed, ProtocolError) as error:
            await self.hang_up(str(error), PROTOCOL_ERROR)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: object
    ) -> None:
        wrong = _protocol_error(error)
        if wrong is not None:
            await self.hang_up(str(wrong), PROTOCOL_ERROR)
        elif error is None:
            await self.hang_up()
        else:
            await self.hang_up(code=_FAULT if isinstance(error, Exception) else GOING_AWAY)

    async def _become_ready(self) -> None:
        """Wait for the far side; what it says besides is kept for `events`."""
        try:
            async with asyncio.timeout(READY_LIMIT_S):
                while not any(isinstance(event, Ready) for event in self._waiting):
                    self._waiting.extend(await self._read())
                    self._refuse_early_end()
        except TimeoutError as error:
            words = (
                f"the far side accepted the call and was not ready within {READY_LIMIT_S:g} s"
                f"{self._complaint()}: check that it speaks this protocol"
            )
            raise ConnectionFailed(words) from error

    def _refuse_early_end(self) -> None:
        for event in self._waiting:
            match event:
                case Ready():
                    return
                case Failed(code, message, fatal=True):
                    raise ConnectionFailed(f"the far side refuses the call: {code} {message}")
                case Hangup(code, reason):
                    words = f"the far side hung up before it was ready{self._complaint()}"
                    its_own = " ".join(part for part in (str(code or ""), reason) if part)
                    raise ConnectionFailed(
                        f"{words}: {its_own}" if its_own else words, code=code, reason=reason
                    )
                case _:
                    pass

    def _complaint(self) -> str:
        """What the far side said was wrong, or what of it says nothing, as a part of a sentence."""
        failed = [event for event in self._waiting if isinstance(event, Failed)]
        if failed:
            return f", after it said '{failed[-1].code} {failed[-1].message}'"
        odd = [event for event in self._waiting if isinstance(event, Ignored) and not event.known]
        return f": messages such as {odd[0].shape} {odd[0].why}" if odd else ""

    async def hang_up(self, reason: str = "", code: int = NORMAL_CLOSE) -> None:
        """Close the line, as intended unless `code` says otherwise; a closed one stays as it is."""
        if not self._over and code in _NORMAL_CODES and Hangup in self._codec.sends:
            await self._send(self._codec.encode(Hangup(reason=reason)))
        self._over = True
        await self._transport.close(code, reason)

    @property
    def immediate(self) -> bool:
        """Whether its transport takes messages at once."""
        return self._puts is not None

    @property
    def takes(self) -> AudioFormat:
        """What leaves here as it is."""
        return self._leaves_in

    def put(self, event: Event) -> None:
        """Say `event` without waiting; a line that is down is reported by `events` alone."""
        if self._puts is None:
            raise CannotSend(f"{type(event).__name__} has to be waited for")
        self._put(self._encoded(event))

    def _put(self, messages: Sequence[M]) -> None:
        if self._puts is None:
            return
        try:
            for message in messages:
                self._puts.put(message)
        except TransportClosed:
            return

    async def send(self, event: Event) -> None:
        """Say `event`; a line that is down is reported once, by `events`, and not here."""
        await self._send(self._encoded(event))

    def _encoded(self, event: Event) -> Sequence[M]:
        if isinstance(event, Audio):
            chunk = self._outgoing_converter().convert(event.chunk)
            event = event if chunk is event.chunk else Audio(chunk)
        return self._codec.encode(event)

    def _outgoing_converter(self) -> Converter:
        wanted = self._leaves_in
        if wanted is not self._outgoing_format and wanted != self._outgoing_format:
            self._outgoing_format = wanted
            self._outgoing = _converter(wanted)
        return self._outgoing

    async def _send(self, messages: Sequence[M]) -> None:
        try:
            for message in messages:
                await self._transport.send(message)
        except TransportClosed:
            return

    async def events(self) -> AsyncGenerator[Event, None]:
        """What the far side says, ending with exactly one Hangup, when the line closes.

        Raises ProtocolError for a message after which there is no going on.
        """
        incoming = _converter(INTERNAL)
        async with aclosing(self._arrivals()) as arrivals:
            async for event in arrivals:
                yield Audio(incoming.convert(event.chunk)) if isinstance(event, Audio) else event

    async def deliver(self, take_in: Callable[[Event], None]) -> None:
        """Hand over what the far side says in the moment in which it comes, up to its one Hangup.

        Sound is in the format in which it came, which can be converted. Raises ProtocolError for a
        message after which there is no going on, and what `take_in` raises.
        """
        if self._prompts is None or self._puts is None:
            await handed_over(self._arrivals(), take_in)
            return

        def hand_over(events: Iterable[Event]) -> bool:
            """Whether the last of all is among them."""
            for event in events:
                ends = isinstance(event, Hangup)
                self._over = self._over or ends or isinstance(event, Leaving)
                take_in(event)
                if ends:
                    return True
            return False

        def take(message: M) -> bool:
            events, replies = self._incoming.read(message)
            self._put(replies)
            return hand_over(events)

        before, self._waiting = self._waiting, deque()
        if not hand_over(before) and not await Pump(self._prompts, take).run():
            hand_over(await self._read())

    async def _arrivals(self) -> AsyncGenerator[Event, None]:
        """As `events`, with sound in the format in which it came."""
        while True:
            while self._waiting:
                event = self._waiting.popleft()
                self._over = self._over or isinstance(event, Hangup | Leaving)
                yield event
                if isinstance(event, Hangup):
                    return
            self._waiting.extend(await self._read())

    async def _read(self) -> Sequence[Event]:
        """What the next message says; a Hangup when there is none."""
        try:
            message = await self._transport.receive()
        except PeerFault as fault:
            raise Unworkable(f"the far side is at fault: {fault.reason}") from fault
        except TransportClosed as closed:
            if self._incoming.announced is not None:
                return (self._incoming.announced,)
            return (Hangup(closed.code, closed.reason, normal=closed.code in _NORMAL_CODES),)
        events, replies = self._incoming.read(message)
        await self._send(replies)
        return events
