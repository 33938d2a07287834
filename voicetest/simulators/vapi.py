"""Vapi on this machine: what `adapter: vapi` calls."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, ClassVar, Self
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from voicetest.agents.recipe import AgentRecipe
from voicetest.audio.chunk import AudioFormat, Encoding
from voicetest.events import Status
from voicetest.protocols.base import End
from voicetest.protocols.vapi import WIDE, Vapi
from voicetest.protocols.vapi_message import BY_DEFAULT, CUSTOMER_ENDED
from voicetest.simulators.base import answer
from voicetest.simulators.vapi_line import VapiLine
from voicetest.simulators.web import WebSimulator
from voicetest.transports.base import Transport, Upgrade

__all__ = ["VapiSimulator"]

_PROVIDER = "vapi.websocket"
_ENCODINGS: Mapping[str, Encoding] = {"pcm_s16le": Encoding.PCM16, "mulaw": Encoding.MULAW}
_WHO = ("assistantId", "assistant", "squadId", "squad", "workflowId", "workflow")
"""What of a request says who answers; the SDK has a field for each."""
_COST_PER_S = 0.05 / 60
_WRONG_KEY = (
    "Invalid Key. Hot tip, you may be using the private key instead of the public key, or vice "
    "versa."
)
_REFUSALS: Mapping[str, tuple[HTTPStatus, str]] = {
    "vapi_wrong_key": (HTTPStatus.UNAUTHORIZED, _WRONG_KEY),
    "vapi_no_credit": (HTTPStatus.PAYMENT_REQUIRED, "Wallet Balance is -0.15. Purchase More."),
    "vapi_no_assistant": (HTTPStatus.NOT_FOUND, "Couldn't Get Assistant. It does not exist."),
    "vapi_too_many_calls": (HTTPStatus.TOO_MANY_REQUESTS, "Over Concurrency Limit."),
}
"""What each quirk answers to a request for a call."""


@dataclass
class _Call:
    """A call from its creation on; `status`, `reason` and `cost` change with it."""

    id: str
    assistant: str | None
    """None for one that was described in the request."""
    wire: AudioFormat
    listed: Sequence[str]
    transport: Mapping[str, Any]
    created: datetime = field(default_factory=lambda: datetime.now(UTC))
    status: str = "queued"
    reason: str = ""
    cost: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """As Vapi shows a call."""
        written = {
            "id": self.id,
            "orgId": "simulated",
            "type": "vapi.websocketCall",
            "assistantId": self.assistant,
            "status": self.status,
            "createdAt": self.created.isoformat(),
            "updatedAt": datetime.now(UTC).isoformat(),
            "cost": self.cost,
            "transport": self.transport,
        }
        return written | ({"endedReason": self.reason} if self.reason else {})


class VapiSimulator(WebSimulator):
    """Creates calls for any key and any assistant, and holds each at an address of its own.

    Like Vapi it ends a call in which no sound comes for 30 s, be it silence.
    """

    quirks: ClassVar[frozenset[str]] = frozenset(
        {*_REFUSALS, "vapi_wraps", "vapi_streams", "vapi_forgets_line", "vapi_web_page"}
    )

    def __init__(self, agent: AgentRecipe) -> None:
        """Raises ValueError for an agent with a quirk that this platform does not have."""
        super().__init__(agent)
        self._calls: dict[str, _Call] = {}
        """By id; each stays as long as the simulator."""

    @classmethod
    def behind(cls, adapter: object, agent: AgentRecipe) -> Self:
        """The same for every adapter: each call says what it wants."""
        return cls(agent)

    @classmethod
    def of_preset(cls, name: str | None, agent: AgentRecipe) -> Self:
        """The one there is."""
        return cls(agent)

    def addresses(self, url: str) -> Sequence[str]:
        """A scenario's `agent:`; requests and calls have one port."""
        base = "http" + url.removeprefix("ws")
        settings = "adapter: vapi, assistant_id: any, api_key: any"
        return [f"agent: {{{settings}, base_url: '{base}'}}"]

    def routes(self) -> Sequence[BaseRoute]:
        """The two requests that concern calls."""
        return (
            Route("/call", self._create, methods=["POST"]),
            Route("/call/{id}", self._show, methods=["GET"]),
        )

    async def _create(self, request: Request) -> Response:
        faults = self._agent.faults
        if faults.refuses:
            return _refused(HTTPStatus.SERVICE_UNAVAILABLE, "Service Unavailable")
        if "vapi_web_page" in faults.quirks:
            return HTMLResponse("<!doctype html><title>Vapi</title>")
        for quirk, (status, message) in _REFUSALS.items():
            if quirk in faults.quirks:
                return _refused(status, message)
        if not _has_key(request):
            return _refused(HTTPStatus.UNAUTHORIZED, _WRONG_KEY)
        try:
            body = await request.json()
        except ValueError:
            body = None
        wrong = _mistakes(body)
        if wrong:
            return _refused(HTTPStatus.BAD_REQUEST, wrong)
        call = self._set_up(body, request)
        shown = call.as_json()
        if "vapi_forgets_line" in faults.quirks:
            del shown["transport"]
        return JSONResponse(shown, HTTPStatus.CREATED)

    def _set_up(self, body: Mapping[str, Any], request: Request) -> _Call:
        # Numbered, so that the same calls have the same ids.
        call_id = f"00000000-0000-4000-8000-{len(self._calls) + 1:012}"
        scheme = "wss" if request.url.scheme == "https" else "ws"
        url = f"{scheme}://{request.url.netloc}/{call_id}/transport"
        audio = body["transport"].get("audioFormat", {})
        encoding = _ENCODINGS[audio.get("format", "pcm_s16le")]
        usual = WIDE.rate if encoding is Encoding.PCM16 else 8_000
        wire = AudioFormat(encoding, audio.get("sampleRate", usual))
        own, overrides = body.get("assistant") or {}, body.get("assistantOverrides") or {}
        listed = {"clientMessages": BY_DEFAULT, **own, **overrides}["clientMessages"]
        transport = {"provider": _PROVIDER, "websocketCallUrl": url}
        call = _Call(call_id, body.get("assistantId"), wire, listed, transport)
        self._calls[call_id] = call
        return call

    async def _show(self, request: Request) -> Response:
        if not _has_key(request):
            return _refused(HTTPStatus.UNAUTHORIZED, _WRONG_KEY)
        call = self._calls.get(request.path_params["id"])
        if call is None:
            return _refused(HTTPStatus.NOT_FOUND, "Couldn't Get Call. It does not exist.")
        return JSONResponse(call.as_json())

    def admit(self, upgrade: Upgrade) -> HTTPStatus | None:
        """Only the address of a call that has not begun is there."""
        call = self._called(upgrade)
        return HTTPStatus.NOT_FOUND if call is None or call.status != "queued" else None

    def codec(self, upgrade: Upgrade) -> Vapi:
        """In the format that the call asked for; raises LookupError for what `admit` refuses."""
        call = self._called(upgrade)
        if call is None:
            raise LookupError(upgrade.path)
        streams = "vapi_streams" in self._agent.faults.quirks
        return Vapi(End.SERVER, call.wire, call.listed, paced=streams)

    async def converse(self, transport: Transport[bytes | str], upgrade: Upgrade) -> None:
        """Hold one call, and keep how it ended."""
        call = self._called(upgrade)
        if call is None:
            raise LookupError(upgrade.path)
        call.status = "in-progress"
        codec = self.codec(upgrade)
        loop = asyncio.get_running_loop()
        began = loop.time()
        line = VapiLine(transport, codec, wraps="vapi_wraps" in self._agent.faults.quirks)
        try:
            await line.say(Status("in-progress"))
            async with asyncio.TaskGroup() as tasks:
                streaming = tasks.create_task(line.stream()) if codec.paced else None
                await answer(line, codec, self._agent)
                if streaming is not None:
                    streaming.cancel()
        finally:
            call.status = "ended"
            call.reason = codec.ended_reason or line.reason or CUSTOMER_ENDED
            call.cost = round((loop.time() - began) * _COST_PER_S, 4)

    def _called(self, upgrade: Upgrade) -> _Call | None:
        match urlsplit(upgrade.path).path.split("/"):
            case ["", call, "transport"]:
                return self._calls.get(call)
            case _:
                return None


def _refused(status: HTTPStatus, message: str | Sequence[str]) -> Response:
    """An error as Vapi writes it."""
    error = {"message": message, "error": status.phrase, "statusCode": int(status)}
    return JSONResponse(error, status)


def _has_key(request: Request) -> bool:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    return scheme == "Bearer" and bool(key.strip())


def _mistakes(body: object) -> list[str]:
    """What is wrong with a request for a call."""
    if not isinstance(body, dict):
        return ["the body must be a JSON object"]
    wrong = [
        f"{name} must not be given with a WebSocket transport"
        for name in ("phoneNumberId", "customer")
        if name in body
    ]
    if not isinstance(body.get("assistantId", ""), str):
        wrong.append("assistantId must be a string")
    if not any(body.get(name) for name in _WHO):
        wrong.append(f"one of these must be given: {', '.join(_WHO)}")
    wrong += [
        f"{name} must be an object"
        for name in ("assistant", "assistantOverrides")
        if not isinstance(body.get(name) or {}, dict)
    ]
    match body.get("transport"):
        case {"provider": "vapi.websocket", **rest}:
            wrong += _format_mistakes(rest.get("audioFormat", {}))
        case _:
            wrong.append(f"transport.provider must be one of: {_PROVIDER}")
    return wrong


def _format_mistakes(audio: object) -> list[str]:
    match audio:
        case {"format": name} if name not in _ENCODINGS:
            return [f"transport.audioFormat.format must be one of: {', '.join(_ENCODINGS)}"]
        case {"container": container} if container != "raw":
            return ["transport.audioFormat.container must be one of: raw"]
        case {"sampleRate": rate} if not isinstance(rate, int) or not 8_000 <= rate <= 48_000:
            return ["transport.audioFormat.sampleRate must be from 8000 to 48000"]
        case dict():
            return []
        case _:
            return ["transport.audioFormat must be an object"]
