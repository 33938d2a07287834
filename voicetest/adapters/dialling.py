"""Opens a line to an agent behind a WebSocket."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from urllib.parse import urlencode, urlsplit, urlunsplit

from pydantic import SecretStr

from voicetest.adapters.base import World
from voicetest.errors import ConnectionFailed
from voicetest.links.base import Link
from voicetest.links.codec import CodecLink
from voicetest.protocols.base import Codec
from voicetest.transports.base import KEPT_ALIVE, KeepAlive

__all__ = ["dialled", "with_query"]


@asynccontextmanager
async def dialled(
    world: World,
    codec: Codec[bytes | str],
    url: str,
    headers: Mapping[str, SecretStr],
    subprotocols: Sequence[str] = (),
    advice: Callable[[ConnectionFailed], str] = lambda error: "",
    keep_alive: KeepAlive = KEPT_ALIVE,
) -> AsyncIterator[Link]:
    """A line that is ready; raises ConnectionFailed, which shows no header and no parameter.

    `advice` is what such an error means on this platform and is added to it, unless it is empty.
    """
    shown = {name: value.get_secret_value() for name, value in headers.items()}
    async with AsyncExitStack() as opened:
        try:
            dialling = world.dial(
                url, headers=shown, subprotocols=subprotocols, keep_alive=keep_alive
            )
            line = await opened.enter_async_context(dialling)
            link = await opened.enter_async_context(CodecLink(codec, line))
        except ConnectionFailed as error:
            further = advice(error)
            message = f"{error} ({further})" if further else str(error)
            raise ConnectionFailed(message, code=error.code, reason=error.reason) from error
        yield link


def with_query(url: str, query: Mapping[str, SecretStr]) -> str:
    """An address with parameters added to its own."""
    parts = urlsplit(url)
    added = urlencode({name: value.get_secret_value() for name, value in query.items()})
    whole = "&".join(part for part in (parts.query, added) if part)
    return urlunsplit(parts._replace(query=whole))
