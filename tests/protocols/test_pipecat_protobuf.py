"""Pipecat's protobuf frames, byte by byte as pipecat-ai 1.14.0 writes them."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicetest.audio.chunk import AudioChunk, AudioFormat, Encoding
from voicetest.errors import ProtocolError
from voicetest.events import (
    AgentTurnStarted,
    Audio,
    Cleared,
    Dtmf,
    Event,
    Interrupted,
    Ready,
    Text,
)
from voicetest.protocols.base import CannotSend, End
from voicetest.protocols.pipecat_protobuf import PipecatProtobuf
from voicetest.protocols.protobuf import read_fields, write_fields

# Made by ProtobufFrameSerializer.serialize; the interruption was sent by a running bot.
SOUND = bytes.fromhex(
    "1225080112154f7574707574417564696f5261774672616d6523301a040100ffff20c0bb012801"
)
STEREO = bytes.fromhex(
    "1224080212154f7574707574417564696f5261774672616d6523311a040100ffff20c03e2802"
)
INTERRUPTION = bytes.fromhex("2a1808a8061213496e74657272757074696f6e4672616d652330")
STARTED = bytes.fromhex(
    "22360a347b226c6162656c223a2022727476692d6169222c202274797065223a2022626f742d737461727465642d"
    "737065616b696e67227d"
)
WORDS = bytes.fromhex("0a140805120b546578744672616d6523301a0368c3a9")
TRANSCRIPTION = bytes.fromhex(
    "1a22080612145472616e736372697074696f6e4672616d6523301a0268692201752a0174"
)
# Made by frames_pb2 with a pts of 2 ** 40.
USER_SOUND = bytes.fromhex("12101a02010020807d280130808080808020")

PCM = b"\x01\x00\xff\xff"


def _sound(data: bytes, rate: int, channels: int = 1) -> Audio:
    return Audio(AudioChunk(data, AudioFormat(Encoding.PCM16, rate, channels)))


def _decoded(codec: PipecatProtobuf, *messages: bytes | str) -> list[Event]:
    return [event for message in messages for event in codec.decode(message).events]


def test_each_piece_of_sound_is_in_the_format_of_its_own_frame() -> None:
    codec = PipecatProtobuf(End.CLIENT)
    assert _decoded(codec, SOUND, STEREO) == [_sound(PCM, 24_000), _sound(PCM, 8_000, 2)]


def test_the_frames_a_bot_sends_are_decoded() -> None:
    codec = PipecatProtobuf(End.CLIENT)
    assert _decoded(codec, STARTED, INTERRUPTION) == [AgentTurnStarted(), Cleared()]


def test_a_callers_sound_is_what_the_bot_reads_without_the_fields_it_does_not_need() -> None:
    (written,) = PipecatProtobuf(End.CLIENT).encode(_sound(b"\1\0", 16_000))
    assert written == bytes.fromhex("12091a02010020807d2801")
    assert _decoded(PipecatProtobuf(End.SERVER), USER_SOUND) == [_sound(b"\1\0", 16_000)]


def test_a_bot_is_stopped_by_the_frame_with_which_it_says_that_it_stopped() -> None:
    (stop,) = PipecatProtobuf(End.CLIENT).encode(Interrupted(heard_s=0.5))
    assert stop == bytes.fromhex("2a00")
    assert _decoded(PipecatProtobuf(End.SERVER), stop) == [Interrupted()]


def test_an_interruption_that_a_bot_says_twice_is_heard_once() -> None:
    said = PipecatProtobuf(End.SERVER).encode(Cleared())
    assert len(said) == 2
    assert b'"bot-interrupted"' in said[1]
    assert _decoded(PipecatProtobuf(End.CLIENT), *said) == [Cleared()]


def test_frames_of_text_and_transcription_say_nothing() -> None:
    for end in End:
        assert _decoded(PipecatProtobuf(end), WORDS, TRANSCRIPTION, b"") == []


def test_both_ends_become_ready() -> None:
    client, bot = PipecatProtobuf(End.CLIENT), PipecatProtobuf(End.SERVER)
    (message,) = client.start()
    at_bot = bot.decode(message)
    (ready,) = at_bot.events
    assert isinstance(ready, Ready)
    assert (ready.speaks, ready.hears) == (client.speaks, client.hears)
    assert _decoded(client, *at_bot.replies) == [ready]
    assert Ready in client.receives & bot.receives
    assert Ready not in client.sends | bot.sends


def test_without_rtvi_there_is_only_sound_and_its_interruption() -> None:
    client, bot = PipecatProtobuf(End.CLIENT, rtvi=False), PipecatProtobuf(End.SERVER, rtvi=False)
    assert client.sends == bot.receives == {Audio, Interrupted}
    assert bot.sends == client.receives == {Audio, Cleared}
    assert client.start() == ()
    assert _decoded(client, STARTED) == []
    assert len(bot.encode(Cleared())) == 1
    with pytest.raises(CannotSend):
        client.encode(Text("Hi"))


def test_with_rtvi_the_caller_has_text_and_keys() -> None:
    client, bot = PipecatProtobuf(End.CLIENT), PipecatProtobuf(End.SERVER)
    said: list[Event] = [Text("Grüße 😀"), Dtmf("5")]
    messages = [message for event in said for message in client.encode(event)]
    assert _decoded(bot, *messages) == said


def test_rate_and_pace_are_what_they_were_set_to() -> None:
    codec = PipecatProtobuf(End.CLIENT, 8_000, paced=True)
    assert (codec.hears.rate, codec.speaks.rate) == (8_000, 24_000)
    assert (codec.paced, codec.continuous) == (True, True)
    assert not PipecatProtobuf(End.CLIENT).paced


def test_no_sound_is_no_message() -> None:
    assert PipecatProtobuf(End.CLIENT).encode(_sound(b"", 16_000)) == ()


def test_fields_that_are_not_known_are_skipped() -> None:
    fixed = bytes([0x39, *range(8), 0x3D, *range(4)])
    more = write_fields([(99, b"new"), (7, 1 << 63)])
    assert _decoded(PipecatProtobuf(End.CLIENT), fixed + more + SOUND + more) == [
        _sound(PCM, 24_000)
    ]


def _audio(**fields: int | bytes) -> bytes:
    numbers = {"data": 3, "rate": 4, "channels": 5}
    return write_fields([(2, write_fields((numbers[name], fields[name]) for name in fields))])


@pytest.mark.parametrize(
    ("message", "named"),
    [
        ('{"event": "connected"}', "text .*another serializer"),
        (SOUND[:-1], "cut short"),
        (b"\x12", "cut short"),
        (b"\x12\xff", "cut short"),
        (b"\x0b", "wire type 3"),
        (b"\x00\x00", "field number 0"),
        (b"\xff" * 11, "never ends"),
        (b"\x10\x05", "a frame is the number 5"),
        (_audio(data=PCM), "rate None and channels None"),
        (_audio(data=PCM, rate=0, channels=1), "rate 0"),
        (_audio(data=PCM, rate=b"16000", channels=1), "rate b'16000'"),
        (_audio(data=7, rate=16_000, channels=1), "is the number 7"),
        (write_fields([(4, b"")]), "no JSON"),
        (write_fields([(4, write_fields([(1, b"{")]))]), "no JSON"),
        (write_fields([(4, write_fields([(1, b"\xff")]))]), "no JSON"),
    ],
)
def test_what_is_no_frame_is_a_protocol_error(message: bytes | str, named: str) -> None:
    with pytest.raises(ProtocolError, match=named):
        PipecatProtobuf(End.CLIENT).decode(message)


@given(st.binary(max_size=64))
def test_any_bytes_are_a_frame_or_a_protocol_error(message: bytes) -> None:
    with suppress(ProtocolError):
        PipecatProtobuf(End.CLIENT).decode(message)


@given(st.lists(st.tuples(st.integers(1, 2**29 - 1), st.integers(0, 2**64 - 1) | st.binary())))
def test_fields_are_read_as_they_were_written(fields: list[tuple[int, int | bytes]]) -> None:
    assert list(read_fields(write_fields(fields))) == fields
