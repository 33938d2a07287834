"""An agent in a room of a LiveKit server, in the cloud or on a machine of one's own."""

from __future__ import annotations

import base64
import json
import os
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, Self
from urllib.parse import urlsplit

import aiohttp
from livekit import api
from pydantic import Field, SecretStr, model_validator

from voicetest.adapters.addresses import Address, Header
from voicetest.adapters.base import Adapter, World
from voicetest.errors import ConnectionFailed, SetupError
from voicetest.events import Status, Warned
from voicetest.links.base import Link
from voicetest.links.livekit import RoomCall, joined
from voicetest.links.livekit_agent import CALLER
from voicetest.links.livekit_line import SIMULATED_KEY, SIMULATED_SECRET, LiveKitLine
from voicetest.protocols.base import Capabilities
from voicetest.scenario.values import PositiveDuration, Text

__all__ = ["LiveKitAgentAdapter"]

URL, KEY, SECRET = "LIVEKIT_URL", "LIVEKIT_API_KEY", "LIVEKIT_API_SECRET"
_SIMULATED_URL = "ws://simulated.invalid"
LATE_SOUND_S = 0.3
"""The agent's state comes by another way than its sound, which a jitter buffer holds."""
_REQUEST_LIMIT_S = 10
_OF_THE_TOKEN = (
    "api_key",
    "api_secret",
    "room",
    "identity",
    "metadata",
    "attributes",
    "agent_name",
)


@dataclass(frozen=True)
class _Server:
    """Where rooms are, and who may make them."""

    url: str
    key: str
    secret: str

    def api(self) -> api.LiveKitAPI:
        """A client for requests."""
        timeout = aiohttp.ClientTimeout(total=_REQUEST_LIMIT_S)
        address = "http" + self.url.removeprefix("ws")
        return api.LiveKitAPI(address, self.key, self.secret, timeout=timeout)


@dataclass(frozen=True)
class _Named:
    """What a token names."""

    room: str
    identity: str

    @classmethod
    def of(cls, token: str) -> Self:
        """Raises SetupError for a text that is no token of a room."""
        try:
            middle = token.split(".")[1]
            claims = json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
            return cls(str(claims["video"]["room"]), str(claims["sub"]))
        except (IndexError, ValueError, KeyError, TypeError) as error:
            words = "agent.token is no token of a room: it has to be a JWT with a room and a name"
            raise SetupError(words) from error


def _said(error: Exception) -> str:
    match error:
        case api.TwirpError(status=401):
            return f"the server does not accept the key: check {KEY} and {SECRET}"
        case api.TwirpError(status=int(status)):
            return f"the server answers with status {status} {error.message}".rstrip()
        case _:
            return str(error) or f"no answer within {_REQUEST_LIMIT_S} s"


class LiveKitAgentAdapter(Adapter):
    """Joins a room as a caller, with the agent that comes into it by itself or is sent for."""

    descriptors: ClassVar[int] = 200
    summary: ClassVar[str] = "an agent in a room of LiveKit"
    typical: ClassVar[Capabilities] = LiveKitLine()

    url: Address | None = Field(
        default=None,
        description=f"The server, such as wss://mine.livekit.cloud; without it, {URL} is used.",
    )
    api_key: Header | None = Field(
        default=None, description=f"The key of the project; without it, {KEY} is used."
    )
    api_secret: Header | None = Field(
        default=None, description=f"The key's secret; without it, {SECRET} is used."
    )
    token: Header | None = Field(
        default=None,
        description="A token that is made elsewhere, in place of key and secret: it names the room "
        "and the caller, and may send for an agent; the room stays.",
    )
    room: Text | None = Field(
        default=None,
        description="The room; by default one of its own for each call, deleted afterwards.",
    )
    agent_name: Text | None = Field(
        default=None,
        description="The agent to send for, by the agent_name that its worker registers with; "
        "without it, one that joins every new room is awaited.",
    )
    agent_identity: Text | None = Field(
        default=None,
        description="The identity of the agent, where it is none by kind, as no Pipecat bot is; "
        "without it, the only other one in the room with sound is taken for it.",
    )
    identity: Text | None = Field(
        default=None, description="Who the caller is to the room; by default new for each call."
    )
    metadata: Text | None = Field(
        default=None,
        description="Metadata of the caller, and of the agent's job where agent_name is given.",
    )
    attributes: dict[Text, Text] = Field(default={}, description="Attributes of the caller.")
    agent_timeout: PositiveDuration = Field(
        default=30.0, description="How long an agent may take to come, and to publish its sound."
    )

    @model_validator(mode="after")
    def _token_says_it_all(self) -> Self:
        given = [name for name in _OF_THE_TOKEN if name in self.model_fields_set]
        if self.token is not None and given:
            raise ValueError(f"{given[0]} is in the token: leave one of them out")
        return self

    @property
    def outside(self) -> tuple[str, ...]:
        """The server."""
        return (f"agent.url ({urlsplit(self._setting(self.url, URL)).hostname or URL})",)

    @property
    def sockets(self) -> tuple[str, ...]:
        """Sound travels over UDP whoever the server is."""
        return ("agent.adapter (livekit)",)

    @property
    def missing(self) -> tuple[str, ...]:
        """Address, key and secret, as far as they are nowhere."""
        keys = (
            ()
            if self.token is not None
            else (
                (KEY, "api_key", self._setting(self.api_key, KEY)),
                (SECRET, "api_secret", self._setting(self.api_secret, SECRET)),
            )
        )
        found = ((URL, "url", self._setting(self.url, URL)), *keys)
        return tuple(
            f"{variable} is not set: set it, or write '{name}' under 'agent'; or use --offline"
            for variable, name, value in found
            if not value
        )

    @property
    def secrets(self) -> frozenset[str]:
        """The secret and the key, wherever they come from."""
        own = (self._setting(self.api_key, KEY), self._setting(self.api_secret, SECRET))
        return super().secrets | {value for value in own if value}

    @property
    def sdks(self) -> tuple[str, ...]:
        """LiveKit's own packages."""
        return ("livekit", "livekit-api")

    @property
    def late_sound(self) -> float:
        """The last sound of a turn follows the agent's word that it is over."""
        return LATE_SOUND_S

    @staticmethod
    def _setting(written: str | SecretStr | None, variable: str) -> str:
        if isinstance(written, SecretStr):
            return written.get_secret_value()
        return written or os.environ.get(variable, "")

    @asynccontextmanager
    async def connect(self, world: World) -> AsyncIterator[Link]:
        """Join the room, send for the agent, and take the line when it is there.

        Raises ConnectionFailed, which says what to do and does not show the secret, or SetupError.
        """
        async with AsyncExitStack() as call:
            server = await self._server(world, call)
            own = None if world.offline or self.token is None else self.token.get_secret_value()
            named = _Named.of(own) if own is not None else None
            room = named.room if named else self.room or f"voicetest-{secrets.token_hex(8)}"
            identity = (
                named.identity if named else self.identity or f"caller-{secrets.token_hex(4)}"
            )
            world.report(Status("room", {"room": room, "identity": identity}))
            if self.room is None and own is None:
                call.push_async_callback(self._delete, server, room, world)
            token = own or self._token(server, room, identity)
            world.secret(token)
            place = RoomCall(
                url=server.url,
                token=token,
                identity=identity,
                tools=tuple(tool.name for tool in world.tools),
                agent_within_s=self.agent_timeout,
                agent_name=self.agent_name,
                agent_identity=self.agent_identity,
            )
            yield await call.enter_async_context(
                joined(place, partial(self._send_for_agent, server, room))
            )

    async def _server(self, world: World, call: AsyncExitStack) -> _Server:
        if world.offline:
            url, key, secret = _SIMULATED_URL, SIMULATED_KEY, SIMULATED_SECRET
        elif self.missing:
            raise SetupError(self.missing[0])
        else:
            url = self._setting(self.url, URL)
            key, secret = self._setting(self.api_key, KEY), self._setting(self.api_secret, SECRET)
        return _Server(await call.enter_async_context(world.address(url)), key, secret)

    def _token(self, server: _Server, room: str, identity: str) -> str:
        token = api.AccessToken(server.key, server.secret).with_identity(identity)
        token = token.with_name(CALLER).with_kind("standard").with_attributes(self.attributes)
        if self.metadata is not None:
            token = token.with_metadata(self.metadata)
        return token.with_grants(api.VideoGrants(room_join=True, room=room)).to_jwt()

    async def _send_for_agent(self, server: _Server, room: str) -> None:
        if self.agent_name is None:
            return
        wanted = api.CreateAgentDispatchRequest(
            agent_name=self.agent_name, room=room, metadata=self.metadata or ""
        )
        try:
            async with server.api() as requests:
                await requests.agent_dispatch.create_dispatch(wanted)
        except (api.TwirpError, aiohttp.ClientError, TimeoutError) as error:
            words = f"cannot send for the agent '{self.agent_name}': {_said(error)}"
            raise ConnectionFailed(words) from error

    async def _delete(self, server: _Server, room: str, world: World) -> None:
        """So that nothing stays behind that the agent would wait in."""
        try:
            async with server.api() as requests:
                await requests.room.delete_room(api.DeleteRoomRequest(room=room))
        except (api.TwirpError, aiohttp.ClientError, TimeoutError) as error:
            world.report(Warned(f"the room {room} could not be deleted: {_said(error)}"))
