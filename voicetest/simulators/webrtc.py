"""An agent behind a WebRTC connection on this machine: what `adapter: webrtc` calls."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from http import HTTPStatus
from typing import ClassVar, Protocol, Self

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from voicetest.agents.recipe import AgentRecipe
from voicetest.errors import ProtocolError
from voicetest.protocols.base import End
from voicetest.protocols.example import parse_object
from voicetest.protocols.mapped_events import EventMap
from voicetest.protocols.media_line import Talk
from voicetest.simulators.peers import PeerSimulator

__all__ = ["WebRTCSimulator"]

SDP = "application/sdp"
SDP_PIECE = "application/trickle-ice-sdpfrag"
NEVER_S = 3_600.0


class _Speaks(Protocol):
    @property
    def signaling(self) -> str:
        """How offers are taken."""

    @property
    def events(self) -> EventMap | None:
        """What is said on the data channel."""


class WebRTCSimulator(PeerSimulator):
    """Takes offers as JSON and over WHIP, at any path or at /offer and /whip."""

    presets: ClassVar[Sequence[str]] = ("json", "whip")

    def __init__(
        self,
        agent: AgentRecipe,
        signalling: Sequence[str] = presets,
        events: EventMap | None = None,
    ) -> None:
        """`events` are said on the data channel of a caller that opens one."""
        super().__init__(agent)
        self._signalling = signalling
        self._events = events

    @classmethod
    def behind(cls, adapter: _Speaks, agent: AgentRecipe) -> Self:
        """What speaks as the adapter does."""
        return cls(agent, (adapter.signaling,), adapter.events)

    @classmethod
    def of_preset(cls, name: str | None, agent: AgentRecipe) -> Self:
        """One way to take offers, or both."""
        return cls(agent, cls.presets if name is None else (name,))

    def addresses(self, url: str) -> Sequence[str]:
        """A scenario's `agent:` for each way to take offers."""
        base = "http" + url.removeprefix("ws")
        paths = {"json": "offer", "whip": "whip"}
        return [
            f"agent: {{adapter: webrtc, signaling: {name}, signaling_url: '{base}/{paths[name]}'}}"
            for name in self._signalling
        ]

    def routes(self) -> Sequence[BaseRoute]:
        """Offers as JSON, and what RFC 9725 has; the path of an offer does not matter."""
        return (
            Route("/session/{id}", self._trickle, methods=["PATCH"]),
            Route("/session/{id}", self._delete, methods=["DELETE"]),
            Route("/{path:path}", self._offer, methods=["POST"]),
        )

    @property
    def _talk(self) -> Talk | None:
        return None if self._events is None else self._events.events(End.SERVER)

    async def _offer(self, request: Request) -> Response:
        if self._agent.faults.refuses:
            return _refused(HTTPStatus.SERVICE_UNAVAILABLE, "not now")
        if self.has_quirk("webrtc_never_answers"):
            await asyncio.sleep(NEVER_S)
        if self.has_quirk("webrtc_web_page"):
            return HTMLResponse("<!doctype html><title>Agent</title>")
        if self.has_quirk("webrtc_busy"):
            return _refused(HTTPStatus.CONFLICT, "there is a call already")
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        body = (await request.body()).decode(errors="replace")
        if kind == "application/json" and "json" in self._signalling:
            return await self._answer_json(body)
        if kind == SDP and "whip" in self._signalling:
            return await self._answer_whip(body)
        return _refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"no offers of type {kind or 'none'}")

    async def _answer_json(self, body: str) -> Response:
        try:
            found = parse_object(body)
            if found.get("type") != "offer":
                return _refused(HTTPStatus.BAD_REQUEST, "expected 'sdp' of 'type' offer")
            _, answer = await self.take(str(found.get("sdp")), self._talk)
        except ProtocolError as error:
            return _refused(HTTPStatus.BAD_REQUEST, str(error))
        return JSONResponse({"sdp": self.spoilt(answer), "type": "answer"})

    async def _answer_whip(self, offer: str) -> Response:
        try:
            call, answer = await self.take(offer, self._talk)
        except ProtocolError as error:
            return _refused(HTTPStatus.BAD_REQUEST, str(error))
        headers = {
            "Location": f"/session/{call.id}",
            "ETag": f'"{call.id}"',
            "Link": '<stun:stun.invalid:3478>; rel="ice-server"',
        }
        return Response(self.spoilt(answer), HTTPStatus.CREATED, headers, SDP)

    async def _trickle(self, request: Request) -> Response:
        """Addresses that come later are not needed: each offer has all of them."""
        call = self.calls.get(request.path_params["id"])
        if call is None:
            return _refused(HTTPStatus.NOT_FOUND, "there is no such session")
        if request.headers.get("content-type") != SDP_PIECE:
            return _refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"expected {SDP_PIECE}")
        if request.headers.get("if-match", "*") not in ("*", f'"{call.id}"'):
            return _refused(HTTPStatus.PRECONDITION_FAILED, "another session")
        return Response(status_code=HTTPStatus.NO_CONTENT)

    async def _delete(self, request: Request) -> Response:
        call = self.calls.get(request.path_params["id"])
        if call is None:
            return _refused(HTTPStatus.NOT_FOUND, "there is no such session")
        await call.link.hang_up()
        return Response()


def _refused(status: HTTPStatus, message: str) -> Response:
    return JSONResponse({"message": message}, status)
