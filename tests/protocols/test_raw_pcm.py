"""The wire of the raw_pcm preset, frame by frame as it is documented."""

from __future__ import annotations

import pytest

from voicetest.audio.chunk import AudioChunk, AudioFormat, Encoding
from voicetest.events import Audio, Event, Ignored, Interrupted, UserTurnEnded
from voicetest.protocols.base import CannotSend, End
from voicetest.protocols.raw_pcm import RawPcm

# From the documentation of the preset: binary is PCM16 little-endian, text is JSON.
FRAME = b"\x01\x00\xff\xff\x00\x80"
END_OF_TURN = '{"type": "end_of_turn"}'
INTERRUPT = '{"type": "interrupt"}'


def _decoded(codec: RawPcm, *messages: bytes | str) -> list[Event]:
    return [event for message in messages for event in codec.decode(message).events]


def _samples(codec: RawPcm, *messages: bytes | str) -> list[list[int]]:
    events = _decoded(codec, *messages)
    return [e.chunk.samples().tolist() for e in events if isinstance(e, Audio)]


@pytest.mark.parametrize("end", End)
def test_a_binary_message_is_samples_and_nothing_else(end: End) -> None:
    assert _samples(RawPcm(end), FRAME) == [[1, -1, -32_768]]
    assert RawPcm(end).encode(Audio(AudioChunk(FRAME))) == (FRAME,)
    assert RawPcm(end).start() == ()


def test_the_events_of_the_caller_are_json() -> None:
    caller = RawPcm(End.CLIENT, events=True)
    assert caller.encode(UserTurnEnded()) == (END_OF_TURN,)
    assert caller.encode(Interrupted(item="1", heard_s=0.5)) == (INTERRUPT,)
    agent = RawPcm(End.SERVER, events=True)
    assert _decoded(agent, END_OF_TURN, INTERRUPT) == [UserTurnEnded(), Interrupted()]
    assert _decoded(agent, '{"type":"end_of_turn","at":1.5}') == [UserTurnEnded()]


def test_without_events_there_is_only_sound() -> None:
    for end in End:
        assert RawPcm(end).sends == RawPcm(end).receives == {Audio}
    with pytest.raises(CannotSend):
        RawPcm(End.CLIENT).encode(UserTurnEnded())
    (ignored,) = _decoded(RawPcm(End.SERVER), INTERRUPT)
    assert isinstance(ignored, Ignored)


def test_an_odd_byte_waits_for_the_next_message() -> None:
    codec = RawPcm(End.CLIENT)
    assert _samples(codec, b"\x01", b"\x00\x02", b"", b"\x00\x03\x00") == [[1], [2, 3]]


def test_a_text_between_two_halves_of_a_sample_does_not_shift_the_sound() -> None:
    codec = RawPcm(End.CLIENT)
    assert _samples(codec, b"\x01\x00\x02", '{"type": "state"}', b"\x00") == [[1], [2]]


def test_a_stereo_sample_is_four_bytes() -> None:
    codec = RawPcm(End.CLIENT, 48_000, channels=2)
    assert _decoded(codec, b"\1\2\3") == []
    (event,) = _decoded(codec, b"\4\5")
    assert event == Audio(AudioChunk(b"\1\2\3\4", AudioFormat(Encoding.PCM16, 48_000, 2)))


def test_a_telephones_sample_is_one_byte() -> None:
    (event,) = _decoded(RawPcm(End.CLIENT, 8_000, Encoding.MULAW), b"\xff")
    assert event == Audio(AudioChunk(b"\xff", AudioFormat(Encoding.MULAW, 8_000)))


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("hello", "the text 'hello'"),
        ("", "an empty text"),
        ("null", "a JSON value that is no object"),
        ('["type"]', "a JSON list"),
        ('{"type": 5}', "{type: …}"),
        ('{"type": "transcript", "text": "hi"}', "{type: transcript, text: …}"),
        ("[" * 100_000, "a text that is no JSON"),
        ("9" * 10_000, "a text that is no JSON"),
    ],
)
def test_text_without_meaning_is_ignored_and_named(text: str, named: str) -> None:
    (ignored,) = _decoded(RawPcm(End.CLIENT, events=True), text)
    assert isinstance(ignored, Ignored)
    assert ignored.shape == named
    assert "sound in binary messages" in ignored.why


def test_json_in_a_binary_frame_is_no_sound_and_shifts_none() -> None:
    agent = RawPcm(End.SERVER, events=True)
    assert _decoded(agent, END_OF_TURN.encode()) == [UserTurnEnded()]
    first, ignored, second = _decoded(RawPcm(End.CLIENT), b"\1\0\2", b'{"type":"ping"}', b"\0")
    assert isinstance(ignored, Ignored)
    assert (first, second) == (Audio(AudioChunk(b"\1\0")), Audio(AudioChunk(b"\2\0")))


def test_no_sound_is_no_message_and_an_empty_message_is_no_sound() -> None:
    assert RawPcm(End.CLIENT).encode(Audio(AudioChunk(b""))) == ()
    assert _decoded(RawPcm(End.CLIENT), b"", b"") == []


def test_a_very_long_message_is_one_piece_of_sound() -> None:
    (event,) = _decoded(RawPcm(End.CLIENT), bytes(10_000_000))
    assert isinstance(event, Audio)
    assert event.chunk.frames == 5_000_000


def test_pace_and_liveness_are_what_they_were_set_to() -> None:
    assert (RawPcm(End.CLIENT).paced, RawPcm(End.CLIENT).continuous) == (False, True)
    assert RawPcm(End.CLIENT, paced=True).paced
    assert not RawPcm(End.CLIENT, continuous=False).continuous
