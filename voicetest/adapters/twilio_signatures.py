"""Tells Twilio's requests from all others, by Twilio's signature.

Source: Twilio, "Webhooks security": the HMAC-SHA1, with the auth token, of the address as it was
given to Twilio and of the form's fields in order of their names.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import TypeAlias
from urllib.parse import SplitResult, parse_qsl, urlsplit

from starlette.datastructures import ImmutableMultiDict
from starlette.requests import ClientDisconnect, HTTPConnection, Request
from starlette.responses import PlainTextResponse, Response
from twilio.request_validator import RequestValidator

from voicetest.adapters.twilio_refusals import Refusals
from voicetest.events import Status, Warned

__all__ = ["Form", "Signatures", "as_websocket", "refused"]

Form: TypeAlias = ImmutableMultiDict[str, str]

LARGEST_FORM = 64 * 1024
"""Bytes of a webhook's body; Twilio's are a few kilobytes."""
MOST_FIELDS = 500
"""Fields of a webhook; Twilio's have some forty, and parameters of the caller's."""
BODY_LIMIT_S = 10.0
"""How long a body may take to come, however small its pieces; Twilio itself waits for 15 s."""
SIGNATURE = "X-Twilio-Signature"
_USUAL_PORT = {"https": 443, "wss": 443, "http": 80, "ws": 80}


class Signatures:
    """Checks requests that come to one public address.

    With `auth_token` None every request counts as signed; `report` is told of those that are not.
    """

    def __init__(
        self,
        auth_token: str | None,
        account_sid: str,
        report: Callable[[Status | Warned], None],
    ) -> None:
        self._validator = None if auth_token is None else RequestValidator(auth_token)
        self._account_sid = account_sid
        self.refusals = Refusals(report)
        """What was refused, here or by who asked for the form."""
        self.public = ""
        """The address without a last slash; set before any request comes."""

    async def form(self, request: Request) -> Form | Response:
        """The signed form of a webhook about this account, or what refuses it."""
        body = await _body(request)
        if isinstance(body, Response):
            return body
        try:
            fields = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS)
        except ValueError:
            return refused(HTTPStatus.BAD_REQUEST)
        form = ImmutableMultiDict(fields)
        if not self._is_signed(request, self.public, form):
            return refused(HTTPStatus.FORBIDDEN)
        if form.get("AccountSid") != self._account_sid:
            self.refusals.note("a request about another account", "it is no matter of this call")
            return refused(HTTPStatus.FORBIDDEN)
        return form

    def signed(self, upgrade: HTTPConnection) -> bool:
        """Whether Twilio signed the request for a WebSocket."""
        return self._is_signed(upgrade, as_websocket(self.public), ImmutableMultiDict())

    def _is_signed(self, asked: HTTPConnection, public: str, form: Form) -> bool:
        if self._validator is None:
            return True
        query = f"?{asked.url.query}" if asked.url.query else ""
        given = asked.headers.get(SIGNATURE, "").encode()
        signed = False
        for base in _with_and_without_port(public):
            wanted = self._validator.compute_signature(f"{base}{asked.url.path}{query}", form)
            signed |= hmac.compare_digest(wanted.encode(), given)
        if not signed:
            self.refusals.note(
                "a request without Twilio's signature",
                "if it came from Twilio, check 'public_base_url' and the auth token",
            )
        return signed


async def _body(request: Request) -> bytes | Response:
    """All of a body, or what refuses it."""
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_LIMIT_S):
            async for piece in request.stream():
                body += piece
                if len(body) > LARGEST_FORM:
                    return refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    except TimeoutError:
        return refused(HTTPStatus.REQUEST_TIMEOUT)
    except ClientDisconnect:
        return refused(HTTPStatus.BAD_REQUEST)  # which nobody reads
    return bytes(body)


def _with_and_without_port(url: str) -> Iterator[str]:
    """The ways in which Twilio may write an address that it signs.

    It leaves the port out or writes it, whether it is the usual one or not: its own validator
    tries both (twilio 9.13, request_validator.py, "sig generation on back end is inconsistent").
    """
    parts = urlsplit(url)
    port = parts.port
    yield url
    if port is None:
        usual = _USUAL_PORT.get(parts.scheme)
        yield _with_host(parts, f"{parts.netloc}:{usual}")
    else:
        yield _with_host(parts, parts.netloc.removesuffix(f":{port}"))


def _with_host(parts: SplitResult, netloc: str) -> str:
    return parts._replace(netloc=netloc).geturl()


def as_websocket(url: str) -> str:
    """The same address for a WebSocket: wss:// for https://."""
    return "ws" + url.removeprefix("http")


def refused(status: HTTPStatus) -> Response:
    """An answer that says no and nothing else."""
    return PlainTextResponse(f"{status.phrase}\n", status)
