"""What Twilio asks of us during a call: the server behind `public_base_url`."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TypeAlias

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket
from twilio.twiml.voice_response import VoiceResponse

from voicetest.adapters.phone_numbers import redacted, without_numbers
from voicetest.adapters.twilio_line import OF_NO_USE
from voicetest.adapters.twilio_signatures import Form, Signatures, as_websocket, refused
from voicetest.errors import ConnectionFailed, ProtocolError
from voicetest.events import Status, Warned
from voicetest.links.codec import CodecLink
from voicetest.protocols.base import End
from voicetest.protocols.twilio import MediaStream
from voicetest.transports.asgi import AsgiTransport

__all__ = ["Expected", "Switchboard"]

Link: TypeAlias = CodecLink[bytes | str]

MOST_OPENING = 4
"""How many streams may be on their way to beginning at once."""
NAMING_LIMIT_S = 20.0
"""How long a stream may wait until we know the name of the call that we placed."""
POLICY_VIOLATION = 1008
"""The close code for a peer that may not do what it does (RFC 6455 §7.4.1)."""
_NONCE = "voicetest"
"""The parameter of a stream by which we know that it is the one we asked for."""
_ENDINGS: Mapping[str, str] = {
    "busy": "the line is busy",
    "no-answer": "nobody answered",
    "failed": "the call could not be connected: the number may not exist, or not be reachable",
    "canceled": "the call was cancelled before anybody answered",
}
"""The states in which a call ends that nobody took."""


@dataclass(frozen=True)
class Expected:
    """The one call that is waited for; None lets any number do."""

    account_sid: str
    nonce: str
    callers: frozenset[str] | None = None
    callees: frozenset[str] | None = None


@dataclass
class _Ring:
    """The call that was let in; `call_sid` is known once it was placed or has come."""

    call_sid: asyncio.Future[str]
    line: asyncio.Future[Link]
    over: asyncio.Event = field(default_factory=asyncio.Event)
    live: bool = False
    """Set when its stream has begun; a second one is refused from then on."""
    opening: int = 0
    """Streams that were accepted and have not begun."""


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
        loop = asyncio.get_running_loop()
        self._expected = expected
        self._signatures = Signatures(auth_token, expected.account_sid, report)
        self._report = report
        self._ring = _Ring(loop.create_future(), loop.create_future())
        self.app = Starlette(
            routes=[
                Route("/twilio/ready", _ready, methods=["GET"]),
                Route("/twilio/voice", self._voice, methods=["POST"]),
                Route("/twilio/call", self._call_status, methods=["POST"]),
                Route("/twilio/stream-status", self._stream_status, methods=["POST"]),
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
        return f"{self._public}/twilio/voice"

    @property
    def status_url(self) -> str:
        """Where a call that we place tells how it is doing."""
        return f"{self._public}/twilio/call"

    @property
    def ready_url(self) -> str:
        """Where anybody may see whether this server can be reached."""
        return f"{self._public}/twilio/ready"

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

    def placed(self, call_sid: str) -> None:
        """Only the stream of this call is let in."""
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
        self._ring.over.set()
        if self._ring.line.done() and not self._ring.line.cancelled():
            self._ring.line.exception()  # it may have failed with nobody left to hear of it
        self._ring.line.cancel()

    async def _voice(self, request: Request) -> Response:
        """A number of ours is called: connect the call that is waited for, reject all others."""
        form = await self._signatures.form(request)
        if isinstance(form, Response):
            return form
        call, caller, callee = form.get("CallSid", ""), form.get("From", ""), form.get("To", "")
        wanted = self._expected
        if wanted.callers is not None and caller not in wanted.callers:
            return self._rejected("rejected", caller, "is not among the callers that are let in")
        if wanted.callees is not None and callee not in wanted.callees:
            return self._rejected("rejected", callee, "is not among the numbers that may be called")
        known = self._ring.call_sid
        if self._ring.over.is_set():
            return self._rejected("busy", caller, "called when the call was over")
        if not known.done():
            known.set_result(call)
        elif not hmac.compare_digest(known.result().encode(), call.encode()):
            return self._rejected("busy", caller, "called while another call is held")
        self._tell("ringing", form)
        return _xml(self.twiml)

    def _rejected(self, reason: str, number: str, why: str) -> Response:
        self._report(Warned(f"a call was rejected: {redacted(number)} {why}"))
        response = VoiceResponse()
        response.reject(reason=reason)
        return _xml(str(response))

    async def _call_status(self, request: Request) -> Response:
        """A call that we placed tells how it is doing, or who answered it."""
        form = await self._signatures.form(request)
        if isinstance(form, Response):
            return form
        status = form.get("CallStatus", "")
        answered_by = form.get("AnsweredBy", "")
        self._tell(status or answered_by, form)
        if answered_by.startswith(("machine", "fax")):
            await self._cut(f"a machine answered ({answered_by})", answered_by)
        elif status in _ENDINGS:
            self._fail(_ENDINGS[status], status)
        return Response(status_code=HTTPStatus.NO_CONTENT)

    async def _stream_status(self, request: Request) -> Response:
        """The stream of the call tells how it is doing."""
        form = await self._signatures.form(request)
        if isinstance(form, Response):
            return form
        said = form.get("StreamEvent", "")
        if said == "stream-error":
            error = without_numbers(form.get("StreamError", "")) or "without a reason"
            self._report(Warned(f"Twilio could not stream: {error}"))
            await self._cut(f"Twilio could not stream to {self._public}: {error}", said)
        elif said:
            self._tell(said, form)
        return Response(status_code=HTTPStatus.NO_CONTENT)

    def _tell(self, status: str, form: Form) -> None:
        """Put what Twilio says of the call on its timeline, numbers redacted."""
        fields = {name: form[name] for name in ("CallSid", "StreamSid") if name in form}
        numbers = {name: redacted(form[name]) for name in ("From", "To") if name in form}
        further = {name: form[name] for name in ("AnsweredBy", "CallDuration") if name in form}
        self._report(Status(status, fields | numbers | further))

    def _fail(self, why: str, reason: str) -> None:
        """The call that is waited for will not come."""
        if not self._ring.line.done():
            self._ring.line.set_exception(ConnectionFailed(why, reason=reason))

    async def _cut(self, why: str, reason: str) -> None:
        """The call is of no use: end it, be it that it has begun."""
        if self._ring.live:
            await self._ring.line.result().hang_up(why, OF_NO_USE)
        else:
            self._fail(why, reason)

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
                if not await self._is_expected(codec) or ring.live or ring.line.done():
                    self._report(Warned("a stream that nobody asked for was refused"))
                    await line.hang_up("this stream was not asked for", POLICY_VIOLATION)
                    return
                ring.live = True
                ring.line.set_result(line)
                await ring.over.wait()
        except (ConnectionFailed, ProtocolError) as error:
            self._report(Warned(f"a stream did not begin as Twilio's do: {error}"))

    async def _is_expected(self, codec: MediaStream) -> bool:
        """Whether a stream that has begun is that of the call, and knows the nonce."""
        begun = codec.started
        if begun is None:
            return False
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


async def _ready(request: Request) -> Response:
    return PlainTextResponse("voicetest\n")


def _xml(twiml: str) -> Response:
    return Response(twiml, media_type="text/xml")
