"""Any agent behind a WebRTC peer connection that takes offers over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, ClassVar, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from voicetest.adapters.addresses import WebAddress
from voicetest.adapters.base import World
from voicetest.adapters.calling import called, client_of
from voicetest.adapters.doors import Doors
from voicetest.adapters.ice_servers import IceServers, passwords
from voicetest.adapters.signalling import JsonSignalling, WhipSignalling
from voicetest.errors import ConnectionFailed
from voicetest.events import Warned
from voicetest.links.base import Link
from voicetest.links.negotiation import Exchange
from voicetest.protocols.base import Capabilities, End
from voicetest.protocols.mapped_events import EventMap
from voicetest.protocols.media_line import LATE_SOUND_S, MediaLine
from voicetest.scenario.values import JsonObject, Text

if TYPE_CHECKING:
    import httpx

__all__ = ["WebRTCAgentAdapter"]

Codec = Literal["opus", "pcmu", "pcma"]


class WebRTCAgentAdapter(Doors):
    """Offers a call at `signaling_url`: a track each way, and messages where `events` says so."""

    descriptors: ClassVar[int] = 40
    summary: ClassVar[str] = "any agent behind a WebRTC connection: offers as JSON, or as WHIP"
    typical: ClassVar[Capabilities] = MediaLine()

    signaling_url: WebAddress = Field(description="Where offers are taken: https://host/path.")
    signaling: Literal["json", "whip"] = Field(
        default="json",
        description="How they are taken: json ({sdp, type: offer}, answered alike), or whip "
        "(RFC 9725, with an answer that sends sound too).",
    )
    fields: JsonObject = Field(
        default={}, description="With json: further fields of the offer's body."
    )
    ice_servers: IceServers = Field(
        default=(),
        description="STUN and TURN servers, such as stun:host:3478; none are asked by default.",
    )
    codecs: tuple[Codec, ...] = Field(
        default=("opus", "pcmu", "pcma"),
        min_length=1,
        description="The codecs that are offered, the preferred one first.",
    )
    channel: Text = Field(
        default="events", description="With events: the label of the data channel."
    )
    events: EventMap | None = Field(
        default=None,
        description="What is said beside the sound, on a data channel: a map of JSON messages by "
        "examples, as in 'protocol' of websocket but without sound.",
    )

    @model_validator(mode="after")
    def _fits_signalling(self) -> Self:
        if self.signaling == "whip" and self.fields:
            raise ValueError("fields is for signaling json; an offer over WHIP has none")
        if self.events is None and "channel" in self.model_fields_set:
            raise ValueError("channel is for events; without them there is no data channel")
        return self

    @property
    def capabilities(self) -> Capabilities:
        """What the line can carry with these settings."""
        talk = None if self.events is None else self.events.events(End.CLIENT)
        return MediaLine.of(self.codecs[0], talk)

    @property
    def outside(self) -> tuple[str, ...]:
        """The agent itself."""
        return (f"agent.signaling_url ({urlsplit(self.signaling_url).hostname})",)

    @property
    def sockets(self) -> tuple[str, ...]:
        """Sound goes over UDP wherever the agent is."""
        return ("agent.adapter (the sound of WebRTC)",)

    @property
    def late_sound(self) -> float:
        """Messages overtake the sound that they are about."""
        return LATE_SOUND_S

    @property
    def secrets(self) -> frozenset[str]:
        """Headers, and the passwords of servers."""
        return super().secrets | passwords(self.ice_servers)

    @property
    def sdks(self) -> tuple[str, ...]:
        """What speaks WebRTC."""
        return ("aiortc",)

    @asynccontextmanager
    async def connect(self, world: World) -> AsyncIterator[Link]:
        """Offer a call and take the answer; raises ConnectionFailed, which shows no header."""
        talk = None if self.events is None else self.events.events(End.CLIENT)
        async with AsyncExitStack() as opened:
            client = await opened.enter_async_context(
                client_of(world, self.signaling_url, self.headers)
            )
            exchange = self._signalling(client, world, opened)
            yield await opened.enter_async_context(
                called(
                    world,
                    self.signaling_url,
                    exchange,
                    codecs=self.codecs,
                    ice_servers=self.ice_servers,
                    talk=talk,
                    label=self.channel,
                )
            )

    def _signalling(
        self, client: httpx.AsyncClient, world: World, opened: AsyncExitStack
    ) -> Exchange:
        """How offers travel; what has to be ended is ended when `opened` is closed."""
        if self.signaling == "json":
            return JsonSignalling(client, self.through(self.signaling_url), self.fields).exchange
        whip = WhipSignalling(client, self.through(self.signaling_url))

        async def exchange(offer: str) -> str:
            answer = await whip.exchange(offer)
            unused = () if self.ice_servers else whip.ice_servers
            if unused:
                hint = f"the agent names ICE servers, which 'ice_servers' could: {unused}"
                world.report(Warned(hint))
            return answer

        async def end() -> None:
            try:
                await whip.end()
            except ConnectionFailed as error:
                world.report(Warned(f"the session was not deleted: {error}"))

        opened.push_async_callback(end)
        return exchange
