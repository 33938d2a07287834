"""Lets Twilio's own SDK send its requests through a client of ours, without stalling a call."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from http import HTTPStatus

import httpx
from twilio.http.response import Response

from voicetest.adapters.phone_numbers import without_numbers
from voicetest.adapters.rest import answered, json_object, not_the_platform, refusal

__all__ = ["NOT_FOUND", "HttpxClient"]

TRIES = 5
"""How often a request is made that Twilio was too busy for."""
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 10.0
_PLATFORM = "Twilio"
_WHO = (
    "it does not know these credentials: check TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN, or "
    "'api_key' and 'api_secret'"
)
_ABSENT = "there is no such thing on this account: check 'account_sid' and 'phone_number'"
NOT_FOUND = 20404
"""Twilio's own code for what there is not, which no server on the way knows."""
_ADVICE: Mapping[int, str] = {
    400: "it does not accept the request: check 'to', 'phone_number' and 'public_base_url'",
    401: _WHO,
    403: "the account may not do that: check its permissions and balance in Twilio's console",
    404: _ABSENT,
    429: "too many requests at once: wait, or set 'max_concurrent'",
    20003: _WHO,
    NOT_FOUND: _ABSENT,
    21210: "'phone_number' is neither of this account nor verified as a caller of it",
    21211: "'to' is no number that can be called",
    21212: "'phone_number' is no number that can call",
    21214: "'to' cannot be reached",
    21215: "the account may not call that country: see its geographic permissions",
    21219: "'to' is not verified, and a trial account calls verified numbers only",
    21220: "the call is over",
}
"""What to do, by Twilio's own code (its error dictionary), or by HTTP status."""


class HttpxClient:
    """The SDK's asynchronous HTTP client over an open httpx client.

    Raises ConnectionFailed, without credentials and with telephone numbers redacted. A request
    that Twilio was too busy for (429) is made again, up to five times in all, after a pause that
    doubles or as long as Twilio asks for; so is one that failed at its side (5xx), unless it could
    place a call twice. Every other refusal is final.
    """

    is_async = True
    """What the SDK looks at before it waits for an answer."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def request(
        self,
        method: str,
        uri: str,
        params: dict[str, object] | None = None,
        data: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        **of_sdk: object,
    ) -> Response:
        """What Twilio answers; a redirect is refused, as it would take the credentials along.

        The SDK's own timeout and its word on redirects are not used.
        """
        places_call = method == "POST" and uri.endswith("/Calls.json")
        pause = FIRST_PAUSE_S
        for left in reversed(range(TRIES)):
            answer = await answered(
                self._client,
                method,
                uri,
                platform=_PLATFORM,
                params=_form(params),
                data=_form(data),
                headers=headers,
                auth=auth,
            )
            if not left or not _passing(answer.status_code, places_call):
                break
            await asyncio.sleep(_asked_for(answer) or pause * random.uniform(0.5, 1))
            pause = min(2 * pause, LONGEST_PAUSE_S)
        if not answer.is_success:
            raise refusal(answer, _PLATFORM, _ADVICE, hide=without_numbers)
        if json_object(answer.text) is None:
            raise not_the_platform(answer, _PLATFORM, "it sends no JSON")
        return Response(answer.status_code, answer.text, answer.headers)


def _form(fields: Mapping[str, object] | None) -> dict[str, str | list[str]]:
    """Fields as a form has them; a list stands for a field that is repeated."""
    return {
        name: [str(item) for item in value] if isinstance(value, list) else str(value)
        for name, value in (fields or {}).items()
    }


def _passing(status: int, places_call: bool) -> bool:
    """Whether a refusal may pass, and asking again does no harm."""
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return True
    return status >= HTTPStatus.INTERNAL_SERVER_ERROR and not places_call


def _asked_for(answer: httpx.Response) -> float:
    """The pause that an answer asks for in seconds (RFC 9110 §10.2.3), within reason; 0 if none."""
    asked = answer.headers.get("Retry-After", "")
    return min(float(asked), LONGEST_PAUSE_S) if asked.isascii() and asked.isdigit() else 0.0
