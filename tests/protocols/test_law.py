"""The law of codecs: what one end encodes, the other end decodes to the same events."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicetest.audio.chunk import AudioChunk
from voicetest.errors import ProtocolError
from voicetest.events import (
    ALL_EVENTS,
    AgentTurnEnded,
    AgentTurnStarted,
    Audio,
    Cleared,
    Dtmf,
    Event,
    Failed,
    Hangup,
    Interrupted,
    Mark,
    Ping,
    Pong,
    Ready,
    ReplyRequested,
    Status,
    Text,
    ToolCalled,
    ToolCancelled,
    ToolResult,
    Transcript,
    TranscriptDelta,
    UserTurnEnded,
    UserTurnStarted,
    Warned,
)
from voicetest.protocols.base import CannotSend, Codec, End
from voicetest.protocols.in_process import InProcess

CODECS: dict[str, Callable[[End], Codec[Any]]] = {
    "in_process": InProcess,
    "in_process paced": lambda end: InProcess(end, paced=True),
}

text = st.text(min_size=1, max_size=20)
sound = st.binary(max_size=64).map(lambda data: AudioChunk(data[: len(data) // 2 * 2]))
EVENTS: dict[type[Event], st.SearchStrategy[Event]] = {
    Ready: st.builds(Ready),
    Audio: st.builds(Audio, chunk=sound),
    Text: st.builds(Text, text=text),
    ReplyRequested: st.builds(ReplyRequested),
    UserTurnStarted: st.builds(UserTurnStarted),
    UserTurnEnded: st.builds(UserTurnEnded),
    AgentTurnStarted: st.builds(AgentTurnStarted),
    AgentTurnEnded: st.builds(AgentTurnEnded, reason=st.sampled_from(["", "interrupted"])),
    TranscriptDelta: st.builds(TranscriptDelta, by=st.just("agent"), text=text),
    Transcript: st.builds(Transcript, by=st.sampled_from(["user", "agent"]), text=text),
    Interrupted: st.builds(Interrupted),
    Cleared: st.builds(Cleared),
    Mark: st.builds(Mark, name=text),
    Dtmf: st.builds(Dtmf, key=st.sampled_from("0123456789*#")),
    ToolCalled: st.builds(ToolCalled, id=text, name=text, arguments=st.just('{"a": 1}')),
    ToolResult: st.builds(ToolResult, id=text, content=text, failed=st.booleans()),
    ToolCancelled: st.builds(ToolCancelled, id=text),
    Status: st.builds(Status, text=text),
    Ping: st.builds(Ping, id=text),
    Pong: st.builds(Pong, id=text),
    Warned: st.builds(Warned, message=text),
    Failed: st.builds(Failed, code=text, message=text),
    Hangup: st.builds(Hangup),
}


@pytest.fixture(params=CODECS, name="codec")
def _codec(request: pytest.FixtureRequest) -> Callable[[End], Codec[Any]]:
    return CODECS[request.param]


def test_every_event_of_the_vocabulary_takes_part_in_the_law() -> None:
    assert set(EVENTS) == ALL_EVENTS


@pytest.mark.parametrize("end", End)
def test_what_one_end_sends_the_other_receives(
    codec: Callable[[End], Codec[Any]], end: End
) -> None:
    assert codec(end).sends == codec(end.other).receives
    assert codec(end).speaks == codec(end.other).speaks
    assert codec(end).hears == codec(end.other).hears


@pytest.mark.parametrize("end", End)
@given(data=st.data())
def test_decoding_at_the_other_end_gives_the_same_events(end: End, data: st.DataObject) -> None:
    for build in CODECS.values():
        mine, peer = build(end), build(end.other)
        sendable = sorted(mine.sends, key=lambda kind: kind.__name__)
        said = data.draw(st.lists(st.one_of([EVENTS[kind] for kind in sendable]), max_size=8))
        messages = [*mine.start(), *(m for event in said for m in mine.encode(event))]
        heard = [event for message in messages for event in peer.decode(message).events]
        assert heard == said


@pytest.mark.parametrize("end", End)
@given(data=st.data())
def test_an_event_outside_sends_is_refused(end: End, data: st.DataObject) -> None:
    for build in CODECS.values():
        mine = build(end)
        for kind in ALL_EVENTS - mine.sends - {Ready}:
            with pytest.raises(CannotSend, match=kind.__name__):
                mine.encode(data.draw(EVENTS[kind]))


def test_an_impossible_message_of_the_peer_is_a_protocol_error() -> None:
    with pytest.raises(ProtocolError, match="ToolResult"):
        InProcess(End.CLIENT).decode(ToolResult("1", "2"))
