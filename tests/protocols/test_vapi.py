"""Vapi's messages as it documents them, and ours as its SDK reads them."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from vapi import types
from vapi.core.pydantic_utilities import parse_obj_as

from tests.protocols.garbage import HUGE, NOT_OBJECTS, mutated, survives
from voicetest.audio.chunk import AudioChunk, AudioFormat, Encoding
from voicetest.errors import ProtocolError
from voicetest.events import (
    AgentTurnEnded,
    AgentTurnStarted,
    Audio,
    Cleared,
    Event,
    Hangup,
    Ignored,
    Status,
    Text,
    ToolCalled,
    ToolResult,
    Transcript,
    TranscriptDelta,
    Warned,
)
from voicetest.protocols.base import CannotSend, End
from voicetest.protocols.vapi import WIDE, Vapi
from voicetest.protocols.vapi_message import NEEDED

CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": {"a": 1}}}
DOCUMENTED: list[tuple[dict[str, Any], tuple[Event, ...]]] = [
    (
        {"type": "speech-update", "status": "started", "role": "assistant", "turn": 0},
        (AgentTurnStarted(),),
    ),
    ({"type": "speech-update", "status": "stopped", "role": "assistant"}, (AgentTurnEnded(),)),
    ({"type": "speech-update", "status": "done", "role": "assistant"}, (AgentTurnEnded(),)),
    ({"type": "speech-update", "status": "started", "role": "user", "turn": 1}, ()),
    (
        {"type": "transcript", "role": "user", "transcriptType": "partial", "transcript": "hel"},
        (TranscriptDelta("user", "hel"),),
    ),
    (
        {"type": "transcript", "role": "user", "transcriptType": "final", "transcript": "Hello."},
        (Transcript("user", "Hello."),),
    ),
    (
        {
            "type": 'transcript[transcriptType="final"]',
            "role": "assistant",
            "transcriptType": "final",
            "transcript": "Hi.",
        },
        (Transcript("agent", "Hi."),),
    ),
    (
        {
            "type": "conversation-update",
            "messages": [
                {"role": "bot", "message": "Hi", "time": 1, "endTime": 2, "secondsFromStart": 0.1}
            ],
            "messagesOpenAIFormatted": [{"role": "assistant", "content": "Hi"}],
        },
        (),
    ),
    ({"type": "status-update", "status": "in-progress"}, (Status("in-progress"),)),
    ({"type": "user-interrupted"}, (Cleared(),)),
    ({"type": "model-output", "output": "Hel"}, ()),
    ({"type": "voice-input", "input": "Hello there."}, ()),
    ({"type": "assistant.started", "newAssistant": {}}, ()),
    (
        {"type": "tool-calls", "toolCallList": [CALL, {**CALL, "id": "c2"}]},
        (ToolCalled("c1", "f", '{"a":1}'), ToolCalled("c2", "f", '{"a":1}')),
    ),
    (
        {"type": "function-call", "functionCall": {"name": "f", "parameters": {"a": 1}}},
        (ToolCalled("function-call-1", "f", '{"a":1}'),),
    ),
    (
        {
            "type": "tool-calls-result",
            "toolCallResult": {"name": "f", "toolCallId": "c1", "result": "ok"},
        },
        (ToolResult("c1", "ok"),),
    ),
    (
        {
            "type": "tool-calls-result",
            "toolCallResult": {"name": "f", "toolCallId": "c1", "error": "no"},
        },
        (ToolResult("c1", "no", failed=True),),
    ),
    (
        {"type": "hang"},
        (Warned("Vapi says that the assistant hangs: a model, voice or tool is slow"),),
    ),
    (
        {"type": "status-update", "status": "ended", "endedReason": "assistant-ended-call"},
        (Hangup(reason="assistant-ended-call"),),
    ),
]
TEXTS = [json.dumps(message) for message, _ in DOCUMENTED]
TOLD: list[dict[str, Any]] = [
    {"type": "end-call"},
    {"type": "hangup"},
    {"type": "say", "content": "text", "endCallAfterSpoken": False},
    {"type": "add-message", "message": {"role": "user", "content": "hello"}},
    {"type": "control", "control": "mute-assistant"},
    {"type": "transfer", "destination": {"type": "number", "number": "+1"}},
]


def _events(codec: Vapi, message: object) -> tuple[Event, ...]:
    return codec.decode(json.dumps(message)).events


@pytest.mark.parametrize(("message", "events"), DOCUMENTED, ids=[m["type"] for m, _ in DOCUMENTED])
def test_what_is_documented_is_understood_flat_and_wrapped(
    message: dict[str, Any], events: tuple[Event, ...]
) -> None:
    assert _events(Vapi(End.CLIENT), message) == events
    assert _events(Vapi(End.CLIENT), {"message": message}) == events


def test_arguments_may_be_json_text() -> None:
    function = {"name": "f", "arguments": '{"a": 1}'}
    message = {"type": "tool-calls", "toolCallList": [{**CALL, "function": function}]}
    assert _events(Vapi(End.CLIENT), message) == (ToolCalled("c1", "f", '{"a": 1}'),)


def test_a_call_may_have_its_name_and_arguments_at_the_top() -> None:
    call = {"id": "c1", "type": "function", "name": "look", "arguments": {"at": 1}}
    message = {"type": "tool-calls", "toolCallList": [call], "toolWithToolCallList": []}
    assert _events(Vapi(End.CLIENT), message) == (ToolCalled("c1", "look", '{"at":1}'),)


def test_an_assistant_that_hangs_is_told_of_once() -> None:
    codec = Vapi(End.CLIENT)
    assert len(_events(codec, {"type": "hang"})) == 1
    assert _events(codec, {"type": "hang"}) == ()


def _partial(text: str, role: str = "assistant") -> dict[str, str]:
    return {"type": "transcript", "role": role, "transcriptType": "partial", "transcript": text}


def test_partial_transcripts_repeat_what_came_before_and_only_the_rest_counts() -> None:
    codec = Vapi(End.CLIENT)
    said = [_partial(text) for text in ("I can", "I can", "I can look", "A can", "I can look it")]
    heard = [event for message in said for event in _events(codec, message)]
    assert heard == [TranscriptDelta("agent", part) for part in ("I can", " look", " it")]


@pytest.mark.parametrize(
    "between",
    [
        {**_partial("I can."), "transcriptType": "final"},
        {"type": "speech-update", "status": "started", "role": "assistant"},
        {"type": "user-interrupted"},
    ],
    ids=["final", "new turn", "interrupted"],
)
def test_a_new_text_begins_after_the_end_of_another(between: dict[str, str]) -> None:
    codec = Vapi(End.CLIENT)
    _events(codec, _partial("I can"))
    _events(codec, between)
    assert _events(codec, _partial("Good")) == (TranscriptDelta("agent", "Good"),)


def test_both_parties_are_transcribed_at_once() -> None:
    codec = Vapi(End.CLIENT)
    assert _events(codec, _partial("I can")) == (TranscriptDelta("agent", "I can"),)
    assert _events(codec, _partial("stop", "user")) == (TranscriptDelta("user", "stop"),)
    assert _events(codec, _partial("I can look")) == (TranscriptDelta("agent", " look"),)


@pytest.mark.parametrize(
    ("reason", "normal"),
    [
        ("assistant-ended-call", True),
        ("assistant-ended-call-after-message-spoken", True),
        ("assistant-said-end-call-phrase", True),
        ("customer-ended-call", True),
        ("silence-timed-out", True),
        ("exceeded-max-duration", True),
        (None, True),
        ("pipeline-error-openai-llm-failed", False),
        ("assistant-not-found", False),
        ("manually-canceled", False),
        ("worker-shutdown", False),
    ],
)
def test_why_a_call_ended_tells_a_wish_from_a_fault(reason: str | None, normal: bool) -> None:
    message = {"type": "status-update", "status": "ended", "endedReason": reason}
    (event,) = _events(Vapi(End.CLIENT), message)
    assert event == Hangup(reason=reason or "", normal=normal)


def test_sound_is_samples_and_nothing_else() -> None:
    codec = Vapi(End.CLIENT)
    assert codec.decode(b"\1\2\3").events == (Audio(AudioChunk(b"\1\2", WIDE)),)
    assert codec.decode(b"\4").events == (Audio(AudioChunk(b"\3\4", WIDE)),)
    assert codec.encode(Audio(AudioChunk(b"\1\2", WIDE))) == (b"\1\2",)
    narrow = Vapi(End.SERVER, AudioFormat(Encoding.MULAW, 8_000))
    assert narrow.decode(b"\1").events == (Audio(AudioChunk(b"\1", narrow.hears)),)


def test_a_client_hangs_up_and_types_in_words_of_the_sdk() -> None:
    codec = Vapi(End.CLIENT)
    (ended,) = codec.encode(Hangup())
    (typed,) = codec.encode(Text("hello"))
    parse_obj_as(types.ClientInboundMessageEndCall, json.loads(ended))
    message = parse_obj_as(types.ClientInboundMessageAddMessage, json.loads(typed))
    assert (message.message.role, message.message.content) == ("user", "hello")
    assert message.trigger_response_enabled


def test_tool_results_are_not_sent_over_the_line() -> None:
    with pytest.raises(CannotSend, match="ToolResult"):
        Vapi(End.CLIENT).encode(ToolResult("c1", "ok"))


def test_the_platforms_messages_are_those_of_the_sdk() -> None:
    codec = Vapi(End.SERVER)
    kinds: dict[str, type[Any]] = {
        "speech-update": types.ClientMessageSpeechUpdate,
        "transcript": types.ClientMessageTranscript,
        "conversation-update": types.ClientMessageConversationUpdate,
        "tool-calls": types.ClientMessageToolCalls,
        "tool-calls-result": types.ClientMessageToolCallsResult,
        "user-interrupted": types.ClientMessageUserInterrupted,
    }
    said: list[Event] = [
        AgentTurnStarted(),
        TranscriptDelta("agent", "Hello"),
        Transcript("agent", "Hello."),
        Transcript("user", "Hi."),
        ToolCalled("c1", "f", '{"a": 1}'),
        ToolResult("c1", "ok"),
        Cleared(),
        AgentTurnEnded(),
    ]
    codec.decode(bytes(WIDE.rate))  # half a second of the user
    written = [json.loads(m) for event in said for m in codec.encode(event)]
    for message in written:
        parse_obj_as(kinds[message["type"]], message)
        assert message["timestamp"] % 1000 == 500
    assert {message["type"] for message in written} == set(kinds)
    (result,) = [m["toolCallResult"] for m in written if m["type"] == "tool-calls-result"]
    parse_obj_as(types.ToolCallResult, result)
    assert result == {"name": "f", "toolCallId": "c1", "result": "ok"}
    *_, last = [m for m in written if m["type"] == "conversation-update"]
    history = parse_obj_as(types.ClientMessageConversationUpdate, last)
    told = [(m.role, m.content) for m in history.messages_open_ai_formatted]
    assert told == [("assistant", "Hello."), ("user", "Hi.")]


def test_turns_are_counted_from_0() -> None:
    codec = Vapi(End.SERVER)
    said: list[Event] = [AgentTurnStarted(), AgentTurnEnded(), AgentTurnStarted()]
    turns = [json.loads(m)["turn"] for event in said for m in codec.encode(event)]
    assert turns == [0, 0, 1]


def test_only_messages_that_the_call_lists_are_sent() -> None:
    codec = Vapi(End.SERVER, WIDE, ["transcript"])
    assert not codec.encode(AgentTurnStarted())
    assert len(codec.encode(Transcript("agent", "Hello."))) == 1


def test_what_we_ask_for_is_known_to_the_sdk() -> None:
    overrides = parse_obj_as(types.AssistantOverrides, {"clientMessages": list(NEEDED)})
    assert overrides.client_messages == list(NEEDED)
    named, _ = get_args(types.AssistantOverridesClientMessagesItem)  # or anything else
    assert set(NEEDED) <= set(get_args(named))


@pytest.mark.parametrize(
    ("reason", "written", "kept"),
    [
        ("the agent ended the call", "assistant-ended-call", "assistant-ended-call"),
        ("silence-timed-out", "silence-timed-out", "silence-timed-out"),
        ("", None, "assistant-ended-call"),
    ],
)
def test_the_platform_ends_a_call_in_its_own_words(
    reason: str, written: str | None, kept: str
) -> None:
    codec = Vapi(End.SERVER)
    (message,) = codec.encode(Hangup(reason=reason))
    assert json.loads(message).get("endedReason") == written
    assert codec.ended_reason == kept


@pytest.mark.parametrize("wrapped", [False, True])
def test_what_the_platform_is_told_is_understood_flat_and_wrapped(wrapped: bool) -> None:
    codec = Vapi(End.SERVER)
    heard = [_events(codec, {"message": message} if wrapped else message) for message in TOLD]
    assert heard[0] == heard[1] == (Hangup(),)
    assert heard[3] == (Text("hello"),)
    assert [type(events[0]) for events in (heard[2], *heard[4:])] == [Warned, Warned, Warned]
    assert codec.ended_reason == "customer-ended-call"


@pytest.mark.parametrize(
    "more",
    [{"triggerResponseEnabled": False}, {"message": {"role": "system", "content": "Be nice."}}],
)
def test_a_message_that_wants_no_answer_is_no_turn(more: dict[str, Any]) -> None:
    assert _events(Vapi(End.SERVER), {**TOLD[3], **more}) == ()


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ({"type": "transcript", "role": "user", "transcriptType": "final"}, "'transcript' is not"),
        ({"type": "speech-update", "status": 1, "role": "assistant"}, "'status' is not text"),
        ({"type": "tool-calls", "toolCallList": {}}, "'toolCallList' is not a list of objects"),
        ({"type": "tool-calls", "toolCallList": [{"id": "1"}]}, "'function' is not an object"),
    ],
)
def test_a_message_that_lacks_what_it_must_have_is_the_peers_fault(
    message: dict[str, Any], words: str
) -> None:
    with pytest.raises(ProtocolError, match=words):
        _events(Vapi(End.CLIENT), message)


def test_a_message_without_a_type_is_told_of() -> None:
    assert _events(Vapi(End.CLIENT), {"ok": True}) == (Ignored("{ok: …}", "have no type"),)


def test_json_in_binary_frames_is_no_sound() -> None:
    message = b'{"type":"user-interrupted"}'
    assert Vapi(End.CLIENT).decode(message).events == (Cleared(),)


@pytest.mark.parametrize("text", [*NOT_OBJECTS, *HUGE])
@pytest.mark.parametrize("end", End)
def test_nonsense_is_survived(text: str, end: End) -> None:
    survives(Vapi(end), text)


@given(data=st.data())
def test_what_is_nearly_right_is_survived(data: st.DataObject) -> None:
    survives(Vapi(End.CLIENT), data.draw(mutated(TEXTS)))
    survives(Vapi(End.SERVER), data.draw(mutated([json.dumps(message) for message in TOLD])))
