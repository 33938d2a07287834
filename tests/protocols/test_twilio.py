"""Media streams, message by message as Twilio documents them ("WebSocket Messages")."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.protocols.garbage import HUGE, NOT_OBJECTS, mutated, survives
from tests.protocols.spoken import heard
from voicetest.audio.chunk import AudioChunk
from voicetest.errors import ProtocolError
from voicetest.events import (
    Audio,
    Cleared,
    Dtmf,
    Event,
    Hangup,
    Ignored,
    Interrupted,
    Mark,
    Ready,
    UserTurnEnded,
)
from voicetest.protocols.base import CannotSend, End
from voicetest.protocols.twilio import TELEPHONE, MediaStream, Started

STREAM = "MZ18ad3ab5a668481ce02b83e7395059f0"
CALL = "CA8d3f3ab5a668481ce02b83e7395059f0"
ACCOUNT = "AC00000000000000000000000000000000"

# From Twilio's documentation, the sound shortened.
CONNECTED = '{"event":"connected","protocol":"Call","version":"1.0.0"}'
START = (
    f'{{"event":"start","sequenceNumber":"1","streamSid":"{STREAM}","start":{{'
    f'"accountSid":"{ACCOUNT}","streamSid":"{STREAM}","callSid":"{CALL}","tracks":["inbound"],'
    '"customParameters":{"run":"r1"},'
    '"mediaFormat":{"encoding":"audio/x-mulaw","sampleRate":8000,"channels":1}}}'
)
MEDIA = (
    f'{{"event":"media","sequenceNumber":"3","streamSid":"{STREAM}",'
    '"media":{"track":"inbound","chunk":"1","timestamp":"20","payload":"f/9+"}}'
)
DTMF = (
    f'{{"event":"dtmf","sequenceNumber":"5","streamSid":"{STREAM}",'
    '"dtmf":{"track":"inbound_track","digit":"1"}}'
)
MARK = f'{{"event":"mark","sequenceNumber":"4","streamSid":"{STREAM}","mark":{{"name":"m1"}}}}'
STOP = (
    f'{{"event":"stop","sequenceNumber":"9","streamSid":"{STREAM}",'
    f'"stop":{{"accountSid":"{ACCOUNT}","callSid":"{CALL}"}}}}'
)
TO_TWILIO_MEDIA = f'{{"event":"media","streamSid":"{STREAM}","media":{{"payload":"f/9+"}}}}'
TO_TWILIO_MARK = f'{{"event":"mark","streamSid":"{STREAM}","mark":{{"name":"m1"}}}}'
TO_TWILIO_CLEAR = f'{{"event":"clear","streamSid":"{STREAM}"}}'

SOUND = Audio(AudioChunk(b"\x7f\xff\x7e", TELEPHONE))
FRAME = Audio(AudioChunk(b"\xff" * 160, TELEPHONE))
UTTERANCE_END = '"mark":{"name":"utterance_end"}'


def _caller(**settings: Any) -> MediaStream:
    return MediaStream(End.CLIENT, stream_sid=STREAM, call_sid=CALL, **settings)


def _agent(**settings: Any) -> MediaStream:
    """The agent's end of a stream that has started."""
    agent = MediaStream(End.SERVER, **settings)
    assert heard(agent, CONNECTED, START) == [Ready(STREAM, TELEPHONE, TELEPHONE)]
    return agent


def _sent(codec: MediaStream, *events: Event) -> list[dict[str, Any]]:
    return [json.loads(message) for event in events for message in codec.encode(event)]


def test_a_stream_is_opened_as_it_is_documented() -> None:
    caller = _caller(parameters={"run": "r1"})
    connected, start = (json.loads(message) for message in caller.start())
    assert connected == json.loads(CONNECTED)
    account = start["start"]["accountSid"]
    assert start == json.loads(START.replace(ACCOUNT, account))
    assert list(MediaStream(End.SERVER).start()) == []


def test_names_are_random_where_none_is_given() -> None:
    starts = [json.loads(MediaStream(End.CLIENT).start()[1]) for _ in range(2)]
    for key, prefix in (("streamSid", "MZ"), ("callSid", "CA"), ("accountSid", "AC")):
        one, other = (start["start"][key] for start in starts)
        assert re.fullmatch(prefix + "[0-9a-f]{32}", one)
        assert one != other
    assert starts[0]["streamSid"] == starts[0]["start"]["streamSid"]


@pytest.mark.parametrize(
    ("message", "events"),
    [
        (CONNECTED, []),
        (MEDIA, [SOUND]),
        (DTMF, [Dtmf("1")]),
        (MARK, [Mark("m1")]),
        (STOP, [Hangup()]),
    ],
)
def test_the_agents_end_understands_what_twilio_sends(message: str, events: list[Event]) -> None:
    assert heard(_agent(), message) == events


@pytest.mark.parametrize(
    ("message", "event"),
    [(TO_TWILIO_MEDIA, SOUND), (TO_TWILIO_MARK, Mark("m1")), (TO_TWILIO_CLEAR, Cleared())],
)
def test_the_agents_end_says_what_twilio_takes_and_the_telephone_understands_it(
    message: str, event: Event
) -> None:
    assert list(_agent().encode(event)) == [message]
    assert heard(_caller(), message) == [event]


def test_the_telephone_says_what_is_documented_and_counts_in_texts() -> None:
    caller = _caller()
    caller.start()
    media, mark, dtmf, stop = _sent(caller, SOUND, Mark("m1"), Dtmf("1"), Hangup(reason="done"))
    documented = [json.loads(message) for message in (MEDIA, MARK, DTMF, STOP)]
    documented[0]["media"]["timestamp"] = "0"
    documented[3]["stop"]["accountSid"] = stop["stop"]["accountSid"]
    for number, message in zip("2345", documented, strict=True):
        message["sequenceNumber"] = number
    assert [media, mark, dtmf, stop] == documented


def test_each_piece_of_sound_has_its_number_and_its_place_in_milliseconds() -> None:
    caller = _caller()
    caller.start()
    tenth = Audio(AudioChunk(b"\xff" * 801, TELEPHONE))
    nothing = Audio(AudioChunk(b"", TELEPHONE))
    sent = _sent(caller, FRAME, FRAME, nothing, Mark("m"), tenth, FRAME, FRAME)
    media = [message["media"] for message in sent if message["event"] == "media"]
    assert [piece["chunk"] for piece in media] == ["1", "2", "3", "4", "5"]
    assert [piece["timestamp"] for piece in media] == ["0", "20", "40", "140", "160"]
    assert [message["sequenceNumber"] for message in sent] == ["2", "3", "4", "5", "6", "7"]


@given(stream=st.text(), sounds=st.lists(st.binary(min_size=1, max_size=330), min_size=1))
def test_sound_is_written_as_a_json_encoder_would_write_it(
    stream: str, sounds: list[bytes]
) -> None:
    caller = MediaStream(End.CLIENT, stream_sid=stream)
    agent = MediaStream(End.SERVER)
    for message in caller.start():
        agent.decode(message)
    for codec in (caller, agent):
        for data in sounds:
            (written,) = codec.encode(Audio(AudioChunk(data, TELEPHONE)))
            message = json.loads(written)
            assert written == json.dumps(message, separators=(",", ":"), ensure_ascii=False)
            assert message["streamSid"] == stream
            assert base64.b64decode(message["media"]["payload"]) == data


def test_what_each_end_may_say_is_what_the_other_hears() -> None:
    assert _caller().sends == {Audio, Dtmf, Mark, Hangup}
    assert _caller().receives == MediaStream(End.SERVER).sends == {Audio, Mark, Cleared}
    assert MediaStream(End.SERVER).receives == _caller().sends | {Ready}
    for event in (Interrupted(), UserTurnEnded(), Cleared()):
        with pytest.raises(CannotSend):
            _caller().encode(event)
    with pytest.raises(CannotSend):
        _agent().encode(Dtmf("1"))


def test_the_line_is_a_live_telephone() -> None:
    assert _caller().speaks == _caller().hears == TELEPHONE
    assert (_caller().continuous, _caller().paced, _caller(paced=True).paced) == (True, False, True)


def test_the_agents_end_says_nothing_before_it_knows_the_stream() -> None:
    agent = MediaStream(End.SERVER)
    heard(agent, CONNECTED)
    with pytest.raises(CannotSend, match="the stream has not started"):
        agent.encode(SOUND)


def test_a_mark_ends_the_users_turn_where_that_is_agreed() -> None:
    caller = _caller(utterance_ends=True)
    caller.start()
    (message,) = caller.encode(UserTurnEnded())
    assert UTTERANCE_END in message
    assert heard(_agent(utterance_ends=True), message) == [UserTurnEnded()]
    assert heard(_agent(), message) == [Mark("utterance_end")]
    assert UserTurnEnded in _agent(utterance_ends=True).receives
    assert heard(caller, TO_TWILIO_MARK.replace("m1", "utterance_end")) == [Mark("utterance_end")]


def test_binary_messages_are_sound_where_they_are_accepted() -> None:
    assert heard(_caller(binary=True), b"\x7f\xff\x7e", b"", TO_TWILIO_MEDIA) == [SOUND, SOUND]
    with pytest.raises(ProtocolError, match="3 bytes where JSON text is expected"):
        _caller().decode(b"\x7f\xff\x7e")


def test_the_agent_hears_only_the_track_of_its_caller() -> None:
    agent = _agent()
    assert heard(agent, MEDIA.replace('"inbound"', '"outbound"')) == []
    assert heard(agent, MEDIA.replace('"track":"inbound",', "")) == [SOUND]


def test_the_telephone_plays_whatever_track_the_agent_writes() -> None:
    message = TO_TWILIO_MEDIA.replace('"media":{', '"media":{"track":"outbound",')
    assert heard(_caller(), message) == [SOUND]


def test_what_the_telephone_says_of_a_stream_is_known_once_it_has_begun() -> None:
    agent = MediaStream(End.SERVER)
    assert agent.started is None
    start = json.loads(START)
    start["start"]["customParameters"] = {"key": "value", "odd": 1}
    heard(agent, CONNECTED, json.dumps(start))
    assert agent.started == Started(STREAM, start["start"]["callSid"], ACCOUNT, {"key": "value"})


@pytest.mark.parametrize("parameters", [None, [], "x"])
def test_parameters_that_are_none_are_no_fault(parameters: Any) -> None:
    agent = MediaStream(End.SERVER)
    start = json.loads(START)
    start["start"]["customParameters"] = parameters
    heard(agent, json.dumps(start))
    assert agent.started is not None
    assert agent.started.parameters == {}


def test_a_stream_may_be_named_by_its_start_alone() -> None:
    start = {"event": "start", "start": {"streamSid": STREAM, "callSid": CALL}}
    agent = MediaStream(End.SERVER)
    assert heard(agent, json.dumps(start)) == [Ready(STREAM, TELEPHONE, TELEPHONE)]
    assert heard(agent, MEDIA) == [SOUND]


@pytest.mark.parametrize(
    ("message", "fault"),
    [
        (TO_TWILIO_MEDIA.replace("MZ18", "MZ99"), f"'media' for 'MZ99.*where '{STREAM}' is"),
        ('{"event":"clear"}', f"'clear' for no stream where '{STREAM}' is expected"),
        ('{"event":"clear","streamSid":5}', "'clear' for no stream where"),
        (f'{{"event":"media","streamSid":"{STREAM}"}}', "'media' without its fields"),
        (f'{{"event":"media","streamSid":"{STREAM}","media":[]}}', "'media' without its fields"),
        (f'{{"event":"media","streamSid":"{STREAM}","media":{{}}}}', "something else than a text"),
        (TO_TWILIO_MEDIA.replace('"f/9+"', "5"), "something else than a text where sound is"),
        (TO_TWILIO_MEDIA.replace("f/9+", "f/9"), "sound that is no base64"),
        (f'{{"event":"mark","streamSid":"{STREAM}"}}', "'mark' without its fields"),
        (TO_TWILIO_MARK.replace('"m1"', "null"), "'mark' without a text as its 'name'"),
        (TO_TWILIO_MARK.replace('"m1"', "7"), "'mark' without a text as its 'name'"),
        *((text, "the peer sent (text that is no JSON|JSON that is no)") for text in NOT_OBJECTS),
        (b"", "0 bytes where JSON text is expected"),
    ],
)
def test_what_an_agent_may_not_send_is_its_fault(message: bytes | str, fault: str) -> None:
    with pytest.raises(ProtocolError, match=fault):
        _caller().decode(message)


@pytest.mark.parametrize(
    ("message", "fault"),
    [
        (MEDIA.replace("MZ18", "MZ99"), f"'media' for 'MZ99.*where '{STREAM}' is expected"),
        (DTMF.replace('"1"', "1"), "'dtmf' without a text as its 'digit'"),
        (DTMF.replace('"dtmf":{', '"keys":{'), "'dtmf' without its fields"),
        ('{"event":"start"}', "'start' without its fields"),
        ('{"event":"start","start":{"streamSid":"MZ1"}}', "no streamSid and callSid"),
    ],
)
def test_what_a_telephone_may_not_send_is_its_fault(message: str, fault: str) -> None:
    with pytest.raises(ProtocolError, match=fault):
        _agent().decode(message)


def test_sound_before_the_start_is_a_fault() -> None:
    with pytest.raises(ProtocolError, match="where 'start' is expected"):
        MediaStream(End.SERVER).decode(MEDIA)


def test_a_fault_is_told_in_one_line_however_long_the_message() -> None:
    with pytest.raises(ProtocolError) as caught:
        _caller().decode(json.dumps({"event": "e\n" * 99_999, "streamSid": "s" * 99_999}))
    assert len(str(caught.value)) < 250
    assert str(caught.value).isprintable()


def test_messages_without_a_meaning_are_ignored_and_named() -> None:
    unknown = json.dumps({"event": "e0", "streamSid": STREAM})
    assert heard(_caller(), '{"type": "hello"}', unknown) == [
        Ignored("{type: hello}", "have no 'event'"),
        Ignored("{event: e0, streamSid: …}", "are none that an agent on a media stream sends"),
    ]
    (ignored,) = heard(_agent(), unknown)
    assert ignored == Ignored("{event: e0, streamSid: …}", "are none that Twilio sends")


def test_json_in_binary_frames_is_no_sound() -> None:
    assert heard(_caller(binary=True), TO_TWILIO_MEDIA.encode()) == [SOUND]
    assert heard(_caller(), TO_TWILIO_MEDIA.encode()) == [SOUND]


@pytest.mark.parametrize("event", ["dtmf", "stop", "start"])
def test_an_agent_does_not_say_what_only_the_telephone_says(event: str) -> None:
    message = json.dumps({"event": event, "streamSid": STREAM, event: {"digit": "1"}})
    (ignored,) = heard(_caller(), message)
    assert isinstance(ignored, Ignored)


def test_twenty_megabytes_at_once_are_one_piece_of_sound() -> None:
    sound = base64.b64encode(bytes(15_000_000)).decode()
    (event,) = heard(_caller(), TO_TWILIO_MEDIA.replace("f/9+", sound))
    assert isinstance(event, Audio)
    assert event.chunk.frames == 15_000_000


@pytest.mark.parametrize("message", HUGE)
@pytest.mark.parametrize("codec", [_caller, _agent, lambda: MediaStream(End.SERVER)])
def test_messages_out_of_all_proportion_are_survived(codec: Any, message: str) -> None:
    survives(codec(), message)


DOCUMENTED = [CONNECTED, START, MEDIA, DTMF, MARK, STOP]
DOCUMENTED += [TO_TWILIO_MEDIA, TO_TWILIO_MARK, TO_TWILIO_CLEAR]


@pytest.mark.parametrize("codec", [_caller, _agent, lambda: MediaStream(End.SERVER)])
@given(messages=st.lists(st.text() | st.binary() | mutated(DOCUMENTED)))
def test_no_message_does_more_than_break_the_protocol(
    codec: Any, messages: list[bytes | str]
) -> None:
    stream = codec()
    for message in messages:
        survives(stream, message)


def test_what_the_telephone_says_itself_is_a_track_of_its_own() -> None:
    telephone = MediaStream(End.CLIENT, tracks=("inbound", "outbound"), account_sid="AC" + "1" * 32)
    server = MediaStream(End.SERVER)
    start = json.loads(telephone.start()[1])["start"]
    assert (start["tracks"], start["accountSid"]) == (["inbound", "outbound"], "AC" + "1" * 32)
    for message in telephone.start():
        server.decode(message)
    frame = AudioChunk(b"\x20" * 160, TELEPHONE)
    sent = [*telephone.encode(Audio(frame)), *telephone.outbound(frame), *telephone.outbound(frame)]
    media = [json.loads(message)["media"] for message in sent]
    assert [(m["track"], m["chunk"], m["timestamp"]) for m in media] == [
        ("inbound", "1", "0"),
        ("outbound", "1", "0"),
        ("outbound", "2", "20"),
    ]
    assert [server.decode(message).events for message in sent] == [(Audio(frame),), (), ()]
