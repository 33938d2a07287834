"""The wire of the json_audio preset, frame by frame as it is documented."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.protocols.garbage import HUGE, NOT_OBJECTS, mutated, survives
from tests.protocols.spoken import heard, spoken
from voicetest.audio.chunk import AudioChunk, AudioFormat, Encoding
from voicetest.errors import ProtocolError
from voicetest.events import (
    AgentTurnEnded,
    Audio,
    Cleared,
    Dtmf,
    Event,
    Failed,
    Ignored,
    Interrupted,
    Mark,
    Text,
    ToolCalled,
    ToolCancelled,
    ToolResult,
    Transcript,
    TranscriptDelta,
    UserTurnEnded,
)
from voicetest.protocols.base import CannotSend, End
from voicetest.protocols.json_audio import JsonAudio
from voicetest.protocols.mapped import Mapped

SOUND = AudioChunk(b"\x01\x00\xff\xff")

# From the documentation of the preset.
OF_CALLER: list[tuple[Event, str]] = [
    (Audio(SOUND), '{"type":"audio","audio":"AQD//w==","sample_rate":24000}'),
    (UserTurnEnded(), '{"type":"commit"}'),
    (Interrupted(), '{"type":"cancel","heard_ms":null}'),
    (Interrupted(heard_s=1.5), '{"type":"cancel","heard_ms":1500}'),
    (Dtmf("#"), '{"type":"dtmf","key":"#"}'),
    (Text("hi"), '{"type":"text","text":"hi"}'),
    (
        ToolResult("c", '{"status":"on its way"}'),
        '{"type":"tool_result","id":"c","result":{"status":"on its way"},"failed":false}',
    ),
    (
        ToolResult("c", "out of order", failed=True),
        '{"type":"tool_result","id":"c","result":"out of order","failed":true}',
    ),
]
OF_AGENT: list[tuple[Event, str]] = [
    (Audio(SOUND), '{"type":"audio","audio":"AQD//w=="}'),
    (
        Transcript("agent", "Hello."),
        '{"type":"transcript","role":"assistant","text":"Hello.","final":true}',
    ),
    (
        TranscriptDelta("agent", "Hel"),
        '{"type":"transcript","role":"assistant","text":"Hel","final":false}',
    ),
    (
        Transcript("user", "Where?"),
        '{"type":"transcript","role":"user","text":"Where?","final":true}',
    ),
    (AgentTurnEnded(), '{"type":"turn_end"}'),
    (
        ToolCalled("c", "find", '{"n":"1"}'),
        '{"type":"tool_call","id":"c","name":"find","arguments":{"n":"1"}}',
    ),
    (ToolCancelled("c"), '{"type":"tool_cancelled","id":"c"}'),
    (Cleared(), '{"type":"interrupted"}'),
]
ERROR = '{"type":"error","message":"out of order"}'


def _caller() -> Mapped:
    return JsonAudio().codec(End.CLIENT)


def _agent() -> Mapped:
    return JsonAudio().codec(End.SERVER)


@pytest.mark.parametrize(("event", "message"), OF_CALLER)
def test_what_the_caller_says_is_what_is_documented(event: Event, message: str) -> None:
    assert list(_caller().encode(event)) == [message]
    assert heard(_agent(), message) == [event]


@pytest.mark.parametrize(("event", "message"), OF_AGENT)
def test_what_the_agent_says_is_what_is_documented(event: Event, message: str) -> None:
    assert list(_agent().encode(event)) == [message]
    assert heard(_caller(), message) == [event]


def test_an_error_of_the_agent_has_a_message() -> None:
    assert heard(_caller(), ERROR) == [Failed("error", "out of order")]
    assert list(_agent().encode(Failed("500", "out of order"))) == [ERROR]


def test_every_event_of_the_protocol_is_documented() -> None:
    assert {type(event) for event, _ in OF_CALLER} == _caller().sends == _agent().receives
    assert {type(event) for event, _ in OF_AGENT} | {Failed} == _agent().sends
    assert _caller().receives == _agent().sends
    with pytest.raises(CannotSend, match="Mark"):
        _caller().encode(Mark("m"))


def test_the_words_of_the_user_are_told_only_when_they_are_final() -> None:
    part = '{"type":"transcript","role":"user","text":"Whe","final":false}'
    (ignored,) = heard(_caller(), part)
    assert isinstance(ignored, Ignored)
    assert ignored.shape == "{type: transcript, role: user, final: false, text: …}"


def test_a_caller_may_say_cancel_without_how_much_was_heard() -> None:
    assert heard(_agent(), '{"type":"cancel"}') == [Interrupted()]


def test_nothing_has_to_be_said_before_the_first_sample() -> None:
    assert list(_caller().start()) == list(_agent().start()) == []


def test_no_sound_is_no_message_and_an_empty_message_is_no_sound() -> None:
    assert list(_caller().encode(Audio(AudioChunk(b"")))) == []
    assert heard(_caller(), '{"type":"audio","audio":""}') == []


def test_half_a_sample_waits_for_the_next_message() -> None:
    pieces = [base64.b64encode(piece).decode() for piece in (b"\x01", b"\x00\xff", b"\xff")]
    messages = [json.dumps({"type": "audio", "audio": piece}) for piece in pieces]
    messages.insert(1, '{"type":"turn_end"}')
    assert heard(_caller(), *messages) == [
        AgentTurnEnded(),
        Audio(AudioChunk(b"\x01\x00")),
        Audio(AudioChunk(b"\xff\xff")),
    ]


@pytest.mark.parametrize("encoding", ["mulaw", "alaw"])
def test_the_settings_say_how_samples_are_written_and_at_which_rate(encoding: str) -> None:
    settings = spoken(
        f"protocol: {{preset: json_audio, encoding: {encoding}, rate: 8000, paced: true, "
        "silence: false}"
    )
    assert isinstance(settings, JsonAudio)
    codec = settings.codec(End.CLIENT)
    wire = AudioFormat(Encoding(encoding), 8_000)
    assert codec.hears == codec.speaks == wire
    assert (codec.paced, codec.continuous) == (True, False)
    (message,) = codec.encode(Audio(AudioChunk(b"\xff", wire)))
    assert json.loads(message)["sample_rate"] == 8_000
    assert heard(codec, '{"type":"audio","audio":"/w=="}') == [Audio(AudioChunk(b"\xff", wire))]


def test_by_default_the_line_is_live_and_not_paced() -> None:
    assert (_caller().paced, _caller().continuous) == (False, True)


def test_twenty_megabytes_at_once_are_one_piece_of_sound() -> None:
    sound = base64.b64encode(bytes(15_000_000)).decode()
    (event,) = heard(_caller(), f'{{"type":"audio","audio":"{sound}"}}')
    assert isinstance(event, Audio)
    assert event.chunk.frames == 7_500_000


@pytest.mark.parametrize(
    ("message", "fault"),
    [
        *((text, "the peer sent") for text in NOT_OBJECTS),
        ('{"type":"audio","audio":5}', "something else than a text where sound is expected"),
        ('{"type":"audio","audio":["AA=="]}', "something else than a text"),
        ('{"type":"audio","audio":"%%%"}', "sound that is no base64"),
        ('{"type":"audio","audio":"AQD//w"}', "sound that is no base64"),
    ],
)
@pytest.mark.parametrize("end", End)
def test_what_the_protocol_does_not_allow_is_the_peers_fault(
    end: End, message: bytes | str, fault: str
) -> None:
    if end is End.SERVER and isinstance(message, str):
        message = message.replace('"type"', '"sample_rate":24000,"type"')
    with pytest.raises(ProtocolError, match=fault):
        JsonAudio().codec(end).decode(message)


def test_sound_that_is_null_is_no_sound() -> None:
    (ignored,) = heard(_caller(), '{"type":"audio","audio":null}')
    assert isinstance(ignored, Ignored)
    assert "'audio' is null there" in ignored.why


@pytest.mark.parametrize("data", [b"\0\0", b"", b"\xff\xfe{"])
@pytest.mark.parametrize("end", End)
def test_samples_that_are_not_in_json_say_how_to_hear_them(end: End, data: bytes) -> None:
    (ignored,) = heard(JsonAudio().codec(end), data)
    assert isinstance(ignored, Ignored)
    assert ignored.shape == "a binary message"
    assert "{type: audio, audio: <audio>" in ignored.why
    assert "write 'audio: binary'" in ignored.why


def test_the_protocol_may_come_in_binary_frames() -> None:
    assert heard(_caller(), ERROR.encode()) == [Failed("error", "out of order")]


@pytest.mark.parametrize("message", HUGE)
@pytest.mark.parametrize("end", End)
def test_messages_out_of_all_proportion_are_survived(end: End, message: str) -> None:
    survives(JsonAudio().codec(end), message)


@pytest.mark.parametrize("end", End)
@given(messages=st.lists(st.text() | st.binary() | mutated([m for _, m in OF_CALLER + OF_AGENT])))
def test_no_message_does_more_than_break_the_protocol(
    end: End, messages: list[bytes | str]
) -> None:
    codec = JsonAudio().codec(end)
    for message in messages:
        survives(codec, message)
