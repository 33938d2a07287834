"""The law of codecs: what one end encodes, the other end decodes to the same events."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.protocols.conversations import CODECS, EVENTS, conversation, sound_on
from voicetest.audio.chunk import AudioChunk
from voicetest.errors import ProtocolError
from voicetest.events import ALL_EVENTS, Audio, Event, Ignored, Leaving, Ready, ToolResult
from voicetest.protocols.base import CannotSend, Codec, End
from voicetest.protocols.in_process import InProcess

PADDING = {"openai_realtime"}
"""Those that lengthen a short turn with silence: there sound is compared without any."""


@pytest.fixture(params=CODECS, name="codec")
def _codec(request: pytest.FixtureRequest) -> Callable[[End], Codec[Any]]:
    return CODECS[request.param]


def test_every_event_of_the_vocabulary_takes_part_in_the_law() -> None:
    assert set(EVENTS) == ALL_EVENTS - {Leaving}  # a line's own word for a Hangup before it closes


def _joined(events: Iterable[Event]) -> list[Event]:
    """Adjacent sound in one piece; sound of no length is none, nor is what only says it again."""
    joined: list[Event] = []
    for event in events:
        last = joined[-1] if joined else None
        if isinstance(event, Ignored):
            assert event.known
        elif not isinstance(event, Audio):
            joined.append(event)
        elif isinstance(last, Audio):
            chunk = AudioChunk(last.chunk.data + event.chunk.data, event.chunk.format)
            joined[-1] = Audio(chunk)
        elif event.chunk.data:
            joined.append(event)
    return joined


def _without_silence(events: Iterable[Event]) -> list[Event]:
    """The same with all bytes of zero taken out of the sound."""
    kept: list[Event] = []
    for event in events:
        if isinstance(event, Audio):
            sound = event.chunk.data.replace(b"\0", b"")
            event = Audio(AudioChunk(sound + b"\0" * (len(sound) % 2)))
        kept.append(event)
    return kept


def _begin(mine: Codec[Any], peer: Codec[Any]) -> dict[Codec[Any], list[Event]]:
    """Exchange what opens a conversation; what each end heard of it."""
    heard: dict[Codec[Any], list[Event]] = {mine: [], peer: []}
    waiting = [(peer, m) for m in mine.start()] + [(mine, m) for m in peer.start()]
    while waiting:
        reader, message = waiting.pop(0)
        decoded = reader.decode(message)
        heard[reader] += decoded.events
        waiting += [(peer if reader is mine else mine, reply) for reply in decoded.replies]
    return heard


@pytest.mark.parametrize("end", End)
def test_what_one_end_sends_the_other_receives(
    codec: Callable[[End], Codec[Any]], end: End
) -> None:
    assert codec(end).sends == codec(end.other).receives - {Ready}
    assert codec(end).speaks == codec(end.other).speaks
    assert codec(end).hears == codec(end.other).hears


@pytest.mark.parametrize("end", End)
@pytest.mark.parametrize("name", CODECS)
@settings(max_examples=25)
@given(data=st.data())
def test_decoding_at_the_other_end_gives_the_same_events(
    name: str, end: End, data: st.DataObject
) -> None:
    mine, peer = CODECS[name](end), CODECS[name](end.other)
    assert (mine.end, peer.end) == (end, end.other)
    opened = _begin(mine, peer)
    said = data.draw(conversation(name, mine))
    messages = [message for event in said for message in mine.encode(event)]
    heard = [event for message in messages for event in peer.decode(message).events]
    if name in PADDING:
        said, heard = _without_silence(said), _without_silence(heard)
    assert _joined(heard) == _joined(said)
    for codec, events in opened.items():
        assert [type(event) for event in events] == [Ready] * (Ready in codec.receives)


@given(data=st.data())
def test_sound_cut_anywhere_is_decoded_to_the_same_samples(data: st.DataObject) -> None:
    for build in (CODECS["raw_pcm"], CODECS["raw_pcm in stereo"]):
        mine, peer = build(End.CLIENT), build(End.SERVER)
        said = data.draw(st.lists(sound_on(mine.hears), max_size=8))
        wire = b"".join(message for event in said for message in mine.encode(event))
        cuts = sorted(data.draw(st.lists(st.integers(0, len(wire)), max_size=6)))
        pieces = [wire[a:b] for a, b in pairwise([0, *cuts, len(wire)])]
        heard = [event for piece in pieces for event in peer.decode(piece).events]
        assert _joined(heard) == _joined(said)


@pytest.mark.parametrize("end", End)
@given(data=st.data())
def test_an_event_outside_sends_is_refused(end: End, data: st.DataObject) -> None:
    for build in CODECS.values():
        mine = build(end)
        for kind in ALL_EVENTS - mine.sends - {Ready, Leaving}:
            with pytest.raises(CannotSend, match=kind.__name__):
                mine.encode(data.draw(EVENTS[kind]))


def test_an_impossible_message_of_the_peer_is_a_protocol_error() -> None:
    with pytest.raises(ProtocolError, match="ToolResult"):
        InProcess(End.CLIENT).decode(ToolResult("1", "2"))
