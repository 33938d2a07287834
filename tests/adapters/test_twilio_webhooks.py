"""What our server lets in: signed requests about the call that is waited for, and nothing else."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

import httpx
import pytest
from twilio.request_validator import RequestValidator

from voicetest.adapters.twilio_signatures import LARGEST_FORM
from voicetest.adapters.twilio_webhooks import Expected, Switchboard
from voicetest.clock import Clock, run
from voicetest.errors import ConnectionFailed
from voicetest.events import Hangup, Ignored, Leaving, Ready, Status, Warned
from voicetest.transports.base import Transport, TransportClosed
from voicetest.transports.local_web import LocalWeb

ACCOUNT = "AC" + "0" * 32
CALL = "CA" + "1" * 32
OTHER_CALL = "CA" + "2" * 32
STREAM = "MZ" + "3" * 32
TOKEN = "auth-token"  # noqa: S105  # no secret of anybody
PUBLIC = "https://ours.example/voice-tests"
OUR, THEIR, STRANGER = "+15550100001", "+15550100123", "+15550100666"
NONCE = "a-nonce"
ANY = Expected(ACCOUNT, NONCE)

Told = list[Status | Warned]
Play = Callable[["Twilio"], Awaitable[None]]


class Twilio:
    """Asks a switchboard as Twilio does, or as somebody else might."""

    def __init__(self, board: Switchboard, told: Told) -> None:
        self.board = board
        self.told = told
        self._web = LocalWeb()

    async def post(
        self,
        path: str,
        fields: Sequence[tuple[str, str]],
        *,
        signed: str | None = None,
        url: str | None = None,
    ) -> httpx.Response:
        """Post a form, with the right signature unless another is given."""
        names: dict[str, list[str]] = {}
        for name, value in fields:
            names.setdefault(name, []).append(value)
        if signed is None:
            signed = RequestValidator(TOKEN).compute_signature(url or PUBLIC + path, _Form(names))
        headers = {
            b"X-Twilio-Signature": signed.encode(),
            b"Content-Type": b"application/x-www-form-urlencoded",
        }
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(self.board.app), base_url="http://127.0.0.1:8765"
        ) as client:
            return await client.post(path, content=urlencode(fields), headers=headers)

    @asynccontextmanager
    async def dial(self, *, signed: str | None = None) -> AsyncIterator[Transport[bytes | str]]:
        """Open the stream, with the right signature unless another is given."""
        if signed is None:
            url = "wss" + f"{PUBLIC}/twilio/stream".removeprefix("https")
            signed = RequestValidator(TOKEN).compute_signature(url, {})
        async with (
            self._web.serve(self.board.app, "127.0.0.1", 8765),
            self._web.dial(
                "ws://127.0.0.1:8765/twilio/stream", headers={"x-twilio-signature": signed}
            ) as socket,
        ):
            yield socket

    @property
    def statuses(self) -> list[str]:
        return [event.text for event in self.told if isinstance(event, Status)]

    @property
    def warnings(self) -> list[str]:
        return [event.message for event in self.told if isinstance(event, Warned)]


class _Form(dict[str, list[str]]):
    """A form with repeated fields, as the SDK's validator takes it."""

    def getall(self, name: str) -> list[str]:
        return self[name]


def _play(play: Play, expected: Expected = ANY, token: str | None = TOKEN) -> None:
    async def both() -> None:
        told: Told = []
        board = Switchboard(expected, token, told.append)
        board.published(PUBLIC + "/")
        try:
            await play(Twilio(board, told))
        finally:
            board.close()

    run(both(), Clock.VIRTUAL)


def _call(call: str = CALL, caller: str = THEIR, callee: str = OUR) -> list[tuple[str, str]]:
    return [
        ("AccountSid", ACCOUNT),
        ("CallSid", call),
        ("From", caller),
        ("To", callee),
        ("CallStatus", "ringing"),
        ("CallerCity", ""),
    ]


def _begin(call: str = CALL, nonce: str | None = NONCE, account: str = ACCOUNT) -> list[str]:
    start = {
        "accountSid": account,
        "streamSid": STREAM,
        "callSid": call,
        "tracks": ["inbound"],
        "customParameters": {} if nonce is None else {"voicetest": nonce},
        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
    }
    messages = [
        {"event": "connected", "protocol": "Call", "version": "1.0.0"},
        {"event": "start", "sequenceNumber": "1", "streamSid": STREAM, "start": start},
    ]
    return [json.dumps(message) for message in messages]


def _status(status: str, call: str = CALL, sequence: int | None = None) -> list[tuple[str, str]]:
    form = [("AccountSid", ACCOUNT), ("CallSid", call), ("CallStatus", status)]
    return form if sequence is None else [*form, ("SequenceNumber", str(sequence))]


def _stream_event(
    event: str, call: str = CALL, stream: str = STREAM, **further: str
) -> list[tuple[str, str]]:
    form = [("AccountSid", ACCOUNT), ("CallSid", call), ("StreamSid", stream)]
    return [*form, ("StreamEvent", event), *further.items()]


async def _send(socket: Transport[bytes | str], messages: Sequence[str]) -> None:
    for message in messages:
        await socket.send(message)


def test_a_call_is_connected_to_our_stream() -> None:
    async def play(twilio: Twilio) -> None:
        answer = await twilio.post("/twilio/voice", _call())
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/xml")
        stream = ET.fromstring(answer.text).find("./Connect/Stream")  # noqa: S314  # our own
        assert stream is not None
        assert stream.get("url") == "wss://ours.example/voice-tests/twilio/stream"
        assert stream.get("statusCallback") == f"{PUBLIC}/twilio/stream-status"
        (parameter,) = stream
        assert (parameter.get("name"), parameter.get("value")) == ("voicetest", NONCE)
        assert twilio.told == [
            Status("ringing", {"CallSid": CALL, "From": "***0123", "To": "***0001"})
        ]

    _play(play)


def test_blank_and_repeated_fields_are_signed_as_well() -> None:
    async def play(twilio: Twilio) -> None:
        fields = [*_call(), ("Tag", "b"), ("Tag", "a"), ("Tag", "b"), ("Blank", "")]
        assert (await twilio.post("/twilio/voice", fields)).status_code == 200

    _play(play)


@pytest.mark.parametrize("signed", ["", "x", "a" * 28, "ünsigned"])
@pytest.mark.parametrize("path", ["/twilio/voice", "/twilio/call", "/twilio/stream-status"])
def test_a_request_without_twilios_signature_is_forbidden(path: str, signed: str) -> None:
    async def play(twilio: Twilio) -> None:
        assert (await twilio.post(path, _call(), signed=signed)).status_code == 403
        assert twilio.board.call_sid is None
        assert (await twilio.post(path, _call(), signed=signed)).status_code == 403
        (warning,) = twilio.warnings  # who asks for ever does not fill the timeline
        assert "public_base_url" in warning

    _play(play)


def test_a_signature_counts_for_its_own_fields_and_its_own_address_only() -> None:
    async def play(twilio: Twilio) -> None:
        right = RequestValidator(TOKEN).compute_signature(f"{PUBLIC}/twilio/voice", dict(_call()))
        for changed in ([*_call(), ("Extra", "")], _call(caller=STRANGER), _call()[1:]):
            answer = await twilio.post("/twilio/voice", changed, signed=right)
            assert answer.status_code == 403
        assert (await twilio.post("/twilio/call", _call(), signed=right)).status_code == 403
        local = "http://127.0.0.1:8765/twilio/voice"
        assert (await twilio.post("/twilio/voice", _call(), url=local)).status_code == 403
        assert (await twilio.post("/twilio/voice", _call(), signed=right)).status_code == 200

    _play(play)


def test_a_query_is_part_of_what_is_signed() -> None:
    async def play(twilio: Twilio) -> None:
        whole = f"{PUBLIC}/twilio/voice?a=1"
        ok = await twilio.post("/twilio/voice?a=1", _call(), url=whole)
        assert ok.status_code == 200
        wrong = await twilio.post("/twilio/voice?a=2", _call(), url=whole)
        assert wrong.status_code == 403

    _play(play)


def test_without_a_token_anybody_may_ask_but_only_for_this_account() -> None:
    async def play(twilio: Twilio) -> None:
        assert (await twilio.post("/twilio/voice", _call(), signed="")).status_code == 200
        foreign = [("AccountSid", "AC" + "9" * 32), *_call()[1:]]
        assert (await twilio.post("/twilio/voice", foreign, signed="")).status_code == 403

    _play(play, token=None)


def test_a_body_without_end_is_not_read() -> None:
    async def play(twilio: Twilio) -> None:
        fields = [*_call(), ("Long", "x" * LARGEST_FORM)]
        assert (await twilio.post("/twilio/voice", fields)).status_code == 413

    _play(play)


def test_what_is_no_form_is_refused() -> None:
    async def play(twilio: Twilio) -> None:
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(twilio.board.app), base_url="http://x"
        ) as client:
            assert (await client.post("/twilio/voice", content=b"\xff\xfe")).status_code == 400
            assert (await client.get("/twilio/voice")).status_code == 405
            assert (await client.get("/twilio/ready")).text == "voicetest\n"
            assert (await client.get("/")).status_code == 404

    _play(play)


@pytest.mark.parametrize(
    ("expected", "caller", "callee"),
    [
        (Expected(ACCOUNT, NONCE, callers=frozenset({THEIR})), STRANGER, OUR),
        (Expected(ACCOUNT, NONCE, callers=frozenset()), THEIR, OUR),
        (Expected(ACCOUNT, NONCE, callees=frozenset({OUR})), THEIR, STRANGER),
    ],
)
def test_whoever_is_not_waited_for_is_rejected(
    expected: Expected, caller: str, callee: str
) -> None:
    async def play(twilio: Twilio) -> None:
        answer = await twilio.post("/twilio/voice", _call(caller=caller, callee=callee))
        assert ET.fromstring(answer.text).find("Reject") is not None  # noqa: S314
        assert "Stream" not in answer.text
        assert twilio.board.call_sid is None
        (warning,) = twilio.warnings
        assert caller not in warning
        assert callee not in warning

    _play(play, expected)


def test_a_second_call_finds_the_line_busy() -> None:
    async def play(twilio: Twilio) -> None:
        await twilio.post("/twilio/voice", _call())
        answer = await twilio.post("/twilio/voice", _call(OTHER_CALL))
        reject = ET.fromstring(answer.text).find("Reject")  # noqa: S314
        assert reject is not None
        assert reject.get("reason") == "busy"
        again = await twilio.post("/twilio/voice", _call())
        assert "Stream" in again.text  # Twilio asks again when an answer got lost

    _play(play)


def test_the_stream_of_the_call_is_the_line() -> None:
    async def play(twilio: Twilio) -> None:
        twilio.board.placed(CALL)
        async with twilio.dial() as socket:
            await _send(socket, _begin())
            line = await twilio.board.line()
            stop = {"event": "stop", "sequenceNumber": "2", "streamSid": STREAM, "stop": {}}
            await socket.send(json.dumps(stop))
            await socket.close()
            came = [event async for event in line.events()]
            assert Ready in {type(event) for event in came}
            assert came[-2:] == [Leaving(), Hangup()]
            twilio.board.close()

    _play(play)


def test_an_upgrade_without_twilios_signature_is_refused() -> None:
    async def play(twilio: Twilio) -> None:
        url = f"{PUBLIC}/twilio/stream"  # signed, but as https and not as wss
        for signed in ("", RequestValidator(TOKEN).compute_signature(url, {})):
            with pytest.raises(ConnectionFailed) as refused:
                async with twilio.dial(signed=signed):
                    pass
            assert refused.value.code == 403

    _play(play)


@pytest.mark.parametrize(
    "begin",
    [
        _begin(nonce=None),
        _begin(nonce="another"),
        _begin(nonce="ä"),
        _begin(call=OTHER_CALL),
        _begin(account="AC" + "9" * 32),
    ],
)
def test_a_stream_that_is_not_of_the_call_is_closed(begin: list[str]) -> None:
    async def play(twilio: Twilio) -> None:
        twilio.board.placed(CALL)
        async with twilio.dial() as socket:
            await _send(socket, begin)
            with pytest.raises(TransportClosed) as closed:
                await socket.receive()
            assert closed.value.code == 1008
        async with twilio.dial() as socket:  # and the right one still comes through
            await _send(socket, _begin())
            await twilio.board.line()
            twilio.board.close()

    _play(play)


def test_a_second_stream_is_refused_while_one_lives() -> None:
    async def play(twilio: Twilio) -> None:
        twilio.board.placed(CALL)
        async with twilio.dial() as socket:
            await _send(socket, _begin())
            await twilio.board.line()
            with pytest.raises(ConnectionFailed) as refused:
                async with Twilio(twilio.board, []).dial():
                    pass
            assert refused.value.code == 409
            twilio.board.close()

    _play(play)


def test_only_a_few_streams_may_be_on_their_way() -> None:
    async def play(twilio: Twilio) -> None:
        others = [Twilio(twilio.board, []) for _ in range(4)]
        async with others[0].dial(), others[1].dial(), others[2].dial(), others[3].dial():
            with pytest.raises(ConnectionFailed) as refused:
                async with twilio.dial():
                    pass
            assert refused.value.code == 409
            twilio.board.close()

    _play(play)


def test_a_stream_that_never_begins_does_not_wait_for_ever() -> None:
    async def play(twilio: Twilio) -> None:
        twilio.board.placed(CALL)
        async with twilio.dial() as socket:
            with pytest.raises(TransportClosed):
                await socket.receive()
        assert asyncio.get_running_loop().time() < 30
        assert any("did not begin" in warning for warning in twilio.warnings)

    _play(play)


def test_a_stream_may_be_faster_than_the_name_of_its_call() -> None:
    async def play(twilio: Twilio) -> None:
        async with twilio.dial() as socket:
            await _send(socket, _begin())
            await asyncio.sleep(1)
            twilio.board.placed(CALL)
            await twilio.board.line()
            twilio.board.close()

    _play(play)


@pytest.mark.parametrize(
    ("status", "says"),
    [
        ("busy", "busy"),
        ("no-answer", "nobody answered"),
        ("failed", "could not be connected"),
        ("canceled", "cancelled"),
        ("completed", "ended before its stream began"),
    ],
)
def test_a_call_that_nobody_took_says_why(status: str, says: str) -> None:
    async def play(twilio: Twilio) -> None:
        twilio.board.placed(CALL)
        for said in ("initiated", "ringing", status):
            assert (await twilio.post("/twilio/call", _status(said))).status_code == 204
        with pytest.raises(ConnectionFailed, match=says):
            await twilio.board.line()
        assert twilio.statuses == ["initiated", "ringing", status]

    _play(play)


def test_a_machine_that_answers_before_the_stream_is_no_agent() -> None:
    async def play(twilio: Twilio) -> None:
        twilio.board.placed(CALL)
        form = [("AccountSid", ACCOUNT), ("CallSid", CALL), ("AnsweredBy", "machine_start")]
        await twilio.post("/twilio/call", form)
        with pytest.raises(ConnectionFailed, match="a machine answered"):
            await twilio.board.line()

    _play(play)


def test_a_machine_that_is_noticed_later_ends_the_line() -> None:
    async def play(twilio: Twilio) -> None:
        twilio.board.placed(CALL)
        async with twilio.dial() as socket:
            await _send(socket, _begin())
            line = await twilio.board.line()
            form = [("AccountSid", ACCOUNT), ("CallSid", CALL), ("AnsweredBy", "fax")]
            await twilio.post("/twilio/call", form)
            last = [event async for event in line.events()][-1]
            assert isinstance(last, Hangup)
            assert "a machine answered" in last.reason
            twilio.board.close()

    _play(play)


def test_a_person_who_answers_is_on_the_timeline() -> None:
    async def play(twilio: Twilio) -> None:
        twilio.board.placed(CALL)
        form = [("AccountSid", ACCOUNT), ("CallSid", CALL), ("AnsweredBy", "human")]
        await twilio.post("/twilio/call", form)
        assert twilio.told == [Status("human", {"CallSid": CALL, "AnsweredBy": "human"})]

    _play(play)


def test_a_stream_that_twilio_cannot_open_is_an_error_with_its_words() -> None:
    async def play(twilio: Twilio) -> None:
        twilio.board.placed(CALL)
        form = _stream_event("stream-error", StreamError="31920 handshake for +15550100123")
        await twilio.post("/twilio/stream-status", form)
        with pytest.raises(ConnectionFailed, match=r"31920 handshake for \*\*\*0123"):
            await twilio.board.line()

    _play(play)


OF_OTHERS = {
    "a status": ("/twilio/call", _status("busy", OTHER_CALL)),
    "the end": ("/twilio/call", _status("completed", OTHER_CALL)),
    "no call": ("/twilio/call", [("AccountSid", ACCOUNT), ("CallStatus", "failed")]),
    "a machine": (
        "/twilio/call",
        [("AccountSid", ACCOUNT), ("CallSid", OTHER_CALL), ("AnsweredBy", "machine_start")],
    ),
    "a stream": ("/twilio/stream-status", _stream_event("stream-error", OTHER_CALL)),
    "an account": ("/twilio/call", [("AccountSid", "AC" + "9" * 32), *_status("busy")[1:]]),
}


@pytest.mark.parametrize("what", OF_OTHERS)
def test_what_is_told_of_another_call_ends_nothing(what: str) -> None:
    path, form = OF_OTHERS[what]

    async def play(twilio: Twilio) -> None:
        await twilio.post(path, form)  # before the call has a name
        twilio.board.placed(CALL)
        assert (await twilio.post(path, [*form, ("SequenceNumber", "9")])).status_code == 403
        async with twilio.dial() as socket:
            await _send(socket, _begin())
            line = await twilio.board.line()
            await twilio.post(path, [*form, ("SequenceNumber", "10")])
            await asyncio.sleep(1)
            await socket.close()
            assert [event async for event in line.events()][-1] == Hangup(1000)
            twilio.board.close()
        assert twilio.statuses == []
        first, total = twilio.warnings
        assert "about another" in first
        assert first.partition(" was refused: ")[0] in total

    _play(play)


def test_what_is_told_of_another_stream_of_the_call_does_not_end_it() -> None:
    async def play(twilio: Twilio) -> None:
        twilio.board.placed(CALL)
        async with twilio.dial() as socket:
            await _send(socket, _begin())
            line = await twilio.board.line()
            other = _stream_event("stream-error", stream="MZ" + "9" * 32)
            assert (await twilio.post("/twilio/stream-status", other)).status_code == 403
            started = _stream_event("stream-started")
            assert (await twilio.post("/twilio/stream-status", started)).status_code == 204
            await socket.close()
            assert [event async for event in line.events()][-1] == Hangup(1000)
            twilio.board.close()
        assert twilio.statuses == ["stream-started"]

    _play(play)


def test_what_is_told_before_the_call_has_a_name_is_heard_once_it_has() -> None:
    async def play(twilio: Twilio) -> None:
        assert (await twilio.post("/twilio/call", _status("initiated"))).status_code == 204
        assert (await twilio.post("/twilio/call", _status("failed"))).status_code == 204
        assert twilio.statuses == []
        twilio.board.placed(CALL)
        with pytest.raises(ConnectionFailed, match="could not be connected"):
            await twilio.board.line()
        assert twilio.statuses == ["initiated", "failed"]

    _play(play)


def test_what_is_told_twice_or_out_of_order_is_heard_once_and_does_no_harm() -> None:
    async def play(twilio: Twilio) -> None:
        twilio.board.placed(CALL)
        async with twilio.dial() as socket:
            await _send(socket, _begin())
            line = await twilio.board.line()
            for status, place in [("in-progress", 2), ("ringing", 1), ("initiated", 0)] * 2:
                answer = await twilio.post("/twilio/call", _status(status, sequence=place))
                assert answer.status_code == 204
            await socket.close()
            assert [event async for event in line.events()][-1] == Hangup(1000)
            twilio.board.close()
        assert twilio.statuses == ["in-progress", "ringing", "initiated"]

    _play(play)


def test_only_the_leg_that_was_placed_says_how_it_is_doing_where_another_streams() -> None:
    async def play(twilio: Twilio) -> None:
        await twilio.post("/twilio/voice", _call(OTHER_CALL))
        twilio.board.placed(CALL, streams=False)
        assert twilio.board.call_sid == OTHER_CALL
        assert (await twilio.post("/twilio/call", _status("busy", OTHER_CALL))).status_code == 403
        assert (await twilio.post("/twilio/call", _status("busy"))).status_code == 204
        with pytest.raises(ConnectionFailed, match="the line is busy"):
            await twilio.board.line()

    _play(play)


def test_there_is_an_end_to_what_is_told_of_a_call() -> None:
    async def play(twilio: Twilio) -> None:
        for place in range(256):
            await twilio.post("/twilio/call", _status("ringing", sequence=place))
        answer = await twilio.post("/twilio/call", _status("ringing", sequence=256))
        assert answer.status_code == 429

    _play(play)


def test_a_stream_that_begins_again_as_another_stays_what_it_was() -> None:
    async def play(twilio: Twilio) -> None:
        twilio.board.placed(CALL)
        async with twilio.dial() as socket:
            await _send(socket, _begin())
            line = await twilio.board.line()
            await _send(socket, _begin(OTHER_CALL)[1:])
            media = {"track": "inbound", "chunk": "1", "timestamp": "0", "payload": "/w=="}
            other = {"event": "media", "streamSid": "MZ" + "9" * 32, "media": media}
            await socket.send(json.dumps(other))
            await socket.close()
            came = [event async for event in line.events()]
            why = [event.why for event in came if isinstance(event, Ignored) and not event.known]
            assert ["second 'start'" in text for text in why] == [True, False]
            assert len(why) == 2
            twilio.board.close()

    _play(play)


@pytest.mark.parametrize(
    ("public", "signed_as"),
    [
        ("https://ours.example", "https://ours.example:443"),
        ("https://ours.example:8443", "https://ours.example"),
        ("https://ours.example:8443", "https://ours.example:8443"),
        ("https://ours.example:8443/tests", "https://ours.example/tests"),
        ("https://[2001:db8::1]:8443", "https://[2001:db8::1]"),
    ],
)
def test_an_address_may_be_signed_with_its_port_or_without(public: str, signed_as: str) -> None:
    async def play(twilio: Twilio) -> None:
        twilio.board.published(public)
        url = f"{signed_as}/twilio/voice"
        assert (await twilio.post("/twilio/voice", _call(), url=url)).status_code == 200
        stream = "ws" + f"{signed_as}/twilio/stream".removeprefix("http")
        signed = RequestValidator(TOKEN).compute_signature(stream, {})
        async with twilio.dial(signed=signed) as socket:
            await _send(socket, _begin())
            await twilio.board.line()
            twilio.board.close()

    _play(play)


@pytest.mark.parametrize(
    ("public", "signed_as"),
    [
        ("https://ours.example:8443", "https://ours.example:443"),
        ("https://ours.example", "https://ours.example:8443"),
        ("https://ours.example:8443", "https://ours.example:844"),
    ],
)
def test_another_port_is_another_address(public: str, signed_as: str) -> None:
    async def play(twilio: Twilio) -> None:
        twilio.board.published(public)
        url = f"{signed_as}/twilio/voice"
        assert (await twilio.post("/twilio/voice", _call(), url=url)).status_code == 403

    _play(play)


def test_a_body_that_comes_too_slowly_is_not_waited_for() -> None:
    async def drops() -> AsyncIterator[bytes]:
        for _ in range(1000):
            yield b"a"
            await asyncio.sleep(1)

    async def play(twilio: Twilio) -> None:
        began = asyncio.get_running_loop().time()
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(twilio.board.app), base_url="http://x"
        ) as client:
            assert (await client.post("/twilio/voice", content=drops())).status_code == 408
            many = "&".join(f"a{place}=" for place in range(1000))
            assert (await client.post("/twilio/voice", content=many)).status_code == 400
        assert asyncio.get_running_loop().time() - began < 12

    _play(play)
