"""Twilio's REST interface, through the official SDK and beside it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import httpx
import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client
from twilio.rest.api.v2010.account.call import CallInstance
from twilio.rest.api.v2010.account.incoming_phone_number import IncomingPhoneNumberInstance

from tests.simulators.twilio_caller import (
    AGENT,
    OURS,
    PUBLIC,
    SECOND,
    Caller,
    calling,
    place,
    simulator,
)
from voicetest.clock import Clock, run
from voicetest.simulators.background import in_background
from voicetest.simulators.offline import in_process
from voicetest.simulators.twilio import TwilioSimulator
from voicetest.simulators.twilio_account import SID, TOKEN
from voicetest.speech.providers import Speech
from voicetest.transports.local_web import LocalWeb

SILENT: dict[str, Any] = {"rules": []}
QUIET = "<Response><Pause length='5'/></Response>"
TOP = f"/2010-04-01/Accounts/{SID}"


def _asked(
    twilio: TwilioSimulator, ask: Callable[[httpx.AsyncClient], Awaitable[Any]], auth: bool = True
) -> Any:
    async def main() -> Any:
        async with in_process(twilio.web)("https://api.twilio.com") as http:
            if auth:
                http.auth = httpx.BasicAuth(SID, TOKEN)
            return await ask(http)

    return run(main(), Clock.VIRTUAL)


@pytest.mark.process
def test_the_sdk_works_over_a_socket(speech: Speech) -> None:
    with in_background(simulator(speech, SILENT).listen("127.0.0.1", 0)) as url:
        client = Client(SID, TOKEN)
        client.api.base_url = "http" + url.removeprefix("ws")
        with client.http_client.session:
            numbers = client.incoming_phone_numbers.list()
            assert [number.phone_number for number in numbers] == [OURS, SECOND]
            call = client.calls.create(to=AGENT, from_=OURS, twiml=QUIET)
            assert call.update(status="canceled").status == "canceled"
            with pytest.raises(TwilioRestException) as refused:
                call.update(twiml=QUIET)
    assert (refused.value.status, refused.value.code) == (400, 21220)


def test_a_number_is_found_read_and_written(speech: Speech) -> None:
    async def act(client: Client, caller: Caller) -> None:
        (found,) = await client.incoming_phone_numbers.list_async(phone_number=OURS)
        number = client.incoming_phone_numbers(found.sid)
        assert (found.voice_url, found.voice_method) == ("", "POST")
        written = await number.update_async(
            voice_url=f"{PUBLIC}/voice", voice_method="GET", status_callback=f"{PUBLIC}/status"
        )
        read = await number.fetch_async()
        for each in (written, read):
            assert (each.voice_url, each.voice_method) == (f"{PUBLIC}/voice", "GET")
        await number.update_async(voice_url="", voice_method="POST", status_callback="")
        assert (await number.fetch_async()).voice_url == ""

    calling(simulator(speech, SILENT, calls=False), act)


def test_lists_come_in_pages(speech: Speech) -> None:
    async def act(client: Client, caller: Caller) -> None:
        for _ in range(5):
            await place(client, QUIET)
        calls = await client.calls.list_async(page_size=2)
        assert [int(call.sid[2:], 16) for call in calls] == [5, 4, 3, 2, 1]
        assert len(await client.calls.list_async(limit=3, page_size=2)) == 3
        assert await client.calls.list_async(to=OURS) == []
        assert len(await client.calls.list_async(status="queued")) == 5

    calling(simulator(speech, SILENT), act)


REFUSED: list[tuple[dict[str, Any], int]] = [
    ({"to": "5550100"}, 21211),
    ({"to": "+15550100\uff11\uff12\uff13"}, 21211),
    ({"to": ""}, 21201),
    ({"from_": ""}, 21213),
    ({"from_": "nobody"}, 21212),
    ({"from_": "+15550100777"}, 21210),
    ({"twiml": ""}, 21205),
    ({"twiml": "", "url": "http://elsewhere.example/voice"}, 21205),
    ({"timeout": "soon"}, 20001),
    ({"send_digits": "12x"}, 20001),
    ({"status_callback": f"{PUBLIC}/status", "status_callback_event": ["never"]}, 21626),
    ({"status_callback": "ftp://voicetest.example/"}, 21609),
    ({"status_callback_method": "PUT"}, 20001),
]


@pytest.mark.parametrize(("given", "code"), REFUSED, ids=[str(given) for given, _ in REFUSED])
def test_a_call_that_cannot_be_placed_is_refused(
    speech: Speech, given: dict[str, Any], code: int
) -> None:
    async def act(client: Client, caller: Caller) -> None:
        with pytest.raises(TwilioRestException) as refused:
            await client.calls.create_async(**{"to": AGENT, "from_": OURS, "twiml": QUIET} | given)
        assert (refused.value.status, refused.value.code) == (400, code)
        assert await client.calls.list_async() == []

    calling(simulator(speech, SILENT), act)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"voice_url": "http://elsewhere.example/"}, 21502),
        ({"voice_url": "nonsense"}, 21502),
        ({"voice_method": "PUT"}, 20001),
    ],
)
def test_a_setting_that_cannot_be_leaves_a_number_as_it_was(
    speech: Speech, given: dict[str, str], code: int
) -> None:
    async def act(client: Client, caller: Caller) -> None:
        (number,) = await client.incoming_phone_numbers.list_async(phone_number=OURS)
        with pytest.raises(TwilioRestException) as refused:
            await number.update_async(friendly_name="changed", **given)
        assert refused.value.code == code
        assert (await number.fetch_async()).friendly_name == OURS

    calling(simulator(speech, SILENT), act)


def test_errors_have_the_shape_of_twilios(speech: Speech) -> None:
    async def ask(http: httpx.AsyncClient) -> httpx.Response:
        return await http.get(f"{TOP}/Calls/CA{'f' * 32}.json")

    answer = _asked(simulator(speech, SILENT), ask)
    assert answer.status_code == 404
    assert answer.json() == {
        "code": 20404,
        "message": f"The requested resource {TOP}/Calls/CA{'f' * 32}.json was not found",
        "more_info": "https://www.twilio.com/docs/errors/20404",
        "status": 404,
    }


@pytest.mark.parametrize(
    "header", ["", "Bearer abc", "Basic !!", "Basic QUM6eA==", f"Basic {'/w' * 8}=="]
)
def test_who_has_no_key_is_not_let_in(speech: Speech, header: str) -> None:
    async def ask(http: httpx.AsyncClient) -> httpx.Response:
        return await http.get(f"{TOP}/Calls.json", headers={"Authorization": header})

    answer = _asked(simulator(speech, SILENT), ask, auth=False)
    assert (answer.status_code, answer.json()["code"]) == (401, 20003)


def test_an_api_key_is_as_good_as_the_token_and_accounts_differ(speech: Speech) -> None:
    key = ("SK" + "0" * 32, "simulated")

    async def ask(http: httpx.AsyncClient) -> list[int]:
        other = f"/2010-04-01/Accounts/AC{'9' * 32}/Calls.json"
        answers = [
            await http.get(f"{TOP}/Calls.json", auth=key),
            await http.get(f"{TOP}/Calls.json", auth=(key[0], "guess")),
            await http.get(other, auth=key),
            await http.get("/", auth=key),
        ]
        return [answer.status_code for answer in answers]

    assert _asked(simulator(speech, SILENT), ask) == [200, 401, 404, 404]


@pytest.mark.parametrize("query", ["PageSize=0", "PageSize=a", "Page=-1", "PageSize=1001"])
def test_a_page_that_cannot_be_is_refused(speech: Speech, query: str) -> None:
    async def ask(http: httpx.AsyncClient) -> httpx.Response:
        return await http.get(f"{TOP}/Calls.json?{query}")

    answer = _asked(simulator(speech, SILENT), ask)
    assert (answer.status_code, answer.json()["code"]) == (400, 20001)


def test_a_body_that_is_no_form_is_refused(speech: Speech) -> None:
    async def ask(http: httpx.AsyncClient) -> list[int]:
        bodies = (b"\xff=\xff", b"a" * (1 << 20) + b"b")
        answers = [await http.post(f"{TOP}/Calls.json", content=body) for body in bodies]
        return [answer.status_code for answer in answers]

    twilio = simulator(speech, SILENT)

    async def main(http: httpx.AsyncClient) -> list[int]:
        web = LocalWeb()
        async with twilio.working(web.http, web.dial):
            return await ask(http)

    assert _asked(twilio, main) == [400, 413]


def test_before_it_works_it_connects_no_calls(speech: Speech) -> None:
    async def ask(http: httpx.AsyncClient) -> httpx.Response:
        return await http.post(f"{TOP}/Calls.json", data={"To": AGENT, "From": OURS})

    assert _asked(simulator(speech, SILENT), ask).status_code == 503


# From Twilio's published description of its API (twilio-oai, twilio_api_v2010.json): the patterns,
# formats and enumerations of the two resources.
PATTERNS = {
    "sid": r"(PN|CA)[0-9a-fA-F]{32}",
    "account_sid": r"AC[0-9a-fA-F]{32}",
    "phone_number_sid": r"PN[0-9a-fA-F]{32}",
    "parent_call_sid": r"CA[0-9a-fA-F]{32}",
    "voice_method": "GET|POST",
    "voice_fallback_method": "GET|POST",
    "sms_method": "GET|POST",
    "sms_fallback_method": "GET|POST",
    "status_callback_method": "GET|POST",
    "voice_receive_mode": "voice|fax",
    "address_requirements": "none|any|local|foreign",
    "emergency_status": "Active|Inactive",
    "emergency_address_status": "registered|unregistered|pending-registration|"
    "registration-failure|pending-unregistration|unregistration-failure",
    "status": "queued|ringing|in-progress|completed|busy|failed|no-answer|canceled|in-use",
    "duration": r"\d+",
    "queue_time": r"\d+",
}
DATES = ("date_created", "date_updated", "start_time", "end_time")
DATE = r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d \+0000"


class _Asked(dict[str, Any]):
    """Keeps which of its keys were asked for."""

    def __init__(self, values: dict[str, Any]) -> None:
        super().__init__(values)
        self.names: set[str] = set()

    def get(self, name: str, default: Any = None) -> Any:
        self.names.add(name)
        return super().get(name, default)


def test_resources_are_as_twilio_describes_them(speech: Speech) -> None:
    shown: dict[str, list[dict[str, Any]]] = {"calls": [], "incoming_phone_numbers": []}
    twilio = simulator(speech, SILENT)

    async def look() -> None:
        async with in_process(twilio.web)("https://api.twilio.com") as http:
            http.auth = httpx.BasicAuth(SID, TOKEN)
            for name, path in (
                ("calls", "Calls.json"),
                ("incoming_phone_numbers", "IncomingPhoneNumbers.json"),
            ):
                shown[name] += (await http.get(f"{TOP}/{path}")).json()[name]

    async def act(client: Client, caller: Caller) -> None:
        call = await place(client, QUIET, to=SECOND)
        await look()
        await caller.until_status("completed")
        await look()
        fetched = await client.calls(call.sid).fetch_async()
        assert isinstance(fetched.start_time, datetime)
        assert isinstance(fetched.end_time, datetime)

    calling(twilio, act)
    kinds = {"calls": CallInstance, "incoming_phone_numbers": IncomingPhoneNumberInstance}
    for name, resources in shown.items():
        assert len(resources) >= 2
        for resource in resources:
            asked = _Asked(resource)
            kinds[name](None, asked, SID)
            assert asked.names <= resource.keys() | {"stir_verstat", "type"}
            for field, value in resource.items():
                if value is not None:
                    wanted = DATE if field in DATES else PATTERNS.get(field, ".*")
                    assert re.fullmatch(wanted, str(value)), (field, value)


def test_what_went_wrong_is_listed_for_each_call(speech: Speech) -> None:
    async def act(client: Client, caller: Caller) -> None:
        calls = [await place(client, "<Response><Sing/></Response>") for _ in range(2)]
        await asyncio.sleep(5)
        notes = [n for c in calls for n in await client.calls(c.sid).notifications.list_async()]
        assert [note.call_sid for note in notes] == [call.sid for call in calls]
        assert len({note.sid for note in notes}) == 2
        for note in notes:
            assert re.fullmatch("NO[0-9a-f]{32}", str(note.sid))
            assert (note.error_code, note.log) == ("12100", "0")
            assert isinstance(note.message_date, datetime)

    calling(simulator(speech, SILENT), act)
