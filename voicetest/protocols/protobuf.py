"""The wire format of protocol buffers, as far as a small schema of scalars and bytes needs it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeAlias

from voicetest.errors import ProtocolError

__all__ = ["Value", "read_fields", "write_fields"]

Value: TypeAlias = int | bytes

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_FIXED = {_FIXED64: 8, _FIXED32: 4}
_LONGEST_VARINT = 10
"""Bytes; seven bits each are enough for the 64 bits of the largest number."""


def write_fields(fields: Iterable[tuple[int, Value]]) -> bytes:
    """A message of the given field numbers and values: unsigned numbers, or bytes."""
    parts: list[bytes] = []
    for number, value in fields:
        if isinstance(value, int):
            parts += (_varint(number << 3 | _VARINT), _varint(value))
        else:
            parts += (_varint(number << 3 | _BYTES), _varint(len(value)), value)
    return b"".join(parts)


def read_fields(data: bytes) -> Iterator[tuple[int, Value]]:
    """The fields of a message in the order sent; those of fixed width are skipped.

    Raises ProtocolError where `data` is no message.
    """
    at = 0
    while at < len(data):
        tag, at = _read_varint(data, at)
        number, kind = tag >> 3, tag & 7
        if not number:
            raise ProtocolError(f"not a protobuf message: field number 0 before byte {at}")
        if kind == _VARINT:
            value, at = _read_varint(data, at)
            yield number, value
            continue
        if kind == _BYTES:
            size, at = _read_varint(data, at)
        elif kind in _FIXED:
            size = _FIXED[kind]
        else:
            raise ProtocolError(f"not a protobuf message: wire type {kind} before byte {at}")
        end = at + size
        if end > len(data):
            raise ProtocolError(
                f"a protobuf message is cut short: field {number} needs {size} bytes, "
                f"{len(data) - at} are there"
            )
        if kind == _BYTES:
            yield number, data[at:end]
        at = end


def _varint(value: int) -> bytes:
    written = bytearray()
    while value > 0x7F:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    written.append(value)
    return bytes(written)


def _read_varint(data: bytes, start: int) -> tuple[int, int]:
    """The number at `start`, and where the next byte is."""
    value = 0
    for place, byte in enumerate(data[start : start + _LONGEST_VARINT]):
        value |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            return value, start + place + 1
    if len(data) < start + _LONGEST_VARINT:
        raise ProtocolError("a protobuf message is cut short: it ends within a number")
    raise ProtocolError(f"not a protobuf message: the number at byte {start} never ends")
