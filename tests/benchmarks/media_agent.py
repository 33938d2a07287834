"""An agent on a media stream that costs little; it notes when each frame of its caller came.

It speaks and is silent by turns, in a process of its own: WebSocket frames (RFC 6455 §5.2) by hand,
one timer for all its connections.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import struct
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Self

import numpy as np

from voicetest.audio.chunk import INTERNAL, Encoding, Samples
from voicetest.audio.g711 import RATE, compress
from voicetest.audio.resample import resample

__all__ = ["MediaAgent", "Traffic"]

FRAME_S = 0.02
_FRAME = round(RATE * FRAME_S)
_SLOTS = 4
"""Connections speak in so many groups, 5 ms apart."""
_TALK, _CYCLE = 100, 200
"""Frames of speech, and of speech and silence: 2 s of each."""
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_TEXT, _CLOSE, _PING, _PONG = 1, 8, 9, 10


@dataclass
class Traffic:
    """What one connection carried; times in seconds on the machine's monotonic clock."""

    opened: float
    arrivals: array[float] = field(default_factory=lambda: array("d"))
    """When each frame of the caller came."""
    sent: int = 0
    """Frames of the agent."""


class MediaAgent:
    """The server, running in a process of its own inside the block."""

    def __init__(self, speech: Samples, gone_after: int | None = None) -> None:
        """`speech` is said over and over, int16 (n,) at 24 kHz.

        After so many frames of it the first caller is neither heard nor answered any more, and
        stays connected.
        """
        self._gone_after = gone_after
        sound = compress(resample(speech, INTERNAL.rate, RATE), Encoding.MULAW)
        self._frames = [sound[at : at + _FRAME] for at in range(0, len(sound) - _FRAME, _FRAME)]

    def __enter__(self) -> Self:
        context = get_context("spawn")
        self._control, theirs = context.Pipe()
        told = (theirs, self._frames, self._gone_after)
        self._process = context.Process(target=_serve, args=told, daemon=True)
        self._process.start()
        self.port: int = self._control.recv()
        return self

    def traffic(self) -> Sequence[Traffic]:
        """What every connection carried since this was asked last, and what it cost, is over."""
        self._control.send("traffic")
        told: Sequence[Traffic] = self._control.recv()
        return told

    @property
    def pid(self) -> int:
        """The process of the server."""
        return self._process.pid or 0

    def __exit__(self, *failure: object) -> None:
        self._control.send("stop")
        self._process.join(10)


def _serve(control: Connection, frames: Sequence[bytes], gone_after: int | None) -> None:
    said = [base64.b64encode(frame).decode() for frame in frames]
    asyncio.run(_host(control, said, gone_after))


async def _host(control: Connection, frames: Sequence[str], gone_after: int | None) -> None:
    loop = asyncio.get_running_loop()
    speaking: list[set[_Agent]] = [set() for _ in range(_SLOTS)]
    traffic: list[Traffic] = []
    over = asyncio.Event()

    def asked() -> None:
        if control.recv() == "stop":
            over.set()
        else:
            control.send(list(traffic))
            traffic.clear()

    def made() -> _Agent:
        leaves = None if traffic else gone_after
        return _Agent(frames, speaking[len(traffic) % _SLOTS], traffic, leaves)

    server = await loop.create_server(made, "127.0.0.1", 0, backlog=1024)
    loop.add_reader(control.fileno(), asked)
    control.send(server.sockets[0].getsockname()[1])
    start, number = loop.time(), 0

    def speak() -> None:
        nonlocal number
        for agent in tuple(speaking[number % _SLOTS]):
            agent.speak()
        number += 1
        loop.call_at(start + number * FRAME_S / _SLOTS, speak)

    speak()
    await over.wait()
    server.close()


class _Agent(asyncio.Protocol):
    """One connection."""

    def __init__(
        self,
        frames: Sequence[str],
        speaking: set[_Agent],
        traffic: list[Traffic],
        gone_after: int | None,
    ) -> None:
        self._gone_after = gone_after
        self._frames, self._speaking, self._traffic = frames, speaking, traffic
        self._seen = b""
        self._messages: list[bytes] = []
        self._tick = 0
        self._open = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._told = Traffic(self._loop.time())
        self._traffic.append(self._told)

    def connection_lost(self, error: Exception | None) -> None:
        self._speaking.discard(self)

    def data_received(self, data: bytes) -> None:
        now = self._loop.time()
        self._seen += data
        if not self._open:
            if b"\r\n\r\n" not in self._seen:
                return
            head, self._seen = self._seen.split(b"\r\n\r\n", 1)
            self._accept(head)
        at, seen = 0, self._seen
        while len(seen) - at >= 6:
            opcode, length, begin = seen[at] & 15, seen[at + 1] & 127, at + 6
            if length == 126:
                length, begin = int.from_bytes(seen[at + 2 : at + 4]), at + 8
            if len(seen) < begin + length:
                break
            self._take(opcode, length, seen, begin, now)
            at = begin + length
        self._seen = seen[at:]

    def _accept(self, head: bytes) -> None:
        key = next(
            line.split(b":", 1)[1].strip()
            for line in head.split(b"\r\n")
            if line.lower().startswith(b"sec-websocket-key:")
        )
        accept = base64.b64encode(hashlib.sha1(key + _GUID).digest())  # noqa: S324  # RFC 6455 §4.2.2
        self._transport.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
        )
        self._open = True

    def _take(self, opcode: int, length: int, seen: bytes, begin: int, now: float) -> None:
        if opcode == _TEXT and self._messages:
            if length > _FRAME:
                self._told.arrivals.append(now)
            if len(self._told.arrivals) == self._gone_after:
                self._speaking.discard(self)
                self._transport.pause_reading()
            return
        mask = np.frombuffer(seen[begin - 4 : begin], np.uint8)
        sealed = np.frombuffer(seen[begin : begin + length], np.uint8)
        text = (sealed ^ np.resize(mask, length)).tobytes()
        if opcode == _CLOSE:
            self._speaking.discard(self)
            self._transport.write(_frame(_CLOSE, text[:2]))
            self._transport.close()
        elif opcode == _PING:
            self._transport.write(_frame(_PONG, text))
        elif opcode == _TEXT and b'"start"' in text:
            stream = json.loads(text)["start"]["streamSid"]
            self._messages = [
                _frame(
                    _TEXT,
                    f'{{"event":"media","streamSid":"{stream}","media":{{"payload":"{sound}"}}}}'.encode(),
                )
                for sound in self._frames
            ]
            self._speaking.add(self)

    def speak(self) -> None:
        """The next 20 ms."""
        if self._tick % _CYCLE < _TALK:
            self._transport.write(self._messages[self._told.sent % len(self._messages)])
            self._told.sent += 1
        self._tick += 1


def _frame(opcode: int, payload: bytes) -> bytes:
    size = len(payload)
    head = (
        bytes((0x80 | opcode, size))
        if size < 126
        else struct.pack("!BBH", 0x80 | opcode, 126, size)
    )
    return head + payload
