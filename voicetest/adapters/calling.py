"""Opens a line to an agent behind a WebRTC peer connection."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from aiortc import RTCIceServer
from pydantic import SecretStr

from voicetest.adapters.base import World
from voicetest.adapters.ice_servers import IceServer
from voicetest.adapters.signalling import origin
from voicetest.links.aiortc_ways import Reach
from voicetest.links.base import Link
from voicetest.links.negotiation import Exchange
from voicetest.links.webrtc import WebRTCLink, peer_connection
from voicetest.protocols.media_line import Talk
from voicetest.transports.base import is_this_machine

if TYPE_CHECKING:
    import httpx

__all__ = ["called", "client_of"]

_PASSWORD = re.compile(r"a=ice-pwd:(?P<word>\S+)")
"""RFC 8839 §5.4."""
LEAD_S = 0.01
"""The user's sound comes in frames on one schedule."""


@asynccontextmanager
async def client_of(
    world: World, url: str, headers: Mapping[str, SecretStr]
) -> AsyncIterator[httpx.AsyncClient]:
    """A client for requests to the host of `url`."""
    async with world.http(origin(url)) as client:
        for name, value in headers.items():
            client.headers[name] = value.get_secret_value()
        yield client


@asynccontextmanager
async def called(
    world: World,
    url: str,
    exchange: Exchange,
    *,
    codecs: Sequence[str],
    ice_servers: Sequence[IceServer] = (),
    talk: Talk | None = None,
    label: str = "",
    further: Sequence[str] = (),
) -> AsyncIterator[Link]:
    """A line that is ready; raises ConnectionFailed, or ProtocolError for an answer without sound.

    Offers go to `url` by `exchange`; the rest is as WebRTCLink has it.
    """
    servers = () if world.offline else [_aiortc(server) for server in ice_servers]
    async with peer_connection(servers) as peer:
        link = WebRTCLink(peer, _reach(world, url), lead_s=LEAD_S, talk=talk)
        await link.offer(_hiding(exchange, world), codecs, label, further)
        async with link.opened():
            yield link


def _hiding(exchange: Exchange, world: World) -> Exchange:
    """The same exchange; whoever knows the passwords in it could take the place of a side."""

    async def hidden(offer: str) -> str:
        answer = await exchange(offer)
        for found in _PASSWORD.finditer(f"{offer}\n{answer}"):
            world.secret(found["word"])
        return answer

    return hidden


def _reach(world: World, url: str) -> Reach:
    if world.offline:
        return Reach.LOOPBACK
    return Reach.ANYWHERE if is_this_machine(urlsplit(url).hostname or "") else Reach.NETWORK


def _aiortc(server: IceServer) -> RTCIceServer:
    password = None if server.credential is None else server.credential.get_secret_value()
    return RTCIceServer(server.urls, server.username, password)
