"""A server of LiveKit on this machine, with one room for each call and an agent in it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from http import HTTPStatus
from typing import ClassVar, Protocol, Self
from urllib.parse import urlsplit

import jwt
from livekit import api
from livekit.protocol import agent_dispatch, models
from livekit.protocol import room as room_service
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from voicetest.agents.recipe import AgentRecipe
from voicetest.links.aiortc_ways import Reach
from voicetest.links.livekit_line import SIMULATED_KEY, SIMULATED_SECRET
from voicetest.protocols.base import Codec
from voicetest.registry import UnknownName
from voicetest.simulators.livekit_call import RoomLine
from voicetest.simulators.peers import told_later
from voicetest.simulators.web import WebSimulator
from voicetest.transports.base import Transport, Upgrade, is_this_machine

__all__ = ["LiveKitSimulator"]

_PROTOBUF = "application/protobuf"
_COME_LIMIT_S = 60.0
"""How long a caller may take to publish, and how long it waits for an agent to be sent for."""
_BREATH_S = 0.2
"""Between hearing the caller's track and speaking."""
_LATE_S, _SPOILS_S = 2.0, 4.0


class _Called(Protocol):
    @property
    def agent_name(self) -> str | None:
        """The agent that is sent for."""


@dataclass(frozen=True)
class _Claims:
    """Who a token lets in, and where."""

    identity: str
    room: str


class LiveKitSimulator(WebSimulator):
    """Speaks LiveKit's signals and requests; an agent comes into each room, or is sent for."""

    quirks: ClassVar[frozenset[str]] = frozenset(
        {
            "livekit_deletes_room",
            "livekit_duplicate",
            "livekit_late_track",
            "livekit_mutes",
            "livekit_no_agent",
            "livekit_shutdown",
            "livekit_standard",
            "livekit_unpublishes",
            "livekit_wrong_secret",
        }
    )

    def __init__(self, agent: AgentRecipe, agent_name: str | None = None) -> None:
        """With `agent_name` the agent comes only when it is sent for by that name."""
        self._name = agent_name
        self._sent_for: dict[str, asyncio.Event] = {}
        """By room, set when its agent was sent for."""
        self._lines: dict[str, list[RoomLine]] = {}
        """Who is in each room."""
        self._reach = Reach.LOOPBACK
        """Set by `listen`."""
        super().__init__(agent)

    @classmethod
    def behind(cls, adapter: _Called, agent: AgentRecipe) -> Self:
        """A server whose agent has the name that is sent for, if one is."""
        return cls(agent, adapter.agent_name)

    @classmethod
    def of_preset(cls, name: str | None, agent: AgentRecipe) -> Self:
        """A server whose agent comes by itself."""
        if name is not None:
            raise UnknownName(f"'livekit' has no preset '{name}'")
        return cls(agent)

    def addresses(self, url: str) -> Sequence[str]:
        """A scenario's `agent:`."""
        settings = f"url: '{url}', api_key: {SIMULATED_KEY}, api_secret: {SIMULATED_SECRET}"
        return [f"agent: {{adapter: livekit, {settings}}}"]

    @asynccontextmanager
    async def listen(self, host: str, port: int) -> AsyncIterator[str]:
        """Answer requests and calls while the block runs; gives the address.

        Raises OSError when the port cannot be had.
        """
        self._reach = Reach.LOOPBACK if is_this_machine(host) else Reach.NETWORK
        async with super().listen(host, port) as url:
            yield url

    def routes(self) -> Sequence[BaseRoute]:
        """What clients ask besides their calls."""
        return (
            Route("/rtc/validate", self._validate),
            Route("/rtc/v1/validate", self._validate),
            Route(
                "/twirp/livekit.AgentDispatchService/CreateDispatch",
                self._send_for_agent,
                methods=["POST"],
            ),
            Route("/twirp/livekit.RoomService/DeleteRoom", self._delete, methods=["POST"]),
        )

    def _claims(self, authorization: str) -> api.access_token.Claims | None:
        if "livekit_wrong_secret" in self._agent.faults.quirks:
            return None
        token = authorization.removeprefix("Bearer ")
        try:
            return api.TokenVerifier(SIMULATED_KEY, SIMULATED_SECRET).verify(token)
        except jwt.PyJWTError:
            return None

    def _caller(self, upgrade: Upgrade) -> _Claims | None:
        found = self._claims(upgrade.headers.get("authorization", ""))
        if found is None or found.video is None or not found.video.room_join:
            return None
        return _Claims(found.identity, found.video.room)

    def codec(self, upgrade: Upgrade) -> Codec[bytes | str]:
        """Signals are no call: its sound goes another way."""
        raise LookupError(upgrade.path)

    def admit(self, upgrade: Upgrade) -> HTTPStatus | None:
        """Callers with a token, at the address that older servers have as well."""
        if self._agent.faults.refuses:
            return HTTPStatus.SERVICE_UNAVAILABLE
        if urlsplit(upgrade.path).path.rstrip("/") != "/rtc":
            return HTTPStatus.NOT_FOUND
        return HTTPStatus.UNAUTHORIZED if self._caller(upgrade) is None else None

    async def _validate(self, request: Request) -> Response:
        if self._claims(request.headers.get("authorization", "")) is None:
            return PlainTextResponse("invalid token", HTTPStatus.UNAUTHORIZED)
        return PlainTextResponse("success")

    async def _send_for_agent(self, request: Request) -> Response:
        if self._claims(request.headers.get("authorization", "")) is None:
            return _refused()
        wanted = agent_dispatch.CreateAgentDispatchRequest.FromString(await request.body())
        if self._name in (None, wanted.agent_name):
            self._expected(wanted.room).set()
        made = agent_dispatch.AgentDispatch(
            id="AD_simulated", agent_name=wanted.agent_name, room=wanted.room
        )
        return Response(made.SerializeToString(), media_type=_PROTOBUF)

    async def _delete(self, request: Request) -> Response:
        if self._claims(request.headers.get("authorization", "")) is None:
            return _refused()
        wanted = room_service.DeleteRoomRequest.FromString(await request.body())
        for line in self._lines.get(wanted.room, ()):
            await line.dismiss(models.ROOM_DELETED)
        deleted = room_service.DeleteRoomResponse()
        return Response(deleted.SerializeToString(), media_type=_PROTOBUF)

    def _expected(self, room: str) -> asyncio.Event:
        return self._sent_for.setdefault(room, asyncio.Event())

    async def converse(self, transport: Transport[bytes | str], upgrade: Upgrade) -> None:
        """Hold one call."""
        caller = self._caller(upgrade)
        if caller is None:
            raise LookupError(upgrade.path)
        standard = "livekit_standard" in self._agent.faults.quirks
        line = RoomLine(transport, caller.room, caller.identity, self._reach, standard=standard)
        there = self._lines.setdefault(caller.room, [])
        for other in tuple(there):
            if other.identity == caller.identity:
                await other.dismiss(models.DUPLICATE_IDENTITY)
        there.append(line)
        try:
            await line.let_in()
            async with asyncio.TaskGroup() as tasks:
                agent = tasks.create_task(self._be_agent(line, caller.room))
                await line.answer_signals()
                agent.cancel()
        finally:
            there.remove(line)
            await line.media.close()
            await transport.close()

    async def _be_agent(self, line: RoomLine, room: str) -> None:
        quirks = self._agent.faults.quirks
        if "livekit_no_agent" in quirks:
            return
        if self._name is not None:
            await self._expected(room).wait()
        await line.agent_comes()
        if "livekit_late_track" in quirks:
            await asyncio.sleep(_LATE_S)
        await line.agent_publishes()
        async with asyncio.timeout(_COME_LIMIT_S):
            microphone = await line.subscribe()
        agent = self._agent
        if agent.told is not None:
            delay = line.media.track.delay_s
            agent = replace(agent, told=partial(told_later, agent.told, delay))
        async with asyncio.TaskGroup() as tasks:
            beside = [
                tasks.create_task(line.listen(microphone)),
                tasks.create_task(self._spoil(line)),
            ]
            await asyncio.sleep(_BREATH_S)
            await agent.make(line, line.send_nonsense).serve()
            for task in beside:
                task.cancel()

    async def _spoil(self, line: RoomLine) -> None:
        """Do in the middle of the call what it was told to."""
        quirks = self._agent.faults.quirks
        await asyncio.sleep(_SPOILS_S)
        if "livekit_mutes" in quirks:
            await line.mute()
        if "livekit_unpublishes" in quirks:
            await line.unpublish()
        reasons = {
            "livekit_duplicate": models.DUPLICATE_IDENTITY,
            "livekit_shutdown": models.SERVER_SHUTDOWN,
            "livekit_deletes_room": models.ROOM_DELETED,
        }
        for quirk, reason in reasons.items():
            if quirk in quirks:
                await line.dismiss(reason)


def _refused() -> Response:
    """An error as Twirp writes it."""
    error = {"code": "unauthenticated", "msg": "invalid token"}
    return JSONResponse(error, HTTPStatus.UNAUTHORIZED)
