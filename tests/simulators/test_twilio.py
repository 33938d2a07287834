"""Twilio's far side: whole calls as the server of its user sees them."""

from __future__ import annotations

import asyncio
from typing import Any

import numpy as np
import pytest
from starlette.websockets import WebSocket
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from tests.conftest import Speak
from tests.simulators.twilio_caller import (
    AGENT,
    CONNECT,
    OURS,
    PUBLIC,
    SECOND,
    Caller,
    Session,
    calling,
    place,
    say,
    simulator,
    tell,
)
from voicetest.agents.truth import Spoke
from voicetest.audio.chunk import AudioChunk, Encoding
from voicetest.audio.edges import clean_edges
from voicetest.audio.g711 import expand
from voicetest.audio.resample import resample
from voicetest.protocols.twilio import TELEPHONE
from voicetest.simulators.twilio_account import SID, TOKEN
from voicetest.simulators.twilio_exchange import OUTSIDE
from voicetest.simulators.twilio_leg import on_the_phone
from voicetest.speech.providers import Speech

DIALOGUE: dict[str, Any] = {
    "greeting": "Hello, how can I help you?",
    "rules": [
        {"when": ["parcel"], "say": "What is your parcel number?"},
        {"when": ["thank you"], "say": "Goodbye.", "ends_call": True},
        {"keys": "1", "say": "You have chosen sales."},
    ],
}
SILENT: dict[str, Any] = {"rules": []}


def _wide(sound: bytes) -> Any:
    """Sound of the telephone at 24 kHz."""
    return resample(expand(sound, Encoding.MULAW), 8_000, 24_000)


def _heard(speech: Speech, sound: bytes) -> str:
    ears = speech.transcriber("pocketsphinx/espeak", ("hello how can i help you",))
    return asyncio.run(ears.transcribe(AudioChunk.of(_wide(sound)))).lower()


def test_a_call_rings_is_answered_streams_and_is_complete(speech: Speech) -> None:
    async def act(client: Client, caller: Caller) -> None:
        call = await place(client)
        assert call.status == "queued"
        await caller.until(lambda: caller.sessions and len(caller.sessions[0].of("media")) > 150)
        assert (await client.calls(call.sid).fetch_async()).status == "in-progress"
        await client.calls(call.sid).update_async(status="completed")
        told = await caller.until_status("completed")
        assert int(told["CallDuration"]) >= 3
        ended = await client.calls(call.sid).fetch_async()
        assert (ended.status, ended.duration) == ("completed", told["CallDuration"])

    caller = calling(simulator(speech, DIALOGUE), act)
    assert caller.statuses() == ["initiated", "ringing", "in-progress", "completed"]
    reports = [fields for path, _, fields, _ in caller.asked if path == "/status"]
    assert [r["SequenceNumber"] for r in reports] == ["0", "1", "2", "3"]
    assert {r["CallbackSource"] for r in reports} == {"call-progress-events"}
    assert all(right for _, _, _, right in caller.asked)
    events = [f["StreamEvent"] for path, _, f, _ in caller.asked if path == "/stream-status"]
    assert events == ["stream-started", "stream-stopped"]
    (session,) = caller.sessions
    assert [m["event"] for _, m in session.messages[:2]] == ["connected", "start"]
    start = session.of("start")[0]["start"]
    assert start["customParameters"] == {"run": "r1"}
    assert (start["accountSid"], start["callSid"]) == (SID, "CA" + "0" * 31 + "1")
    assert session.messages[-1][1]["event"] == "stop"
    assert session.code == 1000
    validator = RequestValidator(TOKEN)
    assert validator.validate("wss://voicetest.example/stream", {}, session.signature)
    assert "help you" in _heard(speech, session.sound())


def test_sound_comes_every_20_ms_and_is_numbered(speech: Speech) -> None:
    async def act(client: Client, caller: Caller) -> None:
        await place(client)
        await caller.until(lambda: caller.sessions and len(caller.sessions[0].of("media")) == 100)

    (session,) = calling(simulator(speech, SILENT), act).sessions
    media = [(at, m) for at, m in session.messages if m["event"] == "media"][:100]
    assert [m["media"]["chunk"] for _, m in media] == [str(n) for n in range(1, 101)]
    assert [m["media"]["timestamp"] for _, m in media] == [str(20 * n) for n in range(100)]
    gaps = np.diff([at for at, _ in media])
    assert np.allclose(gaps, 0.02)


def test_when_the_agent_spoke_is_known_to_a_few_milliseconds(speech: Speech) -> None:
    spoke: list[Spoke] = []

    async def act(client: Client, caller: Caller) -> None:
        await place(client)
        await caller.until(lambda: caller.sessions and len(caller.sessions[0].of("media")) == 200)

    caller = calling(simulator(speech, DIALOGUE, told=spoke.append), act)
    media = [at for at, m in caller.sessions[0].messages if m["event"] == "media"]
    edges = clean_edges(_wide(caller.sessions[0].sound()))
    assert media[0] + edges.start == pytest.approx(spoke[0].start_s, abs=0.012)
    assert media[0] + edges.end == pytest.approx(spoke[0].end_s, abs=0.03)


def test_the_agent_answers_what_is_said_on_the_stream(speech: Speech, speak: Speak) -> None:
    question = on_the_phone(AudioChunk.of(speak("Where is my parcel?", "en-us+f2")))
    goodbye = on_the_phone(AudioChunk.of(speak("Thank you.", "en-us+f2")))

    async def behave(websocket: WebSocket, session: Session) -> None:
        await asyncio.sleep(4)
        await say(websocket, session, question)
        await asyncio.sleep(8)
        await say(websocket, session, goodbye)

    async def act(client: Client, caller: Caller) -> None:
        await place(client)
        await caller.until_status("completed")

    caller = calling(simulator(speech, DIALOGUE), act, behave)
    assert caller.sessions[0].messages[-1][1]["event"] == "stop"


def test_marks_come_back_when_they_are_reached_and_at_once_when_cleared(speech: Speech) -> None:
    at: dict[str, float] = {}

    async def behave(websocket: WebSocket, session: Session) -> None:
        await asyncio.sleep(1)
        at["sent"] = asyncio.get_running_loop().time()
        await say(websocket, session, b"\x20" * 8_000)
        await tell(websocket, session, "mark", name="played")
        await asyncio.sleep(2)
        await say(websocket, session, b"\x20" * 80_000)
        await tell(websocket, session, "mark", name="dropped")
        await asyncio.sleep(1)
        at["cleared"] = asyncio.get_running_loop().time()
        await tell(websocket, session, "clear")

    async def act(client: Client, caller: Caller) -> None:
        await place(client)
        await caller.until(lambda: caller.sessions and len(caller.sessions[0].of("mark")) == 2)

    (session,) = calling(simulator(speech, SILENT), act, behave).sessions
    marks = [(when, m["mark"]["name"]) for when, m in session.messages if m["event"] == "mark"]
    assert [name for _, name in marks] == ["played", "dropped"]
    assert marks[0][0] - at["sent"] == pytest.approx(1.02, abs=0.03)
    assert marks[1][0] == at["cleared"]


def test_two_numbers_of_the_account_hear_each_other(speech: Speech) -> None:
    async def act(client: Client, caller: Caller) -> None:
        (number,) = await client.incoming_phone_numbers.list_async(phone_number=SECOND)
        await number.update_async(voice_url=f"{PUBLIC}/voice", voice_method="POST")
        twiml = '<Response><Say>Hello, how can I help you?</Say><Pause length="3"/></Response>'
        call = await place(client, twiml, to=SECOND)
        await caller.until_status("in-progress")
        await asyncio.sleep(3)
        press = '<Response><Play digits="1w2#"/><Pause length="2"/></Response>'
        await client.calls(call.sid).update_async(twiml=press)
        await caller.until_status("completed")

    caller = calling(simulator(speech, SILENT), act)
    (session,) = caller.sessions
    assert "help you" in _heard(speech, session.sound()[: 3 * 8_000])
    keys = [m["dtmf"] for m in session.of("dtmf")]
    assert keys == [{"track": "inbound_track", "digit": each} for each in "12#"]
    asked = next(fields for path, _, fields, _ in caller.asked if path == "/voice")
    wanted = {"From": OURS, "To": SECOND, "Direction": "inbound", "CallStatus": "ringing"}
    assert wanted.items() <= asked.items()
    assert asked["FromCity"] == ""
    assert all(right for _, _, _, right in caller.asked)


def test_the_agent_hears_keys_and_presses_them(speech: Speech) -> None:
    dialogue = {"rules": [{"keys": "1", "say": "Sales.", "presses": "5"}]}

    async def act(client: Client, caller: Caller) -> None:
        await place(client, send_digits="ww1")
        await caller.until(lambda: caller.sessions and caller.sessions[0].of("dtmf"))

    (session,) = calling(simulator(speech, dialogue), act).sessions
    assert session.of("dtmf")[0]["dtmf"]["digit"] == "5"


def test_the_agent_calls_a_number_that_gets_a_webhook(speech: Speech) -> None:
    async def act(client: Client, caller: Caller) -> None:
        (number,) = await client.incoming_phone_numbers.list_async(phone_number=OURS)
        await number.update_async(voice_url=f"{PUBLIC}/voice")
        await caller.until(lambda: caller.sessions and len(caller.sessions[0].of("media")) > 150)
        (call,) = await client.calls.list_async(to=OURS)
        assert (call.direction, call._from) == ("inbound", OUTSIDE)  # noqa: SLF001
        await call.update_async(status="completed")
        await caller.until(lambda: caller.sessions[0].code)

    caller = calling(simulator(speech, DIALOGUE), act)
    assert "help you" in _heard(speech, caller.sessions[0].sound())


def test_a_number_that_somebody_else_calls_is_not_called_by_the_agent(speech: Speech) -> None:
    async def act(client: Client, caller: Caller) -> None:
        (number,) = await client.incoming_phone_numbers.list_async(phone_number=SECOND)
        await number.update_async(voice_url=f"{PUBLIC}/voice")
        await place(client, "<Response><Pause length='10'/></Response>", to=SECOND)
        await caller.until_status("completed")
        assert len(await client.calls.list_async(to=SECOND)) == 2  # the two legs of one call

    assert len(calling(simulator(speech, SILENT), act).sessions) == 1


def test_an_application_wins_over_a_webhook(speech: Speech) -> None:
    async def act(client: Client, caller: Caller) -> None:
        (number,) = await client.incoming_phone_numbers.list_async(phone_number=SECOND)
        await number.update_async(
            voice_url=f"{PUBLIC}/voice", voice_application_sid="AP" + "0" * 32
        )
        await place(client, "<Response><Pause length='2'/></Response>", to=SECOND)
        await caller.until_status("completed")

    caller = calling(simulator(speech, SILENT), act)
    assert "/voice" not in [path for path, *_ in caller.asked]


def test_a_webhook_may_be_asked_by_get(speech: Speech) -> None:
    async def act(client: Client, caller: Caller) -> None:
        (number,) = await client.incoming_phone_numbers.list_async(phone_number=SECOND)
        await number.update_async(voice_url=f"{PUBLIC}/voice?a=b%20c", voice_method="GET")
        await caller.until(lambda: caller.sessions)

    caller = calling(simulator(speech, SILENT), act)
    path, method, fields, right = caller.asked[0]
    assert (path, method, right) == ("/voice", "GET", True)
    assert (fields["a"], fields["To"]) == ("b c", SECOND)


def test_who_is_dialled_from_a_call_is_put_through(speech: Speech) -> None:
    twiml = (
        '<Response><Start><Stream url="wss://voicetest.example/stream" track="both_tracks"/>'
        f"</Start><Dial timeLimit='5'>{AGENT}</Dial><Say>Goodbye.</Say></Response>"
    )

    async def act(client: Client, caller: Caller) -> None:
        (number,) = await client.incoming_phone_numbers.list_async(phone_number=SECOND)
        await number.update_async(voice_url=f"{PUBLIC}/voice")
        caller.documents["/voice"] = twiml
        call = await place(client, "<Response><Pause length='20'/></Response>", to=SECOND)
        told = await caller.until_status("completed")
        assert 5 <= int(told["CallDuration"]) < 10
        inbound, _ = await client.calls.list_async(to=SECOND)
        (dialled,) = await client.calls.list_async(to=AGENT)
        assert dialled.parent_call_sid == inbound.sid != call.sid
        assert (dialled.direction, dialled.status) == ("outbound-dial", "completed")

    (session,) = calling(simulator(speech, DIALOGUE), act).sessions
    assert session.of("start")[0]["start"]["tracks"] == ["inbound", "outbound"]
    assert "help you" in _heard(speech, session.sound("outbound"))
    assert set(session.sound("inbound")) == {0xFF}
    assert session.messages[-1][1]["event"] == "stop"


def test_who_is_still_being_dialled_is_not_put_through_when_the_call_ends(speech: Speech) -> None:
    async def act(client: Client, caller: Caller) -> None:
        call = await place(client, f"<Response><Dial>{AGENT}</Dial></Response>", to=SECOND)
        await caller.until_status("in-progress")
        await asyncio.sleep(0.5)
        await client.calls(call.sid).update_async(status="completed")
        await caller.until_status("completed")
        (dialled,) = await client.calls.list_async(to=AGENT)
        assert dialled.status == "canceled"

    calling(simulator(speech, SILENT), act)


def test_a_stream_that_only_listens_is_stopped_by_name(speech: Speech) -> None:
    twiml = (
        '<Response><Start><Stream name="a" url="wss://voicetest.example/stream"/></Start>'
        '<Pause length="2"/><Stop><Stream name="a"/></Stop><Pause length="3"/></Response>'
    )

    async def behave(websocket: WebSocket, session: Session) -> None:
        await asyncio.sleep(1)
        await say(websocket, session, b"\x20" * 8_000)

    async def act(client: Client, caller: Caller) -> None:
        call = await place(client, twiml)
        await caller.until_status("completed")
        notes = await client.calls(call.sid).notifications.list_async()
        assert [note.error_code for note in notes] == ["31924"]

    (session,) = calling(simulator(speech, SILENT), act, behave).sessions
    assert len(session.of("media")) in (99, 100)
    assert session.messages[-1][1]["event"] == "stop"
    assert session.code == 1000


def test_the_next_verb_comes_when_the_server_closes_the_stream(speech: Speech) -> None:
    async def behave(websocket: WebSocket, session: Session) -> None:
        await asyncio.sleep(1)
        await websocket.close()

    async def act(client: Client, caller: Caller) -> None:
        caller.documents["/more"] = "<Response><Pause length='3'/><Hangup/></Response>"
        twiml = CONNECT.replace("</Response>", f"<Redirect>{PUBLIC}/more</Redirect></Response>")
        await place(client, twiml)
        assert int((await caller.until_status("completed"))["CallDuration"]) == 4

    caller = calling(simulator(speech, SILENT), act, behave)
    assert not caller.sessions[0].of("stop")
    assert "/more" in [path for path, *_ in caller.asked]


def test_a_call_ends_at_its_limit(speech: Speech) -> None:
    async def act(client: Client, caller: Caller) -> None:
        await place(client, time_limit=7)
        assert (await caller.until_status("completed"))["CallDuration"] == "7"

    calling(simulator(speech, SILENT), act)


def test_a_call_that_rings_can_be_taken_back(speech: Speech) -> None:
    async def act(client: Client, caller: Caller) -> None:
        call = await place(client)
        await caller.until_status("ringing")
        await client.calls(call.sid).update_async(status="canceled")
        await caller.until_status("canceled")
        assert (await client.calls(call.sid).fetch_async()).status == "canceled"

    assert not calling(simulator(speech, SILENT), act).sessions


def test_a_call_is_complete_that_is_hung_up_before_its_document_is_followed(
    speech: Speech,
) -> None:
    async def act(client: Client, caller: Caller) -> None:
        call = await place(client, machine_detection="Enable", send_digits="wwww")
        await caller.until_status("in-progress")
        await client.calls(call.sid).update_async(status="completed")
        assert (await caller.until_status("completed", limit=1))["CallDuration"] == "0"

    assert not calling(simulator(speech, SILENT), act).sessions


def test_a_document_may_change_before_it_is_followed(speech: Speech) -> None:
    async def act(client: Client, caller: Caller) -> None:
        call = await place(client, send_digits="wwww")
        await caller.until_status("in-progress")
        await client.calls(call.sid).update_async(twiml="<Response><Hangup/></Response>")
        assert (await caller.until_status("completed"))["CallDuration"] == "2"

    assert not calling(simulator(speech, SILENT), act).sessions


@pytest.mark.parametrize("reason", ["busy", "rejected"])
def test_a_webhook_that_rejects_is_not_connected(speech: Speech, reason: str) -> None:
    wanted = {"busy": "busy", "rejected": "no-answer"}[reason]

    async def act(client: Client, caller: Caller) -> None:
        caller.documents["/voice"] = f'<Response><Reject reason="{reason}"/></Response>'
        (number,) = await client.incoming_phone_numbers.list_async(phone_number=SECOND)
        await number.update_async(voice_url=f"{PUBLIC}/voice")
        await place(client, to=SECOND)
        await caller.until_status(wanted)

    assert not calling(simulator(speech, SILENT), act).sessions


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ("<Response><Sing/></Response>", "12100"),
        ("<Response>", "12100"),
        ('<!DOCTYPE r [<!ENTITY a "b">]><Response><Say>&a;</Say></Response>', "12100"),
        (f"<Response><Say>{'a' * 65_536}</Say></Response>", "11750"),
    ],
)
def test_a_document_that_cannot_be_followed_fails_the_call(
    speech: Speech, document: str, code: str
) -> None:
    async def act(client: Client, caller: Caller) -> None:
        call = await place(client, document)
        await caller.until_status("failed")
        (note,) = await client.calls(call.sid).notifications.list_async()
        assert note.error_code == code

    calling(simulator(speech, SILENT), act)


def test_a_webhook_that_gives_no_document_fails_the_call(speech: Speech) -> None:
    async def act(client: Client, caller: Caller) -> None:
        call = await client.calls.create_async(to=AGENT, from_=OURS, url=f"{PUBLIC}/more")
        await asyncio.sleep(5)
        (note,) = await client.calls(call.sid).notifications.list_async()
        assert (note.error_code, (await call.fetch_async()).status) == ("11200", "failed")
        caller.kind = "text/plain"
        caller.documents["/more"] = "hello"
        call = await client.calls.create_async(to=AGENT, from_=OURS, url=f"{PUBLIC}/more")
        await asyncio.sleep(5)
        (note,) = await client.calls(call.sid).notifications.list_async()
        assert note.error_code == "12300"

    calling(simulator(speech, SILENT), act)


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("ws://voicetest.example/stream", "31922"),
        ("wss://voicetest.example/stream?a=b", "31922"),
        ("wss://voicetest.example/nothing", "31920"),
    ],
)
def test_a_stream_that_cannot_be_opened_is_an_error(speech: Speech, url: str, code: str) -> None:
    async def act(client: Client, caller: Caller) -> None:
        call = await place(client, CONNECT.replace("wss://voicetest.example/stream", url, 1))
        await caller.until_status("completed")
        (note,) = await client.calls(call.sid).notifications.list_async()
        assert note.error_code == code

    caller = calling(simulator(speech, SILENT), act)
    (told,) = [fields for path, _, fields, _ in caller.asked if path == "/stream-status"]
    assert told["StreamEvent"] == "stream-error"
    assert told["StreamError"].startswith(code)


@pytest.mark.parametrize("message", ["no json", b"\x00", '{"event":"media","streamSid":"MZ1"}'])
def test_a_message_that_twilio_does_not_take_ends_the_stream(
    speech: Speech, message: str | bytes
) -> None:
    async def behave(websocket: WebSocket, session: Session) -> None:
        await asyncio.sleep(1)
        if isinstance(message, bytes):
            await websocket.send_bytes(message)
        else:
            await websocket.send_text(message)

    async def act(client: Client, caller: Caller) -> None:
        call = await place(client)
        await caller.until_status("completed")
        (note,) = await client.calls(call.sid).notifications.list_async()
        assert note.error_code == "31950"

    assert calling(simulator(speech, SILENT), act, behave).sessions[0].code == 1003


def test_sound_without_end_is_not_kept(speech: Speech) -> None:
    async def behave(websocket: WebSocket, session: Session) -> None:
        await asyncio.sleep(1)
        await say(websocket, session, b"\x20" * (8_000 * 601))

    async def act(client: Client, caller: Caller) -> None:
        call = await place(client, time_limit=3)
        await caller.until_status("completed")
        (note,) = await client.calls(call.sid).notifications.list_async()
        assert note.error_code == "31930"

    calling(simulator(speech, SILENT), act, behave)


def test_the_same_call_gives_the_same_bytes(speech: Speech) -> None:
    async def act(client: Client, caller: Caller) -> None:
        await place(client, time_limit=4)
        await caller.until_status("completed")

    first, second = (calling(simulator(speech, DIALOGUE), act).sessions[0] for _ in range(2))
    assert first.messages == second.messages
    assert TELEPHONE.rate * 3 < len(first.sound())
