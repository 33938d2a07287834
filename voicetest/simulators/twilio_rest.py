"""Twilio's REST interface, as far as it concerns calls and numbers."""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, TypeAlias
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from voicetest.simulators.twilio_account import Account, Number
from voicetest.simulators.twilio_call import API_VERSION, Call, Direction, Status, rfc_2822
from voicetest.simulators.twilio_errors import Refused, refusal
from voicetest.simulators.twilio_exchange import Exchange
from voicetest.simulators.twilio_forms import Form, form_of, order_of, parties_of, source_of
from voicetest.simulators.twilio_webhooks import is_web_address

__all__ = ["TwilioRest"]

Answer: TypeAlias = Callable[[Request], Awaitable[Response]]

REFUSALS = 2
"""How many requests are refused where the first ones are."""
_LARGEST_PAGE = 1_000
_WRITABLE: Mapping[str, str] = {
    "FriendlyName": "friendly_name",
    "VoiceUrl": "voice_url",
    "VoiceMethod": "voice_method",
    "VoiceFallbackUrl": "voice_fallback_url",
    "VoiceFallbackMethod": "voice_fallback_method",
    "VoiceApplicationSid": "voice_application_sid",
    "StatusCallback": "status_callback",
    "StatusCallbackMethod": "status_callback_method",
    "TrunkSid": "trunk_sid",
}


class TwilioRest:
    """The routes of one account."""

    def __init__(
        self,
        account: Account,
        exchange: Callable[[], Exchange | None],
        quirks: frozenset[str],
        *,
        refuses: bool,
        redirected: Callable[[Number], None],
    ) -> None:
        """`redirected` learns when a number gets another webhook."""
        self._account = account
        self._exchange = exchange
        self._quirks = quirks
        self._refuses = refuses
        self._redirected = redirected
        self._refused = 0
        """How many requests were refused because they were the first."""

    def routes(self) -> Sequence[BaseRoute]:
        """Numbers, calls and what went wrong in them."""
        top = f"/{API_VERSION}/Accounts/{{account}}"
        numbers, calls = f"{top}/IncomingPhoneNumbers", f"{top}/Calls"
        table: Sequence[tuple[str, str, Answer]] = (
            (f"{numbers}.json", "GET", self._list_numbers),
            (f"{numbers}/{{sid}}.json", "GET", self._show_number),
            (f"{numbers}/{{sid}}.json", "POST", self._write_number),
            (f"{calls}.json", "GET", self._list_calls),
            (f"{calls}.json", "POST", self._place),
            (f"{calls}/{{sid}}.json", "GET", self._show_call),
            (f"{calls}/{{sid}}.json", "POST", self._change_call),
            (f"{calls}/{{sid}}/Notifications.json", "GET", self._list_notifications),
            ("/{path:path}", "GET", self._nothing),
            ("/{path:path}", "POST", self._nothing),
        )
        return [Route(path, self._guarded(answer), methods=[m]) for path, m, answer in table]

    def _guarded(self, answer: Answer) -> Answer:
        """An answer for who has a key, refusals in Twilio's words."""

        async def guarded(request: Request) -> Response:
            try:
                self._let_in(request)
                return await answer(request)
            except Refused as error:
                retry = {"Retry-After": "1"} if error.code == 20_429 else None
                return refusal(error, retry)

        return guarded

    def _let_in(self, request: Request) -> None:
        if self._refused < REFUSALS:
            self._refused += 1
            if "twilio_rate_limited" in self._quirks:
                raise Refused(20_429, "Too Many Requests", HTTPStatus.TOO_MANY_REQUESTS)
            if "twilio_server_errors" in self._quirks:
                raise _unavailable()
        user, secret = _credentials(request.headers.get("authorization", ""))
        if "twilio_wrong_token" in self._quirks or not self._account.lets_in(user, secret):
            raise Refused(20_003, "Authenticate", HTTPStatus.UNAUTHORIZED)
        if request.path_params.get("account", self._account.sid) != self._account.sid:
            raise _not_found(request)

    async def _nothing(self, request: Request) -> Response:
        raise _not_found(request)

    async def _list_numbers(self, request: Request) -> Response:
        wanted = request.query_params.get("PhoneNumber", "")
        found = [n.as_json() for n in self._account.numbers if wanted in n.e164]
        return _page(request, "incoming_phone_numbers", found)

    async def _show_number(self, request: Request) -> Response:
        return JSONResponse(self._number(request).as_json())

    async def _write_number(self, request: Request) -> Response:
        number = self._number(request)
        form = await form_of(request)
        for name in _WRITABLE:
            if name in form:
                _check_setting(name, form)
        before = number.webhook
        for name, key in _WRITABLE.items():
            if name in form:
                number.settings[key] = form.text(name)
        number.updated = datetime.now(UTC)
        if number.webhook is not None and number.webhook != before:
            self._redirected(number)
        return JSONResponse(number.as_json())

    async def _list_calls(self, request: Request) -> Response:
        asked = request.query_params
        found = [
            call.as_json()
            for call in reversed(self._account.calls)
            if asked.get("To") in (None, call.to)
            and asked.get("From") in (None, call.from_)
            and asked.get("Status") in (None, call.status)
            and asked.get("ParentCallSid") in (None, call.parent)
        ]
        return _page(request, "calls", found)

    async def _place(self, request: Request) -> Response:
        exchange = self._exchange()
        if self._refuses or exchange is None:
            raise _unavailable()
        form = await form_of(request)
        from_, to = parties_of(form, self._account)
        order = order_of(form)
        call = self._account.new_call(from_, to, Direction.OF_API)
        exchange.place(call, order)
        return JSONResponse(call.as_json(), HTTPStatus.CREATED)

    async def _show_call(self, request: Request) -> Response:
        return JSONResponse(self._call(request).as_json())

    async def _change_call(self, request: Request) -> Response:
        call = self._call(request)
        form = await form_of(request)
        source, status = source_of(form), form.text("Status")
        exchange = self._exchange()
        if status not in ("", Status.COMPLETED, Status.CANCELED):
            raise Refused(21_218, f"Invalid Status: {status}")
        if exchange is None or call.status.over:
            raise _not_in_progress()
        if status:
            if status == Status.CANCELED and call.status is Status.IN_PROGRESS:
                raise _not_in_progress()
            exchange.end(call, Status.CANCELED)
        elif source is not None and not exchange.redirect(call, source):
            raise _not_in_progress()
        return JSONResponse(call.as_json())

    async def _list_notifications(self, request: Request) -> Response:
        call = self._call(request)
        top = f"/{API_VERSION}/Accounts/{call.account_sid}"
        found = [
            {
                "sid": note.sid,
                "account_sid": call.account_sid,
                "api_version": API_VERSION,
                "call_sid": call.sid,
                "date_created": rfc_2822(note.at),
                "date_updated": rfc_2822(note.at),
                "error_code": str(note.code),
                "log": "0",
                "message_date": rfc_2822(note.at),
                "message_text": note.message,
                "more_info": f"https://www.twilio.com/docs/errors/{note.code}",
                "request_method": None,
                "request_url": None,
                "uri": f"{top}/Calls/{call.sid}/Notifications/{note.sid}.json",
            }
            for note in call.notifications
        ]
        return _page(request, "notifications", found)

    def _number(self, request: Request) -> Number:
        sid = request.path_params["sid"]
        found = next((number for number in self._account.numbers if number.sid == sid), None)
        if found is None:
            raise _not_found(request)
        return found

    def _call(self, request: Request) -> Call:
        sid = request.path_params["sid"]
        found = next((call for call in self._account.calls if call.sid == sid), None)
        if found is None:
            raise _not_found(request)
        return found


def _credentials(header: str) -> tuple[str, str]:
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        user, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return user, secret


def _check_setting(name: str, form: Form) -> None:
    """Raise Refused for a setting of a number that cannot be."""
    if name.endswith("Method"):
        form.method(name)
        return
    written = form.text(name)
    if name.endswith(("Url", "Callback")) and written and not is_web_address(written):
        raise Refused(21_502, f"Invalid {name}: {written}")


def _page(request: Request, name: str, found: Sequence[Mapping[str, Any]]) -> Response:
    """One page of a list, as `Page` and `PageSize` ask for."""
    asked = dict(request.query_params)
    try:
        size = int(asked.get("PageSize", "50"))
        page = int(asked.get("Page", "0"))
    except ValueError as error:
        raise Refused(20_001, "Page and PageSize are numbers") from error
    if not 1 <= size <= _LARGEST_PAGE or page < 0:
        raise Refused(20_001, f"PageSize is from 1 to {_LARGEST_PAGE}, Page not below 0")
    shown = found[page * size : (page + 1) * size]
    last = max(math.ceil(len(found) / size) - 1, 0)

    def uri(number: int) -> str:
        return f"{request.url.path}?{urlencode(asked | {'PageSize': size, 'Page': number})}"

    return JSONResponse(
        {
            name: shown,
            "first_page_uri": uri(0),
            "next_page_uri": uri(page + 1) if page < last else None,
            "previous_page_uri": uri(page - 1) if page else None,
            "page": page,
            "page_size": size,
            "start": page * size,
            "end": page * size + max(len(shown) - 1, 0),
            "uri": uri(page),
        }
    )


def _not_found(request: Request) -> Refused:
    message = f"The requested resource {request.url.path} was not found"
    return Refused(20_404, message, HTTPStatus.NOT_FOUND)


def _not_in_progress() -> Refused:
    return Refused(21_220, "Call is not in-progress. Cannot redirect.")


def _unavailable() -> Refused:
    return Refused(20_503, "Service Unavailable", HTTPStatus.SERVICE_UNAVAILABLE)
