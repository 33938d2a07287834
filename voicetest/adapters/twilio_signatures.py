"""Tells Twilio's requests from all others, by Twilio's signature.

Source: Twilio, "Webhooks security": the HMAC-SHA1, with the auth token, of the address as it was
given to Twilio and of the form's fields in order of their names.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from http import HTTPStatus
from typing import TypeAlias
from urllib.parse import parse_qsl

from starlette.datastructures import ImmutableMultiDict
from starlette.requests import HTTPConnection, Request
from starlette.responses import PlainTextResponse, Response
from twilio.request_validator import RequestValidator

from voicetest.events import Status, Warned

__all__ = ["Form", "Signatures", "as_websocket", "refused"]

Form: TypeAlias = ImmutableMultiDict[str, str]

LARGEST_FORM = 64 * 1024
"""Bytes of a webhook's body; Twilio's are a few kilobytes."""
SIGNATURE = "X-Twilio-Signature"


class Signatures:
    """Checks requests that come to one public address.

    With `auth_token` None every request counts as signed; `report` is told of the first that is
    not.
    """

    def __init__(
        self,
        auth_token: str | None,
        account_sid: str,
        report: Callable[[Status | Warned], None],
    ) -> None:
        self._validator = None if auth_token is None else RequestValidator(auth_token)
        self._account_sid = account_sid
        self._report = report
        self._warned = False
        """Set by the first request that was not signed."""
        self.public = ""
        """The address without a last slash; set before any request comes."""

    async def form(self, request: Request) -> Form | Response:
        """The signed form of a webhook about this account, or what refuses it."""
        body = bytearray()
        async for piece in request.stream():
            body += piece
            if len(body) > LARGEST_FORM:
                return refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        try:
            form = ImmutableMultiDict(parse_qsl(body.decode(), keep_blank_values=True))
        except ValueError:
            return refused(HTTPStatus.BAD_REQUEST)
        if not self._is_signed(request, self.public, form):
            return refused(HTTPStatus.FORBIDDEN)
        if form.get("AccountSid") != self._account_sid:
            return refused(HTTPStatus.FORBIDDEN)
        return form

    def signed(self, upgrade: HTTPConnection) -> bool:
        """Whether Twilio signed the request for a WebSocket."""
        return self._is_signed(upgrade, as_websocket(self.public), ImmutableMultiDict())

    def _is_signed(self, asked: HTTPConnection, public: str, form: Form) -> bool:
        if self._validator is None:
            return True
        query = f"?{asked.url.query}" if asked.url.query else ""
        wanted = self._validator.compute_signature(f"{public}{asked.url.path}{query}", form)
        given = asked.headers.get(SIGNATURE, "")
        signed = hmac.compare_digest(wanted.encode(), given.encode())
        if not signed and not self._warned:
            self._warned = True
            words = f"a request to {asked.url.path} without Twilio's signature was refused"
            hint = "if it came from Twilio, check 'public_base_url' and the auth token"
            self._report(Warned(f"{words}: {hint}"))
        return signed


def as_websocket(url: str) -> str:
    """The same address for a WebSocket: wss:// for https://."""
    return "ws" + url.removeprefix("http")


def refused(status: HTTPStatus) -> Response:
    """An answer that says no and nothing else."""
    return PlainTextResponse(f"{status.phrase}\n", status)
