"""Answers over HTTP are read up to a bound: as they come, and as they are when unpacked."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import httpx

__all__ = ["LARGEST", "TooLarge", "bounded"]

LARGEST = 16 << 20
"""Bytes of an answer, unpacked."""
_PIECE = 1 << 16
_EITHER = zlib.MAX_WBITS | 32
"""Finds out by itself whether a header of zlib or of gzip is there (zlib.h, inflateInit2)."""


class TooLarge(httpx.HTTPError):
    """An answer goes on beyond the bound."""


def bounded(largest: int = LARGEST) -> dict[str, list[Callable[[Any], Any]]]:
    """The hooks of a client whose answers have at most `largest` bytes.

    Reading a longer one raises TooLarge, reading one in an encoding that nobody asked for
    DecodingError. No encoding is asked for, and what gzip or deflate did all the same is undone.
    """

    async def ask(request: httpx.Request) -> None:
        request.headers["Accept-Encoding"] = "identity"

    async def bound(response: httpx.Response) -> None:
        announced = response.headers.get("Content-Length", "")
        if announced.isdecimal() and int(announced[:20]) > largest:
            raise _too_large(largest)
        encoding = response.headers.pop("Content-Encoding", "identity").strip().lower()
        if isinstance(response.stream, httpx.AsyncByteStream):
            response.stream = _Bounded(response.stream, _unpacking(encoding), largest)

    return {"request": [ask], "response": [bound]}


class _Bounded(httpx.AsyncByteStream):
    def __init__(
        self,
        stream: httpx.AsyncByteStream,
        unpack: Callable[[bytes], Iterator[bytes]],
        largest: int,
    ) -> None:
        self._stream = stream
        self._unpack = unpack
        self._largest = largest

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for packed in self._stream:
            for piece in self._unpack(packed):
                size += len(piece)
                if size > self._largest:
                    raise _too_large(self._largest)
                yield piece

    async def aclose(self) -> None:
        await self._stream.aclose()


def _too_large(largest: int) -> TooLarge:
    return TooLarge(f"its answer has more than {largest >> 20} MB")


def _unpacking(encoding: str) -> Callable[[bytes], Iterator[bytes]]:
    if encoding in ("identity", ""):
        return lambda packed: iter((packed,))
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise httpx.DecodingError("its answer is in an encoding that nobody asked for")
    undoing = zlib.decompressobj(_EITHER)

    def unpack(packed: bytes) -> Iterator[bytes]:
        while packed:
            try:
                yield undoing.decompress(packed, _PIECE)
            except zlib.error as error:
                raise httpx.DecodingError("its answer cannot be unpacked") from error
            packed = undoing.unconsumed_tail

    return unpack
