"""An agent behind a WebSocket on this machine: what `adapter: websocket` dials."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from voicetest.agents.agent import EmbeddedAgent
from voicetest.errors import ProtocolError
from voicetest.links.codec import CodecLink
from voicetest.protocols.base import Codec, End
from voicetest.protocols.raw_pcm import RawPcm
from voicetest.transports.base import Transport
from voicetest.transports.websocket import Upgrade, WebSocketTransport, serve

__all__ = ["PATH", "MakeAgent", "MakeCodec", "answer", "serve_agent"]

PATH = "/raw"
"""Where the raw_pcm preset is."""
PROTOCOL_ERROR = 1002
"""The code for a peer that said what its protocol does not allow (RFC 6455 §7.4.1)."""

MakeAgent: TypeAlias = Callable[[CodecLink[Any]], EmbeddedAgent]
MakeCodec: TypeAlias = Callable[[], Codec[bytes | str]]


async def answer(
    transport: Transport[bytes | str], codec: Codec[bytes | str], agent: MakeAgent
) -> None:
    """Hold one call at the server's end of `transport` until either side hangs up."""
    async with CodecLink(codec, transport) as line:
        try:
            await agent(line).serve()
        except* ProtocolError as group:
            await transport.close(PROTOCOL_ERROR, str(group.exceptions[0]))


@asynccontextmanager
async def serve_agent(
    agent: MakeAgent,
    *,
    codec: MakeCodec = lambda: RawPcm(End.SERVER),
    path: str = PATH,
    token: str | None = None,
    host: str = "127.0.0.1",
    port: int = 0,
) -> AsyncIterator[str]:
    """Answer calls with an agent and a codec of their own each; gives the address to dial.

    Another path than `path` is HTTP 404. With a `token`, a call without the header
    `Authorization: Bearer <token>` is HTTP 401.
    """

    def admit(upgrade: Upgrade) -> HTTPStatus | None:
        if urlsplit(upgrade.path).path != path:
            return HTTPStatus.NOT_FOUND
        if token is not None and upgrade.headers.get("authorization") != f"Bearer {token}":
            return HTTPStatus.UNAUTHORIZED
        return None

    async def converse(transport: WebSocketTransport, upgrade: Upgrade) -> None:
        await answer(transport, codec(), agent)

    async with serve(converse, host, port, admit=admit) as found:
        yield f"ws://{host}:{found}{path}"
