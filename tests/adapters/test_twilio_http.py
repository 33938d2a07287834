"""Twilio's own SDK over our HTTP client: what is asked again, and what errors say."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from voicetest.adapters.twilio_account import Account, Order
from voicetest.adapters.twilio_credentials import Credentials
from voicetest.clock import Clock, run
from voicetest.errors import ConnectionFailed

SID = "AC" + "0" * 32
CALL = "CA" + "1" * 32
WHO = Credentials(SID, SID, "very-secret-token")
ORDER = Order(
    to="+15550100123",
    from_="+15550100001",
    twiml="<Response/>",
    status_callback="https://ours.example/twilio/call",
    ring_limit=30,
    time_limit=600,
)
NUMBER = {"sid": "PN" + "2" * 32, "phone_number": "+15550100001", "voice_url": "", "trunk_sid": ""}
Answer = httpx.Response | Exception


class Twilio:
    """Gives one answer after the other, the last one for ever, and keeps what it was asked."""

    def __init__(self, *answers: Answer) -> None:
        self._answers = list(answers)
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def do(self, what: Callable[[Account], Any]) -> Any:
        async def ask() -> Any:
            async with httpx.AsyncClient(transport=httpx.MockTransport(self)) as client:
                return await what(Account.reached(client, "https://api.twilio.com", WHO))

        return run(ask(), Clock.VIRTUAL)


def _error(status: int, code: int, message: str, **headers: str) -> httpx.Response:
    body = {"code": code, "message": message, "status": status, "more_info": "https://x"}
    return httpx.Response(status, json=body, headers=headers)


def _created() -> httpx.Response:
    return httpx.Response(201, json={"sid": CALL, "status": "queued"})


def test_a_call_is_placed_with_all_that_it_needs_and_nothing_else() -> None:
    twilio = Twilio(_created())
    assert twilio.do(lambda account: account.place(ORDER)) == CALL
    (asked,) = twilio.asked
    assert asked.method == "POST"
    assert asked.url == f"https://api.twilio.com/2010-04-01/Accounts/{SID}/Calls.json"
    assert asked.headers["Authorization"].startswith("Basic ")
    assert parse_qs(asked.content.decode()) == {
        "To": ["+15550100123"],
        "From": ["+15550100001"],
        "Twiml": ["<Response/>"],
        "StatusCallback": ["https://ours.example/twilio/call"],
        "StatusCallbackEvent": ["initiated", "ringing", "answered", "completed"],
        "Timeout": ["30"],
        "TimeLimit": ["600"],
    }


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_what_may_pass_is_asked_again(status: int) -> None:
    twilio = Twilio(httpx.Response(status), httpx.Response(status), _in_progress())
    assert twilio.do(lambda account: account.status(CALL)) == "in-progress"
    assert len(twilio.asked) == 3


def _in_progress() -> httpx.Response:
    return httpx.Response(200, json={"sid": CALL, "status": "in-progress"})


def test_pauses_double_and_end() -> None:
    twilio = Twilio(_error(503, 20503, "Service Unavailable"))

    async def ask(account: Account) -> None:
        with pytest.raises(ConnectionFailed, match=r"503.*at its side"):
            await account.status(CALL)
        assert 3 < asyncio.get_running_loop().time() < 8

    twilio.do(ask)
    assert len(twilio.asked) == 5


def test_the_pause_that_is_asked_for_is_kept() -> None:
    twilio = Twilio(_error(429, 20429, "Too Many Requests", **{"Retry-After": "7"}), _in_progress())

    async def ask(account: Account) -> None:
        await account.status(CALL)
        assert asyncio.get_running_loop().time() == pytest.approx(7)

    twilio.do(ask)


def test_a_call_is_not_placed_twice_when_nobody_knows_whether_it_was() -> None:
    twilio = Twilio(_error(500, 20500, "Internal Server Error"))
    with pytest.raises(ConnectionFailed, match="HTTP 500"):
        twilio.do(lambda account: account.place(ORDER))
    assert len(twilio.asked) == 1


def test_a_call_that_was_refused_for_lack_of_time_is_placed_later() -> None:
    twilio = Twilio(_error(429, 20429, "Too Many Requests"), _created())
    assert twilio.do(lambda account: account.place(ORDER)) == CALL


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (_error(401, 20003, "Authenticate"), "TWILIO_AUTH_TOKEN"),
        (_error(400, 21211, "The 'To' number +15550100123 is not valid"), r"\*\*\*0123.*'to'"),
        (_error(400, 21210, "The source phone number is not verified"), "'phone_number'"),
        (_error(400, 99999, "Odd"), "HTTP 400 'Odd'"),
        (_error(404, 20404, "Not found"), "account_sid"),
        (httpx.Response(301, headers={"Location": "https://evil.example"}), "redirects"),
    ],
)
def test_other_refusals_are_final_and_say_what_to_do(answer: httpx.Response, says: str) -> None:
    twilio = Twilio(answer)
    with pytest.raises(ConnectionFailed, match=says) as refused:
        twilio.do(lambda account: account.place(ORDER))
    assert len(twilio.asked) == 1
    assert "very-secret-token" not in str(refused.value)
    assert "+15550100123" not in str(refused.value)


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, text="<html>"),
        httpx.Response(200, json=[]),
        httpx.Response(200, json={}),
        httpx.Response(200, json={"sid": "../../etc"}),
        httpx.Response(200, json={"sid": "CA" + "g" * 32}),
        httpx.ConnectError("no route"),
        httpx.ReadTimeout("slow"),
    ],
)
def test_what_is_not_twilio_is_told_so(answer: Answer) -> None:
    with pytest.raises(ConnectionFailed, match="base_url"):
        Twilio(answer).do(lambda account: account.place(ORDER))


def test_a_number_that_only_looks_like_the_wanted_one_is_not_it() -> None:
    other = NUMBER | {"phone_number": "+155501000019", "sid": "PN" + "3" * 32}
    page = httpx.Response(200, json={"incoming_phone_numbers": [other, NUMBER], "page": 0})
    found = Twilio(page).do(lambda account: account.number("+15550100001", "phone_number"))
    assert found.sid == NUMBER["sid"]
    with pytest.raises(ConnectionFailed, match=r"no number \*\*\*0009: check 'to'"):
        Twilio(page).do(lambda account: account.number("+15550100009", "to"))


def test_hanging_up_a_call_that_is_over_is_no_error() -> None:
    for answer in (_error(400, 21220, "Call is not in-progress"), _error(404, 20404, "Not found")):
        Twilio(answer).do(lambda account: account.hang_up(CALL))
    with pytest.raises(ConnectionFailed):
        Twilio(_error(401, 20003, "No")).do(lambda account: account.hang_up(CALL))


def test_nothing_shows_the_secret() -> None:
    assert "very-secret-token" not in repr(WHO)
