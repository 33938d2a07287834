"""Everything that can go wrong with a telephone call, as the server of Twilio's user sees it."""

from __future__ import annotations

import asyncio
from typing import Any

import numpy as np
import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from tests.simulators.twilio_caller import (
    AGENT,
    CONNECT,
    OURS,
    PUBLIC,
    Caller,
    Session,
    calling,
    place,
    simulator,
)
from voicetest.simulators.twilio_account import TOKEN
from voicetest.speech.providers import Speech

GREETS: dict[str, Any] = {"greeting": "Hello, how can I help you?", "rules": []}


def _session(speech: Speech, *faults: str, dialogue: dict[str, Any] = GREETS) -> Session:
    """The one stream of a call of ten seconds at the most."""

    async def act(client: Client, caller: Caller) -> None:
        await place(client, time_limit=10)
        await caller.until_status("completed")

    (session,) = calling(simulator(speech, dialogue, *faults), act).sessions
    return session


@pytest.mark.parametrize(
    ("fault", "statuses"),
    [
        ("twilio_busy", ["initiated", "ringing", "busy"]),
        ("twilio_no_answer", ["initiated", "ringing", "no-answer"]),
        ("twilio_failed", ["initiated", "failed"]),
    ],
)
def test_a_call_that_does_not_come_about_says_why(
    speech: Speech, fault: str, statuses: list[str]
) -> None:
    async def act(client: Client, caller: Caller) -> None:
        call = await place(client, timeout=5)
        await caller.until_status(statuses[-1], limit=10)
        fetched = await client.calls(call.sid).fetch_async()
        assert (fetched.status, fetched.start_time, fetched.end_time) == (statuses[-1], None, None)

    caller = calling(simulator(speech, GREETS, fault), act)
    assert caller.statuses() == statuses
    assert not caller.sessions


@pytest.mark.parametrize(("faults", "by"), [(["twilio_machine"], "machine_start"), ([], "human")])
def test_who_answered_is_found_out(speech: Speech, faults: list[str], by: str) -> None:
    async def act(client: Client, caller: Caller) -> None:
        caller.documents["/voice"] = CONNECT
        call = await client.calls.create_async(
            to=AGENT, from_=OURS, url=f"{PUBLIC}/voice", machine_detection="Enable"
        )
        await caller.until(lambda: caller.sessions)
        assert (await client.calls(call.sid).fetch_async()).answered_by == by

    caller = calling(simulator(speech, GREETS, *faults), act)
    assert caller.asked[0][2]["AnsweredBy"] == by


def test_who_answered_is_told_while_the_stream_runs(speech: Speech) -> None:
    async def act(client: Client, caller: Caller) -> None:
        await place(
            client,
            machine_detection="Enable",
            async_amd="true",
            async_amd_status_callback=f"{PUBLIC}/amd",
        )
        await caller.until(lambda: caller.sessions)
        assert "/amd" not in [path for path, *_ in caller.asked]
        await caller.until(lambda: "/amd" in [path for path, *_ in caller.asked])

    caller = calling(simulator(speech, GREETS, "twilio_machine"), act)
    told, right = next((f, right) for path, _, f, right in caller.asked if path == "/amd")
    assert (told["AnsweredBy"], right) == ("machine_start", True)


def test_a_wrong_signature_is_wrong_everywhere(speech: Speech) -> None:
    async def act(client: Client, caller: Caller) -> None:
        await place(client, time_limit=2)
        await caller.until_status("completed")

    caller = calling(simulator(speech, GREETS, "twilio_wrong_signature"), act)
    assert {right for _, _, _, right in caller.asked} == {False}
    url = "wss://voicetest.example/stream"
    assert not RequestValidator(TOKEN).validate(url, {}, caller.sessions[0].signature)


def test_an_abrupt_end_is_told_by_nothing(speech: Speech) -> None:
    session = _session(speech, "twilio_abrupt_close")
    assert session.code == 1011
    assert not session.of("stop")
    assert len(session.of("media")) == pytest.approx(150, abs=1)


def test_a_late_stream_misses_the_greeting(speech: Speech) -> None:
    early, late = _session(speech), _session(speech, "twilio_late_start")
    assert late.messages[0][0] == pytest.approx(early.messages[0][0] + 3)
    assert set(late.sound()) == {0xFF}


def test_jitter_changes_when_sound_comes_and_not_what(speech: Speech) -> None:
    even, uneven = _session(speech), _session(speech, "twilio_jitter")
    assert uneven.sound() == even.sound()
    times = [at for at, m in uneven.messages if m["event"] == "media"]
    assert max(np.diff(times)) == pytest.approx(0.06)
    assert min(np.diff(times)) == 0


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [("twilio_rate_limited", 429, 20429), ("twilio_server_errors", 503, 20503)],
)
def test_the_first_two_requests_are_refused(
    speech: Speech, fault: str, status: int, code: int
) -> None:
    async def act(client: Client, caller: Caller) -> None:
        for _ in range(2):
            with pytest.raises(TwilioRestException) as refused:
                await client.calls.create_async(to=AGENT, from_=OURS, twiml=CONNECT)
            assert (refused.value.status, refused.value.code) == (status, code)
        await place(client)
        await caller.until(lambda: caller.sessions)
        assert len(await client.calls.list_async()) == 1

    calling(simulator(speech, GREETS, fault), act)


def test_a_token_may_be_wrong(speech: Speech) -> None:
    async def act(client: Client, caller: Caller) -> None:
        with pytest.raises(TwilioRestException) as refused:
            await place(client)
        assert (refused.value.status, refused.value.code) == (401, 20003)

    calling(simulator(speech, GREETS, "twilio_wrong_token"), act)


def test_an_agent_that_refuses_takes_no_call_and_makes_none(speech: Speech) -> None:
    async def act(client: Client, caller: Caller) -> None:
        with pytest.raises(TwilioRestException) as refused:
            await place(client)
        assert refused.value.status == 503
        (number,) = await client.incoming_phone_numbers.list_async(phone_number=OURS)
        await number.update_async(voice_url=f"{PUBLIC}/voice")
        await asyncio.sleep(10)

    assert not calling(simulator(speech, GREETS, "refuses"), act).asked


ASKS_AGAIN = {**GREETS, "reprompt": {"after": "1s", "say": "Are you there?", "times": 1}}


def test_a_line_that_breaks_breaks_the_stream(speech: Speech) -> None:
    session = _session(speech, "drops_call", dialogue=ASKS_AGAIN)
    assert session.code == 1011
    assert not session.of("stop")


def test_a_broken_message_comes_in_the_middle(speech: Speech) -> None:
    session = _session(speech, "malformed", dialogue=ASKS_AGAIN)
    assert '{"broken": ' in [m for _, m in session.messages]


@pytest.mark.parametrize("fault", ["mute", "stalls"])
def test_an_agent_without_a_voice_leaves_a_live_line(speech: Speech, fault: str) -> None:
    session = _session(speech, fault, dialogue=ASKS_AGAIN)
    assert set(session.sound()[-3 * 8_000 :]) == {0xFF}
    assert session.of("stop")
