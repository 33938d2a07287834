"""One media stream of a simulated call, at Twilio's end.

Wire facts: Twilio, "Media Streams - WebSocket Messages", and its error dictionary for the codes.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

import numpy as np

from voicetest.audio.chunk import INTERNAL, AudioChunk
from voicetest.audio.dtmf import BLOCK, DtmfDetector, is_key
from voicetest.errors import ConnectionFailed, ProtocolError
from voicetest.events import Audio, Cleared, Dtmf, Event, Hangup, Ignored, Mark
from voicetest.links.conversion import Converter
from voicetest.protocols.twilio import TELEPHONE, MediaStream
from voicetest.simulators.base import NONSENSE
from voicetest.simulators.twilio_circuit import SILENT_FRAME, End
from voicetest.transports.base import (
    NORMAL_CLOSE,
    Dial,
    Transport,
    TransportClosed,
    is_this_machine,
)

__all__ = ["STARTED", "STOPPED", "Stream", "Way", "address_fault"]

STARTED, STOPPED = "stream-started", "stream-stopped"
NO_HANDSHAKE, BAD_ADDRESS, UNKNOWN, TOO_MUCH, MALFORMED = 31_920, 31_922, 31_924, 31_930, 31_950
LATE_S = 3.0
ABRUPT_S = 3.0
LONGEST_S = 600.0
"""How much sound may wait to be played."""
BURSTS = (1, 3, 2, 3, 1, 2)
"""How many frames come at once, in turn, where the network jitters."""
_CUSHION = len(SILENT_FRAME)
_BROKEN = 1011
_CLOSES = {MALFORMED: 1003}


@dataclass(frozen=True)
class Way:
    """How a stream reaches its far end, and what is wrong with it."""

    dial: Dial
    url: str
    signature: str
    both_ways: bool
    tracks: Sequence[str]
    """`inbound` is what our end of the call hears, `outbound` what it says."""
    quirks: frozenset[str]


def address_fault(url: str) -> str:
    """What is wrong with the address of a stream, or nothing."""
    parts = urlsplit(url)
    encrypted = parts.scheme == "wss" or (
        parts.scheme == "ws" and is_this_machine(parts.hostname or "")
    )
    if not encrypted or not parts.hostname:
        return "the address of a stream must begin with wss://"
    return "the address of a stream must have no query string" if parts.query else ""


class Stream:
    """Carries the sound of one end of a call to a server, and back if it goes both ways."""

    def __init__(
        self,
        end: End,
        codec: MediaStream,
        way: Way,
        tell: Callable[[str], None],
        fail: Callable[[int, str], None],
    ) -> None:
        """`tell` learns when it starts and stops, `fail` what went wrong, with Twilio's code."""
        self._end = end
        self._codec = codec
        self._way = way
        self._tell = tell
        self._fail = fail
        self._outgoing: asyncio.Queue[bytes | str] = asyncio.Queue()
        self._held: deque[bytes | str] = deque()
        """What goes out next, once enough has come together."""
        self._marks: deque[tuple[int, str]] = deque()
        """Those not reached yet, each with the sample after which it is."""
        self._keys = DtmfDetector()
        self._listening = Converter(INTERNAL)
        self._speaking = Converter(INTERNAL)
        self._spoken = np.zeros(BLOCK, dtype=np.int16)
        """The last sound that the server sent; followed where tones are swallowed."""

    async def run(self) -> None:
        """Hold the stream until its far end closes it; being cancelled, it is stopped."""
        if "twilio_late_start" in self._way.quirks:
            await asyncio.sleep(LATE_S)
        fault = address_fault(self._way.url)
        if fault:
            self._fail(BAD_ADDRESS, fault)
            return
        headers = {"X-Twilio-Signature": self._way.signature}
        try:
            async with self._way.dial(self._way.url, headers=headers) as transport:
                await self._hold(transport)
        except ConnectionFailed as error:
            self._fail(NO_HANDSHAKE, str(error))

    async def _hold(self, transport: Transport[bytes | str]) -> None:
        for message in self._codec.start():
            self._outgoing.put_nowait(message)
        self._tell(STARTED)
        try:
            with self._connected():
                async with asyncio.TaskGroup() as tasks:
                    others = [tasks.create_task(self._send(transport))]
                    if "twilio_abrupt_close" in self._way.quirks:
                        others.append(tasks.create_task(_break_off(transport)))
                    await self._receive(transport)
                    for task in others:
                        task.cancel()
        finally:
            await self._stop(transport)
            self._tell(STOPPED)

    async def _stop(self, transport: Transport[bytes | str]) -> None:
        """Say that the call is over, unless the connection is or the line broke."""
        code = self._end.circuit.code
        with suppress(TransportClosed):
            if code == NORMAL_CLOSE:
                self._say(Hangup())
                while not self._outgoing.empty():
                    self._held.append(self._outgoing.get_nowait())
                while self._held:
                    await transport.send(self._held.popleft())
        await transport.close(code)

    @contextmanager
    def _connected(self) -> Iterator[None]:
        """Hear both ends of the call while the block runs."""
        end = self._end
        end.hears.listeners.append(self._hear)
        end.says.listeners.append(self._hear_own)
        end.circuit.garbles.append(self._garble)
        try:
            yield
        finally:
            end.circuit.garbles.remove(self._garble)
            end.says.listeners.remove(self._hear_own)
            end.hears.listeners.remove(self._hear)
            if self._way.both_ways:
                end.says.cut()

    def _hear(self, frame: bytes) -> None:
        if "inbound" in self._way.tracks:
            self._say(Audio(AudioChunk(frame, TELEPHONE)))
        if not self._way.both_ways:
            return
        if frame == SILENT_FRAME:
            pressed = self._keys.skip(len(frame) * INTERNAL.rate // TELEPHONE.rate)
        else:
            heard = self._listening.convert(AudioChunk(frame, TELEPHONE))
            pressed = self._keys.feed(heard.samples())
        for each in pressed:
            self._say(Dtmf(each.key))

    def _hear_own(self, frame: bytes) -> None:
        if "outbound" in self._way.tracks:
            for message in self._codec.outbound(AudioChunk(frame, TELEPHONE)):
                self._outgoing.put_nowait(message)
        played = self._end.says.played
        while self._marks and self._marks[0][0] <= played:
            self._say(Mark(self._marks.popleft()[1]))

    def _garble(self) -> None:
        self._outgoing.put_nowait(NONSENSE)

    def _say(self, event: Event) -> None:
        for message in self._codec.encode(event):
            self._outgoing.put_nowait(message)

    async def _send(self, transport: Transport[bytes | str]) -> None:
        jitters = "twilio_jitter" in self._way.quirks
        count = 0
        with suppress(TransportClosed):
            while True:
                self._held.append(await self._outgoing.get())
                if not jitters or len(self._held) == BURSTS[count % len(BURSTS)]:
                    count += 1
                    while self._held:
                        await transport.send(self._held.popleft())

    async def _receive(self, transport: Transport[bytes | str]) -> None:
        """Do what the server says until it closes the connection or says nonsense."""
        try:
            while True:
                for event in self._codec.decode(await transport.receive()).events:
                    self._obey(event)
        except TransportClosed:
            return
        except ProtocolError as error:
            self._fail(MALFORMED, str(error))
            await transport.close(_CLOSES[MALFORMED], "malformed message")

    def _obey(self, event: Event) -> None:
        says = self._end.says
        match event:
            case Ignored(shape, why):
                self._fail(UNKNOWN, f"messages such as {shape} {why}")
            case _ if not self._way.both_ways:
                self._fail(UNKNOWN, "this stream only listens")
            case Audio(chunk) if self._swallows(chunk):
                says.say(SILENT_FRAME[:1] * len(chunk.data), _CUSHION)
            case Audio(chunk):
                if says.end - says.played + chunk.frames > LONGEST_S * TELEPHONE.rate:
                    self._fail(TOO_MUCH, "too much sound waits to be played; it is discarded")
                else:
                    says.say(chunk.data, _CUSHION)
            case Mark(name):
                self._marks.append((says.end, name))
            case Cleared():
                says.cut()
                while self._marks:
                    self._say(Mark(self._marks.popleft()[1]))
            case _:
                pass

    def _swallows(self, chunk: AudioChunk) -> bool:
        """Whether sound is a key's tones, and those do not get through."""
        if "twilio_swallows_tones" not in self._way.quirks:
            return False
        heard = self._speaking.convert(chunk).samples()
        self._spoken = np.concatenate((self._spoken, heard))[-BLOCK:]
        return is_key(self._spoken)


async def _break_off(transport: Transport[bytes | str]) -> None:
    await asyncio.sleep(ABRUPT_S)
    await transport.close(_BROKEN)
