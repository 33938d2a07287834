"""Opens a line to an agent behind a WebSocket."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from urllib.parse import urlencode, urlsplit, urlunsplit

from pydantic import SecretStr

from voicetest.adapters.base import World
from voicetest.links.base import Link
from voicetest.links.codec import CodecLink
from voicetest.protocols.base import Codec

__all__ = ["dialled", "with_query"]


@asynccontextmanager
async def dialled(
    world: World,
    codec: Codec[bytes | str],
    url: str,
    headers: Mapping[str, SecretStr],
    subprotocols: Sequence[str] = (),
) -> AsyncIterator[Link]:
    """A line that is ready; raises ConnectionFailed, which shows no header and no parameter."""
    shown = {name: value.get_secret_value() for name, value in headers.items()}
    async with (
        world.dial(url, headers=shown, subprotocols=subprotocols) as line,
        CodecLink(codec, line) as link,
    ):
        yield link


def with_query(url: str, query: Mapping[str, SecretStr]) -> str:
    """An address with parameters added to its own."""
    parts = urlsplit(url)
    added = urlencode({name: value.get_secret_value() for name, value in query.items()})
    whole = "&".join(part for part in (parts.query, added) if part)
    return urlunsplit(parts._replace(query=whole))
