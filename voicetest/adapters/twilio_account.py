"""What a call asks of its Twilio account, over REST through Twilio's own SDK."""

from __future__ import annotations

import re
from collections.abc import Awaitable
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Self, TypeVar

import httpx
from twilio.base.exceptions import TwilioException
from twilio.rest import Client

from voicetest.adapters.phone_numbers import redacted
from voicetest.adapters.twilio_credentials import Credentials
from voicetest.adapters.twilio_http import NOT_FOUND, HttpxClient
from voicetest.errors import ConnectionFailed

if TYPE_CHECKING:
    from twilio.rest.api.v2010.account.incoming_phone_number import IncomingPhoneNumberInstance

__all__ = ["Account", "Number", "Order", "Voice"]

T = TypeVar("T")

_OVER = (21220, NOT_FOUND, HTTPStatus.NOT_FOUND)
"""How Twilio says that a call is not in progress (its error dictionary)."""


@dataclass(frozen=True)
class Voice:
    """What a number does with a call, as Twilio keeps it; an empty text is nothing."""

    url: str
    method: str
    application_sid: str
    """An application wins over `url`."""


@dataclass(frozen=True)
class Number:
    """A number of the account."""

    sid: str
    e164: str
    voice: Voice
    trunk_sid: str
    """The SIP trunk that takes its calls whatever `voice` says, or an empty text."""


@dataclass(frozen=True)
class Order:
    """A call to be placed; limits in whole seconds."""

    to: str
    from_: str
    twiml: str
    status_callback: str
    ring_limit: int
    time_limit: int
    machine_callback: str | None = None
    """Who is told whether a person answered; None to let nobody find out."""


class Account:
    """One Twilio account; every method raises ConnectionFailed, which shows no secret."""

    def __init__(self, client: Client) -> None:
        self._client = client

    @classmethod
    def reached(cls, api: httpx.AsyncClient, base_url: str, credentials: Credentials) -> Self:
        """The account at `base_url`, asked through an open HTTP client."""
        client = Client(
            credentials.username,
            credentials.password,
            account_sid=credentials.account_sid,
            http_client=HttpxClient(api),
            environment={"": ""},  # the settings decide, not variables of the SDK's own
        )
        client.api.base_url = base_url.rstrip("/")
        return cls(client)

    async def number(self, e164: str, setting: str) -> Number:
        """The account's number of that name, which a setting gave."""
        found = await self._ask(
            self._client.incoming_phone_numbers.list_async(phone_number=e164, limit=20)
        )
        for number in map(_number, found):  # Twilio gives numbers that are like it, too
            if number.e164 == e164:
                return number
        raise ConnectionFailed(f"the account has no number {redacted(e164)}: check {setting!r}")

    async def voice(self, sid: str) -> Voice | None:
        """What a number does with a call now; None if it is no longer of the account."""
        try:
            found = await self._ask(self._client.incoming_phone_numbers(sid).fetch_async())
        except ConnectionFailed as error:
            if error.code == NOT_FOUND:
                return None
            raise
        return _number(found).voice

    async def direct(self, sid: str, voice: Voice) -> None:
        """Let a number do something else with its calls."""
        await self._ask(
            self._client.incoming_phone_numbers(sid).update_async(
                voice_url=voice.url,
                voice_method=voice.method,
                voice_application_sid=voice.application_sid,
            )
        )

    async def place(self, order: Order) -> str:
        """Place a call; its SID."""
        detection: dict[str, Any] = {}
        if order.machine_callback is not None:
            detection = {
                "machine_detection": "Enable",
                "async_amd": "true",
                "async_amd_status_callback": order.machine_callback,
            }
        call = await self._ask(
            self._client.calls.create_async(
                to=order.to,
                from_=order.from_,
                twiml=order.twiml,
                status_callback=order.status_callback,
                status_callback_event=["initiated", "ringing", "answered", "completed"],
                timeout=order.ring_limit,
                time_limit=order.time_limit,
                **detection,
            )
        )
        return _sid(call.sid, "CA")

    async def status(self, call: str) -> str:
        """How a call is doing, in Twilio's word."""
        found = await self._ask(self._client.calls(call).fetch_async())
        return str(found.status)

    async def redirect(self, call: str, twiml: str) -> None:
        """Let a call go on with other TwiML; what it was doing ends."""
        await self._ask(self._client.calls(call).update_async(twiml=twiml))

    async def hang_up(self, call: str) -> None:
        """End a call; one that is over stays as it is."""
        try:
            await self._ask(self._client.calls(call).update_async(status="completed"))
        except ConnectionFailed as error:
            if error.code not in _OVER:
                raise

    async def _ask(self, request: Awaitable[T]) -> T:
        """What a request of the SDK gives; refusals are errors of the HTTP client already."""
        try:
            return await request
        except (TwilioException, ValueError, KeyError) as error:
            words = "what answers is not Twilio, or not as it should: check 'base_url'"
            raise ConnectionFailed(words) from error


def _sid(value: object, prefix: str) -> str:
    """A name of Twilio's, safe as the name of a file as well."""
    if not isinstance(value, str) or not re.fullmatch(prefix + "[0-9a-f]{32}", value):
        raise ConnectionFailed("Twilio names something as it never does: check 'base_url'")
    return value


def _number(found: IncomingPhoneNumberInstance) -> Number:
    voice = Voice(
        found.voice_url or "", found.voice_method or "POST", found.voice_application_sid or ""
    )
    return Number(_sid(found.sid, "PN"), str(found.phone_number), voice, found.trunk_sid or "")
