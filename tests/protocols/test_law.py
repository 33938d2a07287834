"""The law of codecs: what one end encodes, the other end decodes to the same events."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voicetest.audio.chunk import AudioChunk, AudioFormat, Encoding
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
from voicetest.protocols.example import compact
from voicetest.protocols.in_process import InProcess
from voicetest.protocols.json_audio import JsonAudio
from voicetest.protocols.mapped import MessageMap
from voicetest.protocols.pipecat_protobuf import PipecatProtobuf
from voicetest.protocols.raw_pcm import RawPcm
from voicetest.protocols.rtvi import FAILURE
from voicetest.protocols.twilio import MediaStream
from voicetest.protocols.vapi import Vapi

A_MAP = MessageMap.model_validate(
    {
        "encoding": "mulaw",
        "agent_rate": 16_000,
        "on_open": [{"op": "hello"}],
        "sends": {
            "audio": "binary",
            "user_turn_started": {"op": "begin"},
            "user_turn_ended": {"op": "end"},
            "reply_request": {"op": "speak"},
            "text": {"op": "text", "words": "<text>"},
            "key": {"op": "key", "pressed": ["<key>"]},
            "mark": {"op": "mark", "label": "<name>"},
            "interrupt": {"op": "stop"},
            "tool_result": {"op": "r", "id": "<id>", "text": "<result_text>", "bad": "<failed>"},
            "hangup": {"op": "bye", "why": "<reason>"},
        },
        "receives": {
            "ready": {"op": "ready", "session": "<session>"},
            "audio": {"op": "audio", "parts": [{"data": {"pcm": "<audio>"}}]},
            "agent_turn_started": {"op": "starts"},
            "agent_turn_ended": {"op": "ends"},
            "agent_transcript": {"op": "said", "by": "bot", "words": "<text>"},
            "agent_transcript_part": {"op": "says", "words": "<text>"},
            "user_transcript": {"op": "said", "by": "user", "words": "<text>"},
            "tool_call": {"op": "call", "id": "<id>", "fn": {"n": "<name>", "a": "<arguments>"}},
            "tool_cancelled": {"op": "never mind", "id": "<id>"},
            "interrupted": {"op": "flush"},
            "mark": {"op": "mark", "label": "<name>"},
            "key": {"op": "key", "pressed": ["<key>"]},
            "error": {"op": "error", "code": "<code>", "message": "<message>"},
            "hangup": {"op": "bye", "why": "<reason>"},
        },
        "replies": [{"to": {"op": "ping", "n": "<n>"}, "send": {"op": "pong", "n": "<n>"}}],
    }
)

CODECS: dict[str, Callable[[End], Codec[Any]]] = {
    "in_process": InProcess,
    "in_process paced": lambda end: InProcess(end, paced=True),
    "raw_pcm": RawPcm,
    "raw_pcm with events": lambda end: RawPcm(end, events=True, paced=True),
    "raw_pcm for telephones": lambda end: RawPcm(end, 8000, Encoding.MULAW),
    "raw_pcm in stereo": lambda end: RawPcm(end, 48_000, channels=2, events=True),
    "json_audio": JsonAudio().codec,
    "json_audio for telephones": JsonAudio(rate=8000, encoding=Encoding.ALAW).codec,
    "map": A_MAP.codec,
    "twilio": MediaStream,
    "twilio with utterance ends": lambda end: MediaStream(end, utterance_ends=True, binary=True),
    "pipecat_protobuf": PipecatProtobuf,
    "pipecat_protobuf without rtvi": lambda end: PipecatProtobuf(end, 8000, rtvi=False),
    "vapi": Vapi,
    "vapi for telephones": lambda end: Vapi(end, AudioFormat(Encoding.MULAW, 8000)),
}

text = st.text(min_size=1, max_size=20)
EVENTS: dict[type[Event], st.SearchStrategy[Event]] = {
    Ready: st.builds(Ready),
    Audio: st.builds(Audio, chunk=st.just(AudioChunk(b""))),
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
values = st.dictionaries(text, st.integers() | text | st.none() | st.booleans(), max_size=2)
json_text = values.map(compact)
of_map: dict[type[Event], st.SearchStrategy[Event]] = {
    AgentTurnEnded: st.builds(AgentTurnEnded),
    ToolCalled: st.builds(ToolCalled, id=text, name=text, arguments=json_text),
    Failed: st.builds(Failed, code=text, message=text),
}
of_json_audio: dict[type[Event], st.SearchStrategy[Event]] = {
    **of_map,
    Failed: st.builds(Failed, code=st.just("error"), message=text),
    Interrupted: st.builds(
        Interrupted, heard_s=st.none() | st.integers(0, 99_999).map(lambda ms: ms / 1000)
    ),
    ToolResult: st.builds(ToolResult, id=text, content=json_text, failed=st.booleans()),
}
OWN: dict[str, dict[type[Event], st.SearchStrategy[Event]]] = {
    "map": {**of_map, Hangup: st.builds(Hangup, reason=text)},
    "json_audio": of_json_audio,
    "json_audio for telephones": of_json_audio,
    "pipecat_protobuf": {
        AgentTurnEnded: st.builds(AgentTurnEnded),
        ToolCalled: st.builds(ToolCalled, id=text, name=text, arguments=json_text),
        ToolResult: st.builds(ToolResult, id=text, content=json_text),
        Failed: st.builds(Failed, code=st.just(FAILURE), message=text, fatal=st.booleans()),
    },
    "vapi": {AgentTurnEnded: st.builds(AgentTurnEnded)},
    "vapi for telephones": {AgentTurnEnded: st.builds(AgentTurnEnded)},
}
"""What a protocol can carry of an event that it cannot carry whole."""


@pytest.fixture(params=CODECS, name="codec")
def _codec(request: pytest.FixtureRequest) -> Callable[[End], Codec[Any]]:
    return CODECS[request.param]


def test_every_event_of_the_vocabulary_takes_part_in_the_law() -> None:
    assert set(EVENTS) == ALL_EVENTS


def _sound(wire: AudioFormat) -> st.SearchStrategy[Event]:
    """Sound in the format of a wire."""
    size = wire.frame_bytes
    return st.binary(max_size=64).map(
        lambda data: Audio(AudioChunk(data[: len(data) // size * size], wire))
    )


def _sayable(name: str, codec: Codec[Any]) -> st.SearchStrategy[Event]:
    """Whatever this end of the codec of that name can send."""
    kinds = sorted(codec.sends, key=lambda kind: kind.__name__)
    wire = codec.hears if codec.end is End.CLIENT else codec.speaks
    events = {**EVENTS, **OWN.get(name, {}), Audio: _sound(wire)}
    return st.one_of([events[kind] for kind in kinds])


def _joined(events: Iterable[Event]) -> list[Event]:
    """Adjacent sound in one piece; sound of no length is none."""
    joined: list[Event] = []
    for event in events:
        last = joined[-1] if joined else None
        if not isinstance(event, Audio):
            joined.append(event)
        elif isinstance(last, Audio):
            chunk = AudioChunk(last.chunk.data + event.chunk.data, event.chunk.format)
            joined[-1] = Audio(chunk)
        elif event.chunk.data:
            joined.append(event)
    return joined


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
    said = data.draw(st.lists(_sayable(name, mine), max_size=8))
    messages = [message for event in said for message in mine.encode(event)]
    heard = [event for message in messages for event in peer.decode(message).events]
    assert _joined(heard) == _joined(said)
    for codec, events in opened.items():
        assert [type(event) for event in events] == [Ready] * (Ready in codec.receives)


@given(data=st.data())
def test_sound_cut_anywhere_is_decoded_to_the_same_samples(data: st.DataObject) -> None:
    for build in (CODECS["raw_pcm"], CODECS["raw_pcm in stereo"]):
        mine, peer = build(End.CLIENT), build(End.SERVER)
        said = data.draw(st.lists(_sound(mine.hears), max_size=8))
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
        for kind in ALL_EVENTS - mine.sends - {Ready}:
            with pytest.raises(CannotSend, match=kind.__name__):
                mine.encode(data.draw(EVENTS[kind]))


def test_an_impossible_message_of_the_peer_is_a_protocol_error() -> None:
    with pytest.raises(ProtocolError, match="ToolResult"):
        InProcess(End.CLIENT).decode(ToolResult("1", "2"))
