"""Requests of Twilio to the servers of its users, signed as Twilio signs them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit, urlunsplit

import httpx

from voicetest.simulators.twilio_call import Call
from voicetest.simulators.twilio_twiml import LARGEST, TwimlError, verbs_of
from voicetest.simulators.twilio_verbs import Verb
from voicetest.transports.base import is_this_machine

if TYPE_CHECKING:
    from twilio.request_validator import RequestValidator

__all__ = ["Document", "Fetched", "Source", "Webhooks", "is_web_address"]

BAD_ADDRESS, NOT_RETRIEVED, NO_XML, TOO_LARGE = 11_100, 11_200, 12_300, 11_750
_XML = frozenset({"text/xml", "application/xml"})


@dataclass(frozen=True)
class Document:
    """TwiML that is here already."""

    text: str


@dataclass(frozen=True)
class Fetched:
    """TwiML that a server gives."""

    url: str
    method: str = "POST"


Source = Document | Fetched


def is_web_address(url: str) -> bool:
    """Whether requests may go there: encrypted, or on this machine."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    if parts.scheme == "http":
        return is_this_machine(host)
    return parts.scheme == "https" and bool(host)


class Webhooks:
    """Asks and tells the servers of one account's user."""

    def __init__(self, http: Callable[[str], httpx.AsyncClient], token: str) -> None:
        """`token` signs."""
        self._http = http
        self._signing = _validator(token)

    def signature(self, url: str, fields: Mapping[str, str] | None = None) -> str:
        """The value of X-Twilio-Signature for a request."""
        return str(self._signing.compute_signature(url, dict(fields or {})))

    async def verbs(self, source: Source, fields: Mapping[str, str]) -> Sequence[Verb]:
        """What a document says, fetched with these fields; raises TwimlError."""
        if isinstance(source, Document):
            return verbs_of(source.text)
        response = await self._request(source.url, source.method, fields)
        if not response.is_success:
            status = HTTPStatus(response.status_code).phrase
            raise TwimlError(f"the server answered {response.status_code} {status}", NOT_RETRIEVED)
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind not in _XML:
            raise TwimlError(f"the server answered with '{kind}', not with text/xml", NO_XML)
        if len(response.content) > LARGEST:
            raise TwimlError(f"the document has more than {LARGEST} bytes", TOO_LARGE)
        return verbs_of(response.text)

    async def report(self, call: Call, url: str, method: str, fields: Mapping[str, str]) -> None:
        """Tell a server something about a call, whatever it answers; failures are noted there."""
        try:
            await self._request(url, method, fields)
        except TwimlError as error:
            call.note(error.code, str(error))

    async def _request(self, url: str, method: str, fields: Mapping[str, str]) -> httpx.Response:
        if not is_web_address(url):
            raise TwimlError("a webhook has an address with https://", BAD_ADDRESS)
        form = dict(fields)
        if method == "GET":
            url, form = _with_query(url, fields), {}
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        headers = {"X-Twilio-Signature": self.signature(url, form), "User-Agent": "TwilioProxy/1.1"}
        try:
            async with self._http(origin) as client:
                return await client.request(method, url, data=form or None, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise TwimlError(f"the server cannot be reached: {error}", NOT_RETRIEVED) from error


def _with_query(url: str, fields: Mapping[str, str]) -> str:
    parts = urlsplit(url)
    query = "&".join(part for part in (parts.query, urlencode(fields)) if part)
    return urlunsplit(parts._replace(query=query))


def _validator(token: str) -> RequestValidator:
    # Not needed to show what can be simulated, and slow to import.
    from twilio.request_validator import RequestValidator

    return RequestValidator(token)
