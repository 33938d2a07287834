"""Answers that have no end, or grow when they are unpacked, are given up at their bound."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator, Callable

import httpx
import pytest

from voicetest.answers import TooLarge, bounded

BOUND = 1 << 20


def _read(body: bytes, encoding: str = "", *, times: int = 1) -> bytes:
    """What a client reads of a body that is sent so many times over."""
    asked: list[str] = []

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(times):
            yield body

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.headers["Accept-Encoding"])
        headers = {"Content-Encoding": encoding} if encoding else {}
        return httpx.Response(200, headers=headers, content=pieces())

    async def main() -> bytes:
        mock = httpx.MockTransport(answer)
        async with httpx.AsyncClient(transport=mock, event_hooks=bounded(BOUND)) as client:
            response = await client.get("http://platform.example/")
            return response.content

    found = asyncio.run(main())
    assert asked == ["identity"]
    return found


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("", b"hello"),
        ("identity", b"hello"),
        ("gzip", gzip.compress(b"hello")),
        ("deflate", zlib.compress(b"hello")),
    ],
)
def test_an_answer_is_read_however_it_was_packed(encoding: str, packed: bytes) -> None:
    assert _read(packed, encoding) == b"hello"


def test_an_answer_of_just_the_bound_is_read() -> None:
    assert len(_read(bytes(BOUND))) == BOUND


def test_an_answer_without_end_is_given_up() -> None:
    with pytest.raises(TooLarge, match="more than 1 MB"):
        _read(bytes(4_096), times=1_000_000)


@pytest.mark.parametrize(
    ("encoding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress)]
)
def test_an_answer_counts_as_it_is_unpacked(encoding: str, pack: Callable[[bytes], bytes]) -> None:
    with pytest.raises(TooLarge):
        _read(pack(bytes(2 * BOUND)), encoding)


def test_an_answer_that_announces_too_much_is_not_read() -> None:
    async def main() -> None:
        def answer(request: httpx.Request) -> httpx.Response:
            return httpx.Response(200, headers={"Content-Length": "9" * 30})

        mock = httpx.MockTransport(answer)
        async with httpx.AsyncClient(transport=mock, event_hooks=bounded(BOUND)) as client:
            await client.get("http://platform.example/")

    with pytest.raises(TooLarge):
        asyncio.run(main())


@pytest.mark.parametrize(("encoding", "body"), [("br", b"hello"), ("gzip", b"hello")])
def test_what_cannot_be_unpacked_is_an_error(encoding: str, body: bytes) -> None:
    with pytest.raises(httpx.DecodingError):
        _read(body, encoding)
