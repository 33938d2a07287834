"""Messages as they lie on a WebSocket's wire: each in one frame, as nearly all are (RFC 6455 §5).

The websockets package reads and writes these as well, at several times the cost.
"""

from __future__ import annotations

import os
import struct

from websockets.frames import Opcode

try:
    from websockets.speedups import apply_mask
except ImportError:  # built without a compiler
    from websockets.utils import apply_mask

__all__ = ["whole_messages", "wire_size", "written"]

_FINAL = 0x80
_TEXT, _BINARY = _FINAL | Opcode.TEXT, _FINAL | Opcode.BINARY
_MASKED = 0x80
_SHORT, _MEDIUM, _LONG = 125, 126, 127
"""The largest length that stands for itself; the marks of one in two bytes, and in eight."""


def wire_size(length: int) -> int:
    """Bytes of a frame of a server with so many bytes in it, written as short as it can be."""
    return length + (2 if length <= _SHORT else 4 if length < 1 << 16 else 10)


def written(message: bytes | str, *, masked: bool) -> bytes:
    """A message as one frame; `masked` as a client has to."""
    kind, data = (_TEXT, message.encode()) if isinstance(message, str) else (_BINARY, message)
    size, mask_bit = len(data), _MASKED if masked else 0
    if size <= _SHORT:
        head = bytes((kind, mask_bit | size))
    elif size < 1 << 16:
        head = struct.pack("!BBH", kind, mask_bit | _MEDIUM, size)
    else:
        head = struct.pack("!BBQ", kind, mask_bit | _LONG, size)
    if not masked:
        return head + data
    mask = os.urandom(4)
    return b"".join((head, mask, apply_mask(data, mask)))


def whole_messages(data: bytes) -> tuple[list[bytes | str], int]:
    """The messages that a server's bytes begin with, and how many bytes those take.

    Only unmasked frames of less than 64 kB that each are a message are read, up to the first other
    thing; text that is not UTF-8 has U+FFFD in it.
    """
    found: list[bytes | str] = []
    at, end = 0, len(data)
    while end - at >= 2:
        kind, size = data[at], data[at + 1]
        begin = at + 2
        if size == _MEDIUM and end - at >= 4:
            size = data[at + 2] << 8 | data[at + 3]
            begin = at + 4
        elif size > _SHORT:
            break
        if begin + size > end:
            break
        if kind == _TEXT:
            found.append(str(data[begin : begin + size], "utf-8", "replace"))
        elif kind == _BINARY:
            found.append(data[begin : begin + size])
        else:
            break
        at = begin + size
    return found, at
