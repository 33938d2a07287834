"""A simulator of a platform that takes requests besides its calls, both on one port."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import BaseRoute, WebSocketRoute
from starlette.websockets import WebSocket

from voicetest.agents.recipe import AgentRecipe
from voicetest.simulators.base import Simulator
from voicetest.transports.asgi import AsgiTransport, serve_app
from voicetest.transports.base import Upgrade

__all__ = ["WebSimulator"]

_GOODBYE_LIMIT_S = 5.0


class WebSimulator(Simulator, ABC):
    """Answers `routes` over HTTP, on a socket or in process, and calls at any other path."""

    def __init__(self, agent: AgentRecipe) -> None:
        """Raises ValueError for an agent with a quirk that this platform does not have."""
        super().__init__(agent)
        self._answering: set[asyncio.Task[None]] = set()
        """The calls that came over a socket."""
        pick_up = WebSocketRoute("/{path:path}", self._pick_up)
        self._app = Starlette(routes=[*self.routes(), pick_up])

    @property
    def web(self) -> Starlette:
        """The application, for requests in this process."""
        return self._app

    @abstractmethod
    def routes(self) -> Sequence[BaseRoute]:
        """What the platform answers besides its calls."""

    async def _pick_up(self, websocket: WebSocket) -> None:
        upgrade = _upgrade(websocket)
        status = self.admit(upgrade)
        if status is not None:
            refusal = PlainTextResponse(f"{status.phrase}\n", status)
            await websocket.send_denial_response(refusal)
            return
        await websocket.accept()
        async with asyncio.TaskGroup() as tasks:
            call = tasks.create_task(self.converse(AsgiTransport(websocket), upgrade))
            self._answering.add(call)
            call.add_done_callback(self._answering.discard)

    @asynccontextmanager
    async def listen(self, host: str, port: int) -> AsyncIterator[str]:
        """Answer requests and calls while the block runs; gives the address of calls.

        Raises OSError when the port cannot be had.
        """
        await self._agent.prepare()
        async with serve_app(self._app, host, port) as found:
            named = f"[{host}]" if ":" in host else host
            try:
                yield f"ws://{named}:{found}"
            finally:
                await self._say_goodbye()

    async def _say_goodbye(self) -> None:
        """End the calls; each closes its own line with code 1001."""
        calls = set(self._answering)
        for call in calls:
            call.cancel()
        if calls:
            await asyncio.wait(calls, timeout=_GOODBYE_LIMIT_S)


def _upgrade(websocket: WebSocket) -> Upgrade:
    url = websocket.url
    headers = {name.lower(): value for name, value in websocket.headers.items()}
    return Upgrade(f"{url.path}?{url.query}" if url.query else url.path, headers)
