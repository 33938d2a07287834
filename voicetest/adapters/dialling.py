"""Opens a line to an agent behind a WebSocket."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from urllib.parse import urlencode, urlsplit, urlunsplit

from pydantic import SecretStr

from voicetest.adapters.base import World
from voicetest.errors import ConnectionFailed
from voicetest.links.base import Link
from voicetest.links.codec import CodecLink
from voicetest.protocols.base import Codec
from voicetest.transports.base import KEPT_ALIVE, KeepAlive

__all__ = ["dialled", "explained", "with_query"]


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

    `advice` is what such an error, or one of a line that breaks, means on this platform and is
    added to it, unless it is empty.
    """
    shown = {name: value.get_secret_value() for name, value in headers.items()}

    def advised(error: ConnectionFailed) -> ConnectionFailed:
        further = advice(error)
        message = f"{error} ({further})" if further else str(error)
        return ConnectionFailed(message, code=error.code, reason=error.reason)

    with explained(advised):
        async with (
            world.dial(
                url, headers=shown, subprotocols=subprotocols, keep_alive=keep_alive
            ) as line,
            CodecLink(codec, line) as link,
        ):
            yield link


@contextmanager
def explained(explain: Callable[[ConnectionFailed], ConnectionFailed]) -> Iterator[None]:
    """Say what to do about a line that cannot be opened, or breaks, in words of its platform."""
    try:
        yield
    except ConnectionFailed as error:
        raise explain(error) from error
    except BaseExceptionGroup as errors:
        broken, others = errors.split(ConnectionFailed)
        if broken is None or others is not None:
            raise
        raise explain(_first(broken)) from errors


def _first(errors: BaseExceptionGroup[ConnectionFailed]) -> ConnectionFailed:
    found = errors.exceptions[0]
    return _first(found) if isinstance(found, BaseExceptionGroup) else found


def with_query(url: str, query: Mapping[str, SecretStr]) -> str:
    """An address with parameters added to its own."""
    parts = urlsplit(url)
    added = urlencode({name: value.get_secret_value() for name, value in query.items()})
    whole = "&".join(part for part in (parts.query, added) if part)
    return urlunsplit(parts._replace(query=whole))
