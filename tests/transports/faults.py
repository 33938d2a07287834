"""Ways in which the far side of a WebSocket goes wrong, as bytes on a TCP connection."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tests.transports.raw_servers import Stream, deaf, upgraded

__all__ = ["FAULTS", "Fault", "closing", "frame"]

_CONT, _TEXT, _BINARY, _CLOSE, _PING = 0, 1, 2, 8, 9
_MIB = 1 << 20


def frame(
    opcode: int, data: bytes = b"", *, last: bool = True, reserved: int = 0, masked: bool = False
) -> bytes:
    """One frame as a server sends it (RFC 6455 §5.2); a mask of zeros changes no byte."""
    size = len(data)
    mask = 0x80 if masked else 0
    if size < 126:
        length = bytes([mask | size])
    elif size < 1 << 16:
        length = bytes([mask | 126]) + struct.pack("!H", size)
    else:
        length = bytes([mask | 127]) + struct.pack("!Q", size)
    head = bytes([last << 7 | reserved << 4 | opcode]) + length
    return head + (bytes(4) if masked else b"") + data


def closing(code: int, reason: bytes = b"") -> bytes:
    """A close frame."""
    return frame(_CLOSE, struct.pack("!H", code) + reason)


_TONE = np.rint(8_000 * np.sin(2 * np.pi * 220 * np.arange(12_000) / 24_000)).astype("<i2")
GREETING = b"".join(frame(_BINARY, _TONE[at : at + 480].tobytes()) for at in range(0, 12_000, 480))
"""Half a second of sound for raw_pcm."""


@dataclass(frozen=True)
class Fault:
    """One way of going wrong, and what a caller is told of it."""

    does: Stream
    words: str
    """Part of the error's message."""


async def _listening(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Reads what comes until the caller is gone."""
    while await reader.read(1 << 16):
        pass


async def _reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Resets the connection instead of closing it."""
    await asyncio.sleep(0.2)
    connection: socket.socket = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


async def _finished(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Sends the end of its stream, and waits for that of the caller."""
    writer.write_eof()
    await _listening(reader, writer)


def _answering(answer: bytes) -> Stream:
    """Answers the request for an upgrade with those bytes and hangs up."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        await asyncio.sleep(0.2)

    return handle


def _repeating(first: bytes, again: bytes, pause_s: float = 0.0) -> Stream:
    """Sends something once and something else for ever."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(first)
        while True:
            writer.write(again)
            await writer.drain()
            await asyncio.sleep(pause_s)

    return handle


def _sends(frames: bytes) -> Stream:
    """Greets, sends those frames and goes on reading."""
    return upgraded(GREETING + frames, _listening)


FAULTS: Mapping[str, Fault] = {
    "reset within a message": Fault(
        upgraded(GREETING + frame(_BINARY, bytes(960))[:100], _reset), "reset"
    ),
    "end without a close frame": Fault(upgraded(GREETING, _finished), "without a closing"),
    "end within a frame": Fault(
        upgraded(GREETING + frame(_BINARY, bytes(960))[:100], _finished), "in the middle of"
    ),
    "vanished": Fault(upgraded(GREETING, deaf), "nothing came"),
    "closed 1002": Fault(_sends(closing(1002, b"bad frame")), "1002 bad frame"),
    "closed 1003": Fault(_sends(closing(1003)), "1003"),
    "closed 1006 on the wire": Fault(_sends(closing(1006)), "status code"),
    "closed 1007": Fault(_sends(closing(1007)), "1007"),
    "closed 1008": Fault(_sends(closing(1008, b"not allowed")), "1008 not allowed"),
    "closed 1009": Fault(_sends(closing(1009)), "1009"),
    "closed 1011": Fault(_sends(closing(1011, b"crashed")), "1011 crashed"),
    "closed 1012": Fault(_sends(closing(1012)), "1012"),
    "closed 1013": Fault(_sends(closing(1013)), "1013"),
    "closed 4001": Fault(_sends(closing(4001, b"no such bot")), "4001 no such bot"),
    "reserved bits": Fault(_sends(frame(_BINARY, b"ab", reserved=4)), "reserved"),
    "reserved opcode": Fault(_sends(frame(3, b"ab")), "opcode"),
    "masked by a server": Fault(_sends(frame(_BINARY, b"ab", masked=True)), "masking"),
    "close reason that is no UTF-8": Fault(_sends(closing(1011, b"\xff\xfe")), "UTF-8"),
    "close frame of one byte": Fault(_sends(frame(_CLOSE, b"\x03")), "close"),
    "oversize control frame": Fault(_sends(frame(_PING, bytes(200))), "control frame"),
    "fragmented control frame": Fault(_sends(frame(_PING, b"a", last=False)), "control frame"),
    "continuation without a start": Fault(_sends(frame(_CONT, b"ab")), "continuation"),
    "text within a fragmented message": Fault(
        _sends(frame(_BINARY, b"ab", last=False) + frame(_TEXT, b"ab")), "continuation"
    ),
    "message too big": Fault(_sends(frame(_BINARY, bytes(17 * _MIB))), "16 MB"),
    "message of an exabyte": Fault(
        _sends(b"\x82\x7f" + struct.pack("!Q", 1 << 60) + bytes(_MIB)), "16 MB"
    ),
    "endless fragments": Fault(
        upgraded(
            GREETING,
            _repeating(frame(_BINARY, last=False), frame(_CONT, bytes(65_536), last=False)),
        ),
        "16 MB",
    ),
    "endless empty fragments": Fault(
        upgraded(GREETING, _repeating(frame(_BINARY, last=False), frame(_CONT, last=False) * 512)),
        "fragments",
    ),
    "endless pings": Fault(
        upgraded(GREETING, _repeating(b"", frame(_PING, bytes(125)) * 512)), "pings"
    ),
    "data after the close frame": Fault(
        _sends(closing(1011, b"crashed") + frame(_BINARY, bytes(960)) * 20), "1011 crashed"
    ),
    "HTTP instead of an upgrade": Fault(
        _answering(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"), "web page"
    ),
    "garbage instead of an upgrade": Fault(
        _answering(b"SSH-2.0-OpenSSH_9.2\r\n"), "not a WebSocket server"
    ),
    "wrong Sec-WebSocket-Accept": Fault(
        _answering(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n"
        ),
        "not a WebSocket server",
    ),
    "headers without end": Fault(
        _answering(b"HTTP/1.1 101 Switching Protocols\r\n" + b"X-Again: 1\r\n" * 100_000),
        "not a WebSocket server",
    ),
    "upgrade never answered": Fault(deaf, "no answer within"),
}
