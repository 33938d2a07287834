"""What Twilio asks of us during a call: the server behind `public_base_url`."""

from __future__ import annotations

import asyncio
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket
from twilio.twiml.voice_response import VoiceResponse

from voicetest.adapters.phone_numbers import redacted
from voicetest.adapters.twilio_callbacks import Callbacks, told
from voicetest.adapters.twilio_line import OF_NO_USE
from voicetest.adapters.twilio_marks import HERE, READY, RUN, VOICE, voice_url
from voicetest.adapters.twilio_ring import Link, Ring
from voicetest.adapters.twilio_signatures import Signatures, as_websocket, refused
from voicetest.errors import ConnectionFailed, ProtocolError
from voicetest.events import Status, Warned
from voicetest.links.codec import CodecLink
from voicetest.protocols.base import End
from voicetest.protocols.twilio import MediaStream, Started
from voicetest.transports.asgi import AsgiTransport

__all__ = ["Expected", "Switchboard"]

MOST_OPENING = 4
"""How many streams may be on their way to beginning at once."""
NAMING_LIMIT_S = 20.0
"""How long a stream may wait until we know the name of the call that we placed."""
POLICY_VIOLATION = 1008
"""The close code for a peer that may not do what it does (RFC 6455 §7.4.1)."""
_NONCE = "voicetest"
"""The parameter of a stream by which we know that it is the one we asked for."""


@dataclass(frozen=True)
class Expected:
    """The one call that is waited for; None lets any number do."""

    account_sid: str
    nonce: str
    callers: frozenset[str] | None = None
    callees: frozenset[str] | None = None


class Switchboard:
    """Answers Twilio's webhooks for one call and hands out its stream, signatures checked.

    `auth_token` is what Twilio signs with, None to let everything in that knows the nonce.
    """

    def __init__(
        self,
        expected: Expected,
        auth_token: str | None,
        report: Callable[[Status | Warned], None],
    ) -> None:
        self._expected = expected
        self._signatures = Signatures(auth_token, expected.account_sid, report)
        self._report = report
        self._ring = Ring()
        self._run = secrets.token_urlsafe(12)
        """What names this run in the address that a number gets."""
        callbacks = Callbacks(self._ring, self._signatures, report)
        self.app = Starlette(
            routes=[
                Route(READY, self._ready, methods=["GET"]),
                Route(VOICE, self._voice, methods=["POST"]),
                Route("/twilio/call", callbacks.of_call, methods=["POST"]),
                Route("/twilio/stream-status", callbacks.of_stream, methods=["POST"]),
                WebSocketRoute("/twilio/stream", self._stream),
            ]
        )

    def published(self, public_base_url: str) -> None:
        """Say under which address Twilio reaches this server; called once, before any call."""
        self._signatures.public = public_base_url.rstrip("/")

    @property
    def _public(self) -> str:
        return self._signatures.public

    @property
    def voice_url(self) -> str:
        """Where a number asks what to do with a call."""
        return voice_url(self._public, self._run)

    @property
    def status_url(self) -> str:
        """Where a call that we place tells how it is doing."""
        return f"{self._public}/twilio/call"

    @property
    def ready_url(self) -> str:
        """Where anybody may see whether this server can be reached."""
        return f"{self._public}{READY}"

    @property
    def twiml(self) -> str:
        """What connects a call to our stream."""
        response = VoiceResponse()
        stream = response.connect().stream(
            url=as_websocket(f"{self._public}/twilio/stream"),
            status_callback=f"{self._public}/twilio/stream-status",
        )
        stream.parameter(name=_NONCE, value=self._expected.nonce)
        return str(response)

    def placed(self, call_sid: str, *, streams: bool = True) -> None:
        """Only this call is listened to; if it `streams`, only its stream is let in as well."""
        self._ring.placed.set_result(call_sid)
        if streams:
            self._ring.call_sid.set_result(call_sid)

    @property
    def call_sid(self) -> str | None:
        """The call whose stream is let in, once that is known."""
        known = self._ring.call_sid
        return known.result() if known.done() and not known.cancelled() else None

    async def line(self) -> Link:
        """The call's line, once its stream has begun; raises ConnectionFailed if it ends before."""
        return await asyncio.shield(self._ring.line)

    def close(self) -> None:
        """The call is over; whoever holds its stream lets go."""
        self._ring.close()
        self._signatures.refusals.close()

    async def _voice(self, request: Request) -> Response:
        """A number of ours is called: connect the call that is waited for, reject all others."""
        form = await self._signatures.form(request)
        if isinstance(form, Response):
            return form
        call, caller, callee = form.get("CallSid", ""), form.get("From", ""), form.get("To", "")
        wanted = self._expected
        if not call:
            return refused(HTTPStatus.BAD_REQUEST)
        if wanted.callers is not None and caller not in wanted.callers:
            return self._rejected("rejected", caller, "is not among the callers that are let in")
        if wanted.callees is not None and callee not in wanted.callees:
            return self._rejected("rejected", callee, "is not among the numbers that may be called")
        if request.query_params.get(RUN, self._run) != self._run:
            return self._rejected("rejected", callee, "had the address of a run that is no more")
        known = self._ring.call_sid
        if self._ring.over.is_set():
            return self._rejected("busy", caller, "called when the call was over")
        if not known.done():
            known.set_result(call)
        elif not hmac.compare_digest(known.result().encode(), call.encode()):
            return self._rejected("busy", caller, "called while another call is held")
        self._report(told("ringing", form))
        return _xml(self.twiml)

    def _rejected(self, reason: str, number: str, why: str) -> Response:
        self._report(Warned(f"a call was rejected: {redacted(number)} {why}"))
        response = VoiceResponse()
        response.reject(reason=reason)
        return _xml(str(response))

    async def _ready(self, request: Request) -> Response:
        """Somebody wants to know whether this run can be reached here, or another one."""
        if request.query_params.get(RUN, self._run) != self._run:
            return refused(HTTPStatus.GONE)
        return PlainTextResponse(HERE)

    async def _stream(self, websocket: WebSocket) -> None:
        """The call's stream; it is held until the call is over."""
        ring = self._ring
        if not self._signatures.signed(websocket):
            await websocket.send_denial_response(refused(HTTPStatus.FORBIDDEN))
            return
        if ring.live or ring.opening >= MOST_OPENING or ring.over.is_set():
            await websocket.send_denial_response(refused(HTTPStatus.CONFLICT))
            return
        ring.opening += 1
        try:
            await websocket.accept()
            await self._hold(AsgiTransport(websocket))
        finally:
            ring.opening -= 1

    async def _hold(self, transport: AsgiTransport) -> None:
        ring = self._ring
        codec = MediaStream(End.SERVER, paced=True)
        try:
            async with CodecLink(codec, transport, tolerant=True) as line:
                begun = codec.started
                if begun is None or not await self._is_expected(begun) or ring.line.done():
                    words = "a stream that nobody asked for"
                    self._signatures.refusals.note(words, "it is not that of this call")
                    await line.hang_up("this stream was not asked for", POLICY_VIOLATION)
                    return
                ring.begin(begun.stream_sid, line)
                await ring.ends.wait()
                if ring.of_no_use:
                    await line.hang_up(ring.of_no_use, OF_NO_USE)
                await ring.over.wait()
        except (ConnectionFailed, ProtocolError) as error:
            self._report(Warned(f"a stream did not begin as Twilio's do: {error}"))

    async def _is_expected(self, begun: Started) -> bool:
        """Whether a stream that has begun is that of the call, and knows the nonce."""
        nonce = begun.parameters.get(_NONCE, "")
        if not hmac.compare_digest(nonce.encode(), self._expected.nonce.encode()):
            return False
        try:
            # Twilio may be faster with the stream than with its answer to who placed the call.
            async with asyncio.timeout(NAMING_LIMIT_S):
                call_sid = await asyncio.shield(self._ring.call_sid)
        except TimeoutError:
            return False
        return begun.call_sid == call_sid and begun.account_sid == self._expected.account_sid


def _xml(twiml: str) -> Response:
    return Response(twiml, media_type="text/xml")
