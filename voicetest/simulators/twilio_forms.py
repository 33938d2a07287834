"""What a request to Twilio's REST interface asks for."""

from __future__ import annotations

import re
from http import HTTPStatus
from urllib.parse import parse_qs

from starlette.requests import Request

from voicetest.audio.dtmf import KEYS, WAIT
from voicetest.simulators.twilio_account import Account
from voicetest.simulators.twilio_errors import Refused
from voicetest.simulators.twilio_order import LONGEST_CALL_S, RINGS_FOR_S, Order
from voicetest.simulators.twilio_reports import EVENTS, Wanted
from voicetest.simulators.twilio_webhooks import Document, Fetched, Source, is_web_address

__all__ = ["Form", "form_of", "order_of", "parties_of", "source_of"]

LARGEST = 1 << 20
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_METHODS = frozenset({"GET", "POST"})


class Form:
    """The fields of a request."""

    def __init__(self, fields: dict[str, list[str]]) -> None:
        self._fields = fields

    def __contains__(self, name: str) -> bool:
        return name in self._fields

    def text(self, name: str, default: str = "") -> str:
        """A field's last value."""
        return self._fields.get(name, [default])[-1]

    def all(self, name: str) -> list[str]:
        """Each value of a field that may be repeated, or of one that has several in it."""
        return [word for value in self._fields.get(name, []) for word in value.split()]

    def seconds(self, name: str, default: float) -> float:
        """A field in whole seconds; raises Refused."""
        written = self.text(name)
        if not written:
            return default
        if not (written.isascii() and written.isdecimal()):
            raise Refused(20_001, f"Parameter '{name}' is not valid")
        return float(written)

    def method(self, name: str) -> str:
        """A field with the method of a webhook; raises Refused."""
        written = self.text(name, "POST").upper()
        if written not in _METHODS:
            raise Refused(20_001, f"Parameter '{name}' is not valid")
        return written


async def form_of(request: Request) -> Form:
    """The fields of a request's body; raises Refused for one that is no form."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > LARGEST:
            raise Refused(20_001, "Request is too large", HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    try:
        return Form(parse_qs(body.decode(), keep_blank_values=True))
    except ValueError as error:
        raise Refused(20_001, "Request is no form") from error


def source_of(form: Form) -> Source | None:
    """The document that a call shall follow, if any is given; raises Refused."""
    if form.text("Twiml"):
        return Document(form.text("Twiml"))
    url = form.text("Url")
    if not url:
        return None
    if not is_web_address(url):
        raise Refused(21_205, f"Url is not a valid URL: {url}")
    return Fetched(url, form.method("Method"))


def parties_of(form: Form, account: Account) -> tuple[str, str]:
    """Who calls whom; raises Refused."""
    to, from_ = form.text("To"), form.text("From")
    if not to:
        raise Refused(21_201, "No 'To' number is specified")
    if _E164.fullmatch(to) is None:
        raise Refused(21_211, f"The phone number you are attempting to call, {to}, is not valid.")
    if not from_:
        raise Refused(21_213, "No 'From' number is specified")
    if _E164.fullmatch(from_) is None:
        raise Refused(21_212, f"The phone number {from_} is not a valid 'From' number.")
    if account.number(from_) is None:
        raise Refused(
            21_210,
            f"The source phone number provided, {from_}, is not yet verified for your account. You "
            "may only make calls from phone numbers that you've verified or purchased from Twilio.",
        )
    return from_, to


def order_of(form: Form) -> Order:
    """How a call is to be placed; raises Refused."""
    source = source_of(form)
    if source is None:
        raise Refused(21_205, "Url parameter is required.")
    keys = form.text("SendDigits")
    if set(keys) - set(KEYS + WAIT):
        raise Refused(20_001, "Parameter 'SendDigits' is not valid")
    detection_told = None
    if form.text("AsyncAmd").lower() == "true":
        detection_told = Wanted(
            form.text("AsyncAmdStatusCallback"), form.method("AsyncAmdStatusCallbackMethod")
        )
    return Order(
        source,
        _told(form),
        keys,
        form.seconds("Timeout", RINGS_FOR_S),
        form.seconds("TimeLimit", LONGEST_CALL_S),
        form.text("MachineDetection") in ("Enable", "DetectMessageEnd"),
        detection_told,
    )


def _told(form: Form) -> Wanted:
    url, method = form.text("StatusCallback"), form.method("StatusCallbackMethod")
    if url and not is_web_address(url):
        raise Refused(21_609, f"The StatusCallback URL {url} is not a valid URL.")
    events = form.all("StatusCallbackEvent")
    if not events:
        return Wanted(url, method)
    unknown = sorted(set(events) - EVENTS)
    if unknown:
        raise Refused(21_626, f"StatusCallbackEvent {unknown[0]} is not valid")
    return Wanted(url, method, frozenset(events))
