"""A line made of a codec, which knows the protocol, and a transport, which knows nothing."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, Generic, Self, TypeVar

from voicetest.audio.chunk import INTERNAL, AudioChunk, AudioFormat
from voicetest.errors import ConnectionFailed, ProtocolError
from voicetest.events import Audio, Event, Failed, Hangup, Ignored, Leaving, Ready
from voicetest.protocols.base import CannotSend, Codec, End, Unworkable
from voicetest.protocols.shape import shape_of
from voicetest.transports.allowance import Allowance
from voicetest.transports.base import (
    GOING_AWAY,
    NORMAL_CLOSE,
    Immediate,
    PeerFault,
    Transport,
    TransportClosed,
)

if TYPE_CHECKING:
    from voicetest.links.conversion import Converter
    from voicetest.links.identity import Identity

__all__ = ["CodecLink"]

M = TypeVar("M")

LONGEST_SOUND_S = 600.0
"""Of one message, in seconds."""
MESSAGES = (5_000, 200)
"""Without sound, that may come at once, and a second for as long as the line is open."""
_SOUND_S = 0.005
"""A message with less of it is no message of sound."""
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


def _identity() -> Identity:
    from voicetest.links.identity import Identity

    return Identity()


def _protocol_error(error: BaseException | None) -> BaseException | None:
    """The peer's fault that an error is, or that is in a group of errors."""
    if isinstance(error, BaseExceptionGroup):
        return next((found for e in error.exceptions if (found := _protocol_error(e))), None)
    return error if isinstance(error, ProtocolError) else None


class CodecLink(Generic[M]):
    """Turns events into messages and back; a context manager that hangs up when it is left.

    Sound is converted: above the link it is INTERNAL, below in the wire's own formats. Only who
    asks for `arrivals` has it as it came.
    """

    def __init__(
        self, codec: Codec[M], transport: Transport[M], *, tolerant: bool | None = None
    ) -> None:
        """Where it is `tolerant`, as whoever calls an agent is, no odd message ends the line.

        A simulated platform says itself what it does with one.
        """
        self._codec = codec
        self._tolerant = codec.end is End.CLIENT if tolerant is None else tolerant
        self._transport = transport
        self._puts = transport if isinstance(transport, Immediate) else None
        """Set where nothing has to be waited for to hand over a message."""
        self._outgoing_format = self._leaves_in
        self._outgoing = _converter(self._outgoing_format)
        """Set anew when the far side says in what other format it hears."""
        self._fitting = {INTERNAL}
        """The formats that can be converted, of those that came."""
        self._identity = _identity() if codec.end is End.CLIENT else None
        """Set where the far side is the agent, whose sound may be something else."""
        self._messages = Allowance(*MESSAGES)
        self._waiting: deque[Event] = deque()
        """What arrived and was not asked for yet."""
        self._over = False
        """Set when either side said that the call is over."""
        self._ready = False
        """Set when the far side is ready; who hangs up before has refused the call."""
        self._announced: Hangup | None = None
        """Set when the far side said so, as it should, and the line is still open."""

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
            self._ready = True
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
        try:
            for message in self._encoded(event):
                self._puts.put(message)
        except TransportClosed:
            return

    async def send(self, event: Event) -> None:
        """Say `event`; a line that is down is reported once, by `events`, and not here."""
        await self._send(self._encoded(event))

    def _encoded(self, event: Event) -> Sequence[M]:
        if isinstance(event, Audio):
            event = Audio(self._outgoing_converter().convert(event.chunk))
        return self._codec.encode(event)

    def _outgoing_converter(self) -> Converter:
        if self._outgoing_format != self._leaves_in:
            self._outgoing_format = self._leaves_in
            self._outgoing = _converter(self._outgoing_format)
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
        async with aclosing(self.arrivals()) as arrivals:
            async for event in arrivals:
                yield Audio(incoming.convert(event.chunk)) if isinstance(event, Audio) else event

    async def arrivals(self) -> AsyncGenerator[Event, None]:
        """As `events`, with sound in the format in which it came, which can be converted."""
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
            if self._announced is not None:
                return (self._announced,)
            return (Hangup(closed.code, closed.reason, normal=closed.code in _NORMAL_CODES),)
        events = await self._said(message)
        sounds = any(isinstance(e, Audio) and e.chunk.duration >= _SOUND_S for e in events)
        if not sounds and not self._messages.spend(1, asyncio.get_running_loop().time()):
            raise Unworkable(
                f"the far side sends messages without end: over {MESSAGES[0]} at once or "
                f"{MESSAGES[1]} a second that are no sound, the last like {shape_of(message)}"
            )
        return events

    async def _said(self, message: M) -> Sequence[Event]:
        """What a message says, after what is owed for it was sent."""
        try:
            decoded = self._codec.decode(message)
            await self._send(decoded.replies)
            events = [above for event in decoded.events for above in self._above(event)]
        except Unworkable:
            raise
        except ProtocolError as error:
            if not self._tolerant:
                raise
            return (Ignored(shape_of(message), f"are not understood: {error}"),)
        if events or decoded.replies or not self._tolerant:
            return events
        return (Ignored(shape_of(message), known=True),)

    def _above(self, event: Event) -> Iterator[Event]:
        match event:
            case Audio(chunk):
                if self._identity is not None:
                    now = asyncio.get_running_loop().time()
                    yield from self._identity.look(chunk, now, paced=self._codec.paced)
                self._check(chunk)
                yield event
            case Hangup(normal=True) if self._ready:
                # What the far side has still to say comes after this, and before it closes.
                self._announced = event
                yield Leaving(event.reason)
            case _:
                yield event

    def _check(self, chunk: AudioChunk) -> None:
        """Raise ProtocolError for sound that cannot be brought to INTERNAL."""
        if chunk.duration > LONGEST_SOUND_S:
            raise Unworkable(
                f"the far side sends {chunk.duration:.0f} s of sound in one message, and "
                f"{LONGEST_SOUND_S:g} s is the most: send it in pieces"
            )
        if chunk.format in self._fitting or not chunk.data:
            return
        try:
            one = AudioChunk(chunk.data[: chunk.format.frame_bytes], chunk.format)
            _converter(INTERNAL).convert(one)
        except ValueError as error:
            message = f"the peer sends {chunk.format}, which cannot be converted to {INTERNAL}"
            raise ProtocolError(message) from error
        self._fitting.add(chunk.format)
