"""Calls to a simulator in place of the platform: in memory, or over a socket of this machine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    asynccontextmanager,
    nullcontext,
)
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit, urlunsplit

from voicetest.simulators.base import Simulator
from voicetest.transports.base import KEPT_ALIVE, Dial, KeepAlive, Transport, Upgrade
from voicetest.transports.memory import memory_pair
from voicetest.transports.refusals import by_status
from voicetest.transports.websocket import connect

if TYPE_CHECKING:
    import httpx
    from starlette.types import ASGIApp

__all__ = ["addressed", "in_memory", "in_process", "on_loopback"]


def in_memory(simulator: Simulator) -> Dial:
    """Whatever address is dialled, the simulator answers, and nothing leaves this process."""

    @asynccontextmanager
    async def dial(
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        subprotocols: Sequence[str] = (),
        keep_alive: KeepAlive = KEPT_ALIVE,
    ) -> AsyncIterator[Transport[bytes | str]]:
        sent = {name.lower(): value for name, value in (headers or {}).items()}
        if subprotocols:
            sent["sec-websocket-protocol"] = ", ".join(subprotocols)
        upgrade = Upgrade(_path(url), sent)
        status = simulator.admit(upgrade)
        if status is not None:
            raise by_status(status, url)
        near: Transport[bytes | str]
        far: Transport[bytes | str]
        near, far = memory_pair()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(simulator.converse(far, upgrade))
            try:
                yield near
            finally:
                await near.close()

    return dial


def on_loopback(simulator: Simulator) -> Dial:
    """The same over a socket that is open as long as the call."""

    @asynccontextmanager
    async def dial(
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        subprotocols: Sequence[str] = (),
        keep_alive: KeepAlive = KEPT_ALIVE,
    ) -> AsyncIterator[Transport[bytes | str]]:
        async with (
            simulator.listen("127.0.0.1", 0) as here,
            connect(
                here + _path(url),
                headers=headers,
                subprotocols=subprotocols,
                keep_alive=keep_alive,
            ) as transport,
        ):
            yield transport

    return dial


def addressed(simulator: Simulator) -> Callable[[str], AbstractAsyncContextManager[str]]:
    """Whatever address is wanted, the simulator is at one of this machine while it is used."""
    return lambda url: simulator.listen("127.0.0.1", 0)


def in_process(
    web: ASGIApp, taking_calls: Callable[[], AbstractAsyncContextManager[None]] = nullcontext
) -> Callable[[str], httpx.AsyncClient]:
    """Whatever base URL is asked, the application answers, and nothing leaves this process.

    A client is open inside a block of `taking_calls`, which holds the calls that requests begin.
    """
    # Most platforms have no requests, and it is slow to import.
    import httpx

    class Answering(httpx.ASGITransport):
        def __init__(self) -> None:
            super().__init__(web)
            self._calls = AsyncExitStack()

        async def __aenter__(self) -> Self:
            await self._calls.enter_async_context(taking_calls())
            return self

        async def __aexit__(self, *raised: Any) -> None:
            await self._calls.__aexit__(*raised)

    def client(base_url: str) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=Answering(), base_url=base_url)

    return client


def _path(url: str) -> str:
    """Path and query of an address."""
    parts = urlsplit(url)
    return urlunsplit(("", "", parts.path or "/", parts.query, ""))
