"""A Pipecat bot on SmallWebRTCTransport on this machine: what `pipecat` calls over WebRTC.

Facts are those of pipecat-ai 1.14.0, `SmallWebRTCRequestHandler` and the runner's routes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from http import HTTPStatus
from typing import Any, ClassVar, Protocol, Self

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from voicetest.agents.recipe import AgentRecipe
from voicetest.errors import ProtocolError
from voicetest.events import Ping
from voicetest.protocols.base import Decoded, End
from voicetest.protocols.example import parse_object
from voicetest.protocols.pipecat_channel import RENEGOTIATE, PipecatChannel
from voicetest.simulators.peers import PeerCall, PeerSimulator

__all__ = ["PipecatWebRTCSimulator"]

PING_LIMIT_S = 3.0
"""A bot that was pinged once takes a caller that pings no more for gone."""
NEVER_S = 3_600.0
_RENEGOTIATES_S = 2.0
_PATH = "/api/offer"


class _Speaks(Protocol):
    @property
    def rtvi(self) -> bool:
        """Whether the bot reports on the conversation."""


class _Channel(PipecatChannel):
    """The bot's end, which remembers when it was pinged."""

    pinged: asyncio.Event

    def __init__(self, *, rtvi: bool) -> None:
        super().__init__(End.SERVER, rtvi=rtvi)
        self.pinged = asyncio.Event()

    def decode(self, message: bytes | str) -> Decoded[bytes | str]:
        """What `message` means."""
        decoded = super().decode(message)
        if any(isinstance(event, Ping) for event in decoded.events):
            self.pinged.set()
        return decoded


class PipecatWebRTCSimulator(PeerSimulator):
    """Takes offers at /api/offer, and further ones for the connection that they name."""

    quirks: ClassVar[frozenset[str]] = PeerSimulator.quirks | {"webrtc_renegotiates"}

    def __init__(self, agent: AgentRecipe, *, rtvi: bool = True) -> None:
        """Without `rtvi` the bot tells nothing of the conversation."""
        super().__init__(agent)
        self._rtvi = rtvi
        self._channels: dict[str, _Channel] = {}
        """Of the calls, by id."""

    @classmethod
    def behind(cls, adapter: _Speaks, agent: AgentRecipe) -> Self:
        """A bot that tells what the adapter expects."""
        return cls(agent, rtvi=adapter.rtvi)

    @classmethod
    def of_preset(cls, name: str | None, agent: AgentRecipe) -> Self:
        """The one there is."""
        return cls(agent)

    def addresses(self, url: str) -> Sequence[str]:
        """A scenario's `agent:`."""
        base = "http" + url.removeprefix("ws")
        settings = "adapter: pipecat, transport: webrtc"
        return [f"agent: {{{settings}, signaling_url: '{base}{_PATH}'}}"]

    def routes(self) -> Sequence[BaseRoute]:
        """As the runner has them; the path of an offer does not matter."""
        return (
            Route("/{path:path}", self._offer, methods=["POST"]),
            Route("/{path:path}", self._trickle, methods=["PATCH"]),
        )

    async def _offer(self, request: Request) -> Response:
        if self._agent.faults.refuses:
            return _refused(HTTPStatus.SERVICE_UNAVAILABLE, "Service Unavailable")
        if self.has_quirk("webrtc_never_answers"):
            await asyncio.sleep(NEVER_S)
        if self.has_quirk("webrtc_web_page"):
            return HTMLResponse("<!doctype html><title>Bot</title>")
        if self.has_quirk("webrtc_busy"):
            words = "Cannot create new connection with existing connection active"
            return _refused(HTTPStatus.BAD_REQUEST, words)
        match await _fields(request):
            case {"sdp": str(offer), "type": str(_), **rest}:
                return await self._answer(offer, rest.get("pc_id"))
            case _:
                return _refused(HTTPStatus.UNPROCESSABLE_ENTITY, "Field required: sdp, type")

    async def _answer(self, offer: str, known: object) -> Response:
        call = self.calls.get(known) if isinstance(known, str) else None
        try:
            if call is not None:
                answer = await call.link.answer(offer)
            else:
                channel = _Channel(rtvi=self._rtvi)
                call, answer = await self.take(offer, channel)
                self._channels[call.id] = channel
        except ProtocolError as error:
            return _refused(HTTPStatus.BAD_REQUEST, str(error))
        return JSONResponse({"sdp": self.spoilt(answer), "type": "answer", "pc_id": call.id})

    async def _trickle(self, request: Request) -> Response:
        """Addresses that come later are not needed: each offer has all of them."""
        found = await _fields(request)
        if found.get("pc_id") not in self.calls:
            return _refused(HTTPStatus.NOT_FOUND, "Peer connection not found")
        return JSONResponse({"status": "success"})

    def beside(self, call: PeerCall) -> Sequence[Coroutine[Any, Any, None]]:
        """What every call has, and that it ends when no ping comes."""
        further = [self._renegotiate(call)] if self.has_quirk("webrtc_renegotiates") else []
        channel = self._channels.pop(call.id)
        return [*super().beside(call), *further, _mind_pings(call, channel.pinged)]

    async def _renegotiate(self, call: PeerCall) -> None:
        await asyncio.sleep(_RENEGOTIATES_S)
        await call.link.send(RENEGOTIATE)


async def _mind_pings(call: PeerCall, pinged: asyncio.Event) -> None:
    await pinged.wait()
    try:
        while True:
            pinged.clear()
            async with asyncio.timeout(PING_LIMIT_S):
                await pinged.wait()
    except TimeoutError:
        await call.link.hang_up("no ping came")


async def _fields(request: Request) -> dict[str, Any]:
    """The JSON object that a request carries; an empty one if it carries none."""
    try:
        return parse_object((await request.body()).decode(errors="replace"))
    except ProtocolError:
        return {}


def _refused(status: HTTPStatus, detail: str) -> Response:
    """As FastAPI writes it."""
    return JSONResponse({"detail": detail}, status)
