"""OpenAI's Realtime protocol as documented frames, at both ends."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.protocols.garbage import HUGE, NOT_OBJECTS, mutated, survives
from tests.protocols.realtime import Exchange, valid_of_client, valid_of_server
from tests.protocols.spoken import heard
from voicetest.audio.chunk import AudioChunk, Encoding
from voicetest.errors import ProtocolError
from voicetest.events import (
    AgentTurnEnded,
    AgentTurnStarted,
    Audio,
    Cleared,
    Event,
    Failed,
    Interrupted,
    Ready,
    ReplyRequested,
    Text,
    ToolCalled,
    ToolCancelled,
    ToolResult,
    Transcript,
    TranscriptDelta,
    UserTurnEnded,
    Warned,
)
from voicetest.protocols.base import End
from voicetest.protocols.openai_realtime import OpenAIRealtime
from voicetest.protocols.openai_realtime_session import SessionSettings
from voicetest.scenario.tools import Tool

SECOND = AudioChunk(b"\1\0" * 24_000)
PCM = {"type": "audio/pcm", "rate": 24_000}
ANSWER = (
    AgentTurnStarted(),
    TranscriptDelta("agent", "Good day."),
    Transcript("agent", "Good day."),
    Audio(SECOND),
    AgentTurnEnded(),
)
PLATFORM = SessionSettings(turn_detection="server_vad", transcription=None)


def _client(**settings: Any) -> OpenAIRealtime:
    return OpenAIRealtime(End.CLIENT, SessionSettings(**settings))


def _exchange(*quirks: str, **settings: Any) -> Exchange:
    return Exchange(_client(**settings), OpenAIRealtime(End.SERVER, PLATFORM, quirks=quirks))


def _frame(kind: str, **fields: Any) -> str:
    return json.dumps({"type": kind, "event_id": "event_1", **fields})


def _error(code: str | None, message: str = "why", **more: Any) -> str:
    error = {"type": "invalid_request_error", "code": code, "message": message, **more}
    return _frame("error", error=error)


def _ready(client: OpenAIRealtime) -> OpenAIRealtime:
    session = {"type": "realtime", "id": "sess_1"}
    heard(client, _frame("session.created", session=session))
    heard(client, _frame("session.updated", session=session))
    return client


def _begun(response: str) -> str:
    return _frame("response.created", response={"id": response, "status": "in_progress"})


def _done(response: str, status: str = "completed", output: Any = (), **more: Any) -> str:
    body = {"id": response, "status": status, "output": list(output), **more}
    return _frame("response.done", response=body)


def _delta(response: str, data: bytes, item: str = "item_1", kind: str = "output_audio") -> str:
    place = {"response_id": response, "item_id": item, "output_index": 0, "content_index": 0}
    return _frame(f"response.{kind}.delta", **place, delta=base64.b64encode(data).decode())


def _call(call: str, item: str = "item_2") -> dict[str, Any]:
    return {"type": "function_call", "id": item, "call_id": call, "name": "find", "arguments": "{}"}


def _types(messages: Any) -> list[str]:
    return [valid_of_client(message)["type"] for message in messages]


# The client


def test_it_opens_with_the_session_as_it_shall_be() -> None:
    (opening,) = _client(voice="marin").start()
    assert valid_of_client(opening) == {
        "type": "session.update",
        "session": {
            "type": "realtime",
            "output_modalities": ["audio"],
            "audio": {
                "input": {
                    "format": PCM,
                    "turn_detection": None,
                    "transcription": {"model": "gpt-transcribe"},
                },
                "output": {"format": PCM, "voice": "marin"},
            },
        },
    }


def test_tools_instructions_and_turn_detection_are_part_of_the_session() -> None:
    tools = (Tool(name="find"), Tool(name="book", description="Books.", parameters={"a": 1}))
    client = _client(turn_detection="semantic_vad", instructions="Be brief.", tools=tools)
    session = valid_of_client(client.start()[0])["session"]
    assert session["instructions"] == "Be brief."
    assert session["audio"]["input"]["turn_detection"] == {"type": "semantic_vad"}
    nothing = {"type": "object", "properties": {}}
    assert session["tools"] == [
        {"type": "function", "name": "find", "parameters": nothing},
        {"type": "function", "name": "book", "description": "Books.", "parameters": {"a": 1}},
    ]


def test_only_with_turn_detection_the_line_is_continuous_and_says_when_to_be_silent() -> None:
    silent, live = _client(), _client(turn_detection="server_vad")
    assert (silent.continuous, live.continuous) == (False, True)
    assert UserTurnEnded in silent.sends - live.sends
    assert Cleared in live.receives - silent.receives
    started = _frame("input_audio_buffer.speech_started", audio_start_ms=1, item_id="item_1")
    assert heard(_ready(live), started) == [Cleared()]


def test_it_is_ready_when_the_session_was_updated() -> None:
    client = _client()
    session = {"type": "realtime", "id": "sess_7"}
    assert heard(client, _frame("session.created", session=session)) == []
    (ready,) = heard(client, _frame("session.updated", session=session))
    assert isinstance(ready, Ready)
    assert ready.session == "sess_7"
    assert heard(client, _frame("session.updated", session=session)) == []


def test_an_error_before_that_refuses_the_call() -> None:
    (failed,) = heard(_client(), _error("invalid_value", "no such voice"))
    assert failed == Failed("invalid_value", "no such voice", fatal=True)


def test_a_transcription_that_is_refused_is_done_without() -> None:
    client = _client()
    param = "session.audio.input.transcription.model"
    decoded = client.decode(_error("invalid_value", "not this one", param=param))
    (warned,) = decoded.events
    assert isinstance(warned, Warned)
    (update,) = decoded.replies
    assert valid_of_client(update)["session"]["audio"]["input"]["transcription"] is None
    (failed,) = heard(client, _error("invalid_value", "not this one", param=param))
    assert isinstance(failed, Failed)
    assert failed.fatal


def test_a_session_whose_type_is_refused_does_not_say_it() -> None:
    client = _client()
    refused = _error(
        "unknown_parameter", "Unknown parameter: 'session.type'.", param="session.type"
    )
    decoded = client.decode(refused)
    assert isinstance(decoded.events[0], Warned)
    (update,) = decoded.replies
    assert "type" not in json.loads(update)["session"]
    (failed,) = heard(client, refused)
    assert isinstance(failed, Failed)
    assert failed.fatal


def test_a_turn_is_committed_with_100_ms_at_least_and_answered_once() -> None:
    client = _ready(_client())
    client.encode(Audio(AudioChunk(bytes(800))))
    messages = client.encode(UserTurnEnded())
    assert _types(messages) == [
        "input_audio_buffer.append",
        "input_audio_buffer.commit",
        "response.create",
    ]
    assert len(base64.b64decode(json.loads(messages[0])["audio"])) == 4_000
    client.encode(Audio(SECOND))
    assert _types(client.encode(UserTurnEnded())) == [
        "input_audio_buffer.commit",
        "response.create",
    ]


def test_a_turn_that_ends_during_a_response_is_answered_after_it() -> None:
    client = _ready(_client())
    heard(client, _begun("resp_1"))
    client.encode(Audio(SECOND))
    assert _types(client.encode(UserTurnEnded())) == ["input_audio_buffer.commit"]
    assert _types(client.decode(_done("resp_1")).replies) == ["response.create"]
    assert client.decode(_done("resp_1")).replies == ()


def test_the_agent_is_asked_to_speak_unless_it_does_or_the_user_has_begun() -> None:
    client = _ready(_client())
    assert _types(client.encode(ReplyRequested())) == ["response.create"]
    assert client.encode(ReplyRequested()) == ()
    heard(client, _begun("resp_1"))
    assert client.encode(ReplyRequested()) == ()
    heard(client, _done("resp_1"))
    assert _types(client.encode(ReplyRequested())) == ["response.create"]
    speaking = _ready(_client())
    speaking.encode(Audio(SECOND))
    assert speaking.encode(ReplyRequested()) == ()


def test_a_typed_turn_is_an_item_and_a_request() -> None:
    item, request = _ready(_client()).encode(Text("Hello?"))
    assert valid_of_client(item)["item"]["content"] == [{"type": "input_text", "text": "Hello?"}]
    assert valid_of_client(request) == {"type": "response.create", "event_id": "request_1"}


@pytest.mark.parametrize("status", ["completed", "cancelled", "incomplete"])
def test_a_response_is_a_turn_with_its_status(status: str) -> None:
    client = _ready(_client())
    assert heard(client, _begun("resp_1"), _done("resp_1", status)) == [
        AgentTurnStarted(),
        AgentTurnEnded(status),
    ]


def _called(client: OpenAIRealtime) -> list[Event]:
    """A response begins and calls a tool."""
    item = _frame("response.output_item.done", response_id="resp_1", item=_call("call_1"))
    return heard(client, _begun("resp_1"), item)


@pytest.mark.parametrize("status", ["cancelled", "failed", "incomplete"])
def test_the_calls_of_a_response_that_was_not_completed_are_taken_back(status: str) -> None:
    client = _ready(_client())
    assert _called(client)[-1] == ToolCalled("call_1", "find", "{}")
    assert ToolCancelled("call_1") in heard(client, _done("resp_1", status))
    assert client.encode(ToolResult("call_1", "1")) == ()
    assert _types(client.encode(ReplyRequested())) == ["response.create"]


def test_a_result_that_waited_for_the_end_of_its_response_is_taken_back_with_it() -> None:
    client = _ready(_client())
    _called(client)
    assert client.encode(ToolResult("call_1", "1")) == ()
    assert client.decode(_done("resp_1", "cancelled")).replies == ()


def test_a_call_that_is_only_in_a_response_that_was_not_completed_was_never_made() -> None:
    client = _ready(_client())
    events = heard(client, _begun("resp_1"), _done("resp_1", "incomplete", [_call("call_1")]))
    assert events == [AgentTurnStarted(), AgentTurnEnded("incomplete")]


def test_a_result_that_comes_while_the_user_speaks_asks_for_no_answer_of_its_own() -> None:
    client = _ready(_client())
    _called(client)
    heard(client, _done("resp_1"))
    client.encode(Audio(SECOND))
    assert _types(client.encode(ToolResult("call_1", "1"))) == ["conversation.item.create"]
    assert _types(client.encode(UserTurnEnded()))[-1] == "response.create"


def test_a_result_that_comes_while_the_platform_hears_the_user_waits_for_its_answer() -> None:
    client = _ready(_client(turn_detection="server_vad"))
    _called(client)
    heard(client, _done("resp_1"))
    heard(client, _frame("input_audio_buffer.speech_started", audio_start_ms=0, item_id="i"))
    assert _types(client.encode(ToolResult("call_1", "1"))) == ["conversation.item.create"]


@pytest.mark.parametrize("reason", ["max_output_tokens", "content_filter"])
def test_a_response_that_was_cut_short_says_by_what(reason: str) -> None:
    client = _ready(_client())
    why = {"type": "incomplete", "reason": reason}
    done = _done("resp_1", "incomplete", status_details=why)
    assert heard(client, _begun("resp_1"), done)[-1] == AgentTurnEnded(f"incomplete: {reason}")


def test_a_request_that_is_refused_is_an_answer_that_failed() -> None:
    client = _ready(_client())
    (request,) = client.encode(ReplyRequested())
    number = json.loads(request)["event_id"]
    assert heard(client, _error("invalid_value", event_id=number)) == [
        Failed("invalid_value", "why"),
        AgentTurnEnded("failed"),
    ]
    assert _types(client.encode(ReplyRequested())) == ["response.create"]


@pytest.mark.parametrize(
    ("code", "ends"),
    [("insufficient_quota", True), ("rate_limit_exceeded", True), ("unknown_parameter", False)],
)
def test_an_error_about_nothing_ends_an_answer_only_if_none_can_come(code: str, ends: bool) -> None:
    client = _ready(_client())
    client.encode(ReplyRequested())
    events = heard(client, _error(code))
    assert (AgentTurnEnded("failed") in events) is ends
    assert heard(_ready(_client()), _error(code)) == [Failed(code, "why")]


def test_an_error_about_something_else_leaves_the_request_alone() -> None:
    client = _ready(_client())
    client.encode(ReplyRequested())
    assert heard(client, _error("insufficient_quota", event_id="event_of_the_commit")) == [
        Failed("insufficient_quota", "why")
    ]
    assert client.encode(ReplyRequested()) == ()


def test_a_response_that_failed_says_why() -> None:
    client = _ready(_client())
    why = {"type": "failed", "error": {"type": "server_error", "code": "rate_limit_exceeded"}}
    assert heard(client, _begun("resp_1"), _done("resp_1", "failed", status_details=why)) == [
        AgentTurnStarted(),
        Failed("rate_limit_exceeded", ""),
        AgentTurnEnded("failed"),
    ]


CALL_EVENTS: dict[str, list[str]] = {
    "arguments": [
        _frame("response.output_item.added", response_id="resp_1", item=_call("call_1")),
        _frame("response.function_call_arguments.delta", call_id="call_1", delta='{"a":'),
        _frame("response.function_call_arguments.delta", call_id="call_1", delta="1}"),
        _frame("response.function_call_arguments.done", call_id="call_1", arguments='{"a":1}'),
    ],
    "name at the end": [
        _frame("response.function_call_arguments.done", call_id="call_1", arguments='{"a":1}'),
        _frame("response.output_item.done", item=_call("call_1") | {"arguments": '{"a":1}'}),
    ],
    "item only": [
        _frame("response.output_item.done", item=_call("call_1") | {"arguments": '{"a":1}'})
    ],
    "response only": [],
}


@pytest.mark.parametrize("path", CALL_EVENTS)
def test_a_tool_call_is_told_once_whichever_events_say_it(path: str) -> None:
    client = _ready(_client())
    whole = _call("call_1") | {"arguments": '{"a":1}'}
    again = _frame("response.output_item.done", response_id="resp_1", item=whole)
    events = heard(client, _begun("resp_1"), *CALL_EVENTS[path])
    events += heard(client, again) if path != "response only" else []
    events += heard(client, _done("resp_1", output=[whole]))
    assert [e for e in events if isinstance(e, ToolCalled)] == [
        ToolCalled("call_1", "find", '{"a":1}')
    ]


@pytest.mark.parametrize(
    ("item", "told"),
    [
        (_call("call_1") | {"arguments": ""}, "{}"),
        (_call("call_1") | {"arguments": '{"a":'}, '{"a":'),
        ({"type": "function_call", "name": "find"}, None),
    ],
)
def test_odd_calls_are_passed_on_or_left_out(item: Any, told: str | None) -> None:
    found = heard(_ready(_client()), _frame("response.output_item.done", item=item))
    assert found == ([] if told is None else [ToolCalled("call_1", "find", told)])


def test_results_are_sent_when_the_response_is_done_and_asked_about_once() -> None:
    client = _ready(_client())
    heard(client, _begun("resp_1"))
    for call in ("call_1", "call_2"):
        heard(client, _frame("response.output_item.done", item=_call(call)))
    assert client.encode(ToolResult("call_1", "7")) == ()
    decoded = client.decode(_done("resp_1"))
    assert decoded.events == ()  # the turn goes on with what the tools gave
    assert _types(decoded.replies) == ["conversation.item.create"]
    messages = client.encode(ToolResult("call_2", "broken", failed=True))
    assert _types(messages) == ["conversation.item.create", "response.create"]
    assert json.loads(messages[0])["item"] == {
        "type": "function_call_output",
        "call_id": "call_2",
        "output": '{"error":"broken"}',
    }
    assert heard(client, _begun("resp_2"), _done("resp_2")) == [AgentTurnEnded("completed")]


def test_results_that_came_early_are_followed_by_the_request() -> None:
    client = _ready(_client())
    heard(client, _begun("resp_1"), _frame("response.output_item.done", item=_call("call_1")))
    assert client.encode(ToolResult("call_1", "7")) == ()
    assert _types(client.decode(_done("resp_1")).replies) == [
        "conversation.item.create",
        "response.create",
    ]


def test_it_stops_the_agent_and_says_what_was_heard() -> None:
    client = _ready(_client())
    heard(client, _begun("resp_1"), _delta("resp_1", SECOND.data))
    cancel, truncate = client.encode(Interrupted(heard_s=0.4))
    assert valid_of_client(cancel)["type"] == "response.cancel"
    assert valid_of_client(truncate) == {
        "type": "conversation.item.truncate",
        "item_id": "item_1",
        "content_index": 0,
        "audio_end_ms": 400,
    }
    late = heard(client, _delta("resp_1", SECOND.data), _delta("resp_2", SECOND.data))
    assert late == [Audio(SECOND)]
    assert heard(client, _error("response_cancel_not_active")) == []


def test_of_several_items_those_not_heard_are_cut() -> None:
    client = _ready(_client())
    pieces = [_delta("resp_1", SECOND.data, f"item_{number}") for number in (1, 2, 3)]
    heard(client, _begun("resp_1"), *pieces, _done("resp_1"))
    cuts = [valid_of_client(message) for message in client.encode(Interrupted(heard_s=1.5))]
    assert [(cut["item_id"], cut["audio_end_ms"]) for cut in cuts] == [
        ("item_2", 500),
        ("item_3", 0),
    ]


def test_what_was_all_heard_is_not_cut() -> None:
    client = _ready(_client())
    heard(client, _begun("resp_1"), _delta("resp_1", SECOND.data), _done("resp_1"))
    assert _types(client.encode(Interrupted(heard_s=9.0))) == ["response.cancel"]


def test_names_of_the_beta_are_understood_and_told_of_once() -> None:
    client = _ready(_client())
    first, sound = heard(client, _delta("resp_1", SECOND.data, kind="audio"))
    assert isinstance(first, Warned)
    assert "response.audio.delta" in first.message
    assert sound == Audio(SECOND)
    assert heard(client, _delta("resp_1", SECOND.data, kind="audio")) == [Audio(SECOND)]
    words = _frame("response.audio_transcript.done", transcript="Hi.", response_id="resp_1")
    assert heard(client, words)[1:] == [Transcript("agent", "Hi.")]


def test_half_a_sample_is_left_out_and_json_may_come_as_bytes() -> None:
    client = _ready(_client())
    assert heard(client, _delta("resp_1", b"\1\0\2")) == [Audio(AudioChunk(b"\1\0"))]
    assert heard(client, _delta("resp_1", b"\1\0").encode()) == [Audio(AudioChunk(b"\1\0"))]
    assert heard(client, _delta("resp_1", b"\1")) == []


def test_the_users_words_come_whenever_they_come() -> None:
    kind = "conversation.item.input_audio_transcription.completed"
    client = _ready(_client())
    assert heard(client, _frame(kind, transcript="Hello?")) == [Transcript("user", "Hello?")]
    assert heard(client, _frame(kind, transcript=" ")) == []


@pytest.mark.parametrize(("code", "fatal"), [("server_error", False), ("session_expired", True)])
def test_errors_are_told_and_few_end_the_call(code: str, fatal: bool) -> None:
    assert heard(_ready(_client()), _error(code)) == [Failed(code, "why", fatal)]
    assert heard(_ready(_client()), _error(None)) == [Failed("invalid_request_error", "why")]


def test_what_has_no_meaning_is_ignored() -> None:
    unknown = [_frame("response.thinking", a=1), _frame("rate_limits.updated", rate_limits=[])]
    assert heard(_ready(_client()), *unknown) == []


@pytest.mark.parametrize(
    "message",
    [
        *(text for text in NOT_OBJECTS[:4]),
        "{}",
        '{"type":7}',
        _frame("session.created"),
        _frame("error", error="broken"),
        _frame("response.created"),
        _frame("response.created", response={}),
        _frame("response.done", response=[]),
        _frame("response.output_audio.delta"),
        _frame("response.output_audio.delta", delta=7),
        _frame("response.output_audio.delta", delta="@@@@"),
        _frame("response.output_item.done", item=None),
        b"\xff\xff",
    ],
)
def test_a_message_that_is_not_whole_is_the_peers_fault(message: bytes | str) -> None:
    with pytest.raises(ProtocolError):
        _client().decode(message)


# Both ends


def _conversation(exchange: Exchange) -> None:
    exchange.say(End.CLIENT, ReplyRequested())
    exchange.say(End.SERVER, *ANSWER)
    exchange.say(End.CLIENT, Audio(SECOND))
    if UserTurnEnded in exchange.ends[End.CLIENT].sends:
        exchange.say(End.CLIENT, UserTurnEnded())
    else:
        exchange.say(End.SERVER, Cleared())
    exchange.say(End.SERVER, Transcript("user", "Where is it?"), AgentTurnStarted())
    exchange.say(End.SERVER, ToolCalled("call_1", "find", '{"a":1}'))
    exchange.say(End.CLIENT, ToolResult("call_1", '"here"'))
    exchange.say(End.SERVER, *ANSWER[1:])
    exchange.say(End.CLIENT, Text("Thanks"))
    exchange.say(End.SERVER, Transcript("user", "Thanks"), *ANSWER[:3], Audio(SECOND))
    exchange.say(End.CLIENT, Interrupted(heard_s=0.3))
    exchange.say(End.SERVER, AgentTurnEnded("interrupted"), Failed("server_error", "why"))


@pytest.mark.parametrize("detection", ["none", "server_vad", "semantic_vad"])
@pytest.mark.parametrize("quirks", [(), ("legacy_names",), ("late_transcripts", "odd_deltas")])
def test_every_message_of_both_ends_is_one_of_the_platform(
    detection: str, quirks: tuple[str, ...]
) -> None:
    exchange = _exchange(*quirks, turn_detection=detection)
    _conversation(exchange)
    meant: list[Event] = [e for e in exchange.heard[End.CLIENT] if not isinstance(e, Warned)]
    kinds = [type(event) for event in meant]
    assert kinds.count(AgentTurnStarted) == kinds.count(AgentTurnEnded) == 3
    assert [e.text for e in meant if isinstance(e, Transcript) and e.by == "user"] == [
        "Where is it?"
    ]
    assert ToolCalled("call_1", "find", '{"a":1}') in meant
    assert [e for e in meant if isinstance(e, Failed)] == [Failed("server_error", "why")]
    asked = [e for e in exchange.heard[End.SERVER] if not isinstance(e, Audio | Interrupted)]
    turn_end = [UserTurnEnded()] if detection == "none" else []
    assert asked == [
        ReplyRequested(),
        *turn_end,
        ToolResult("call_1", '"here"'),
        Text("Thanks"),
    ]


def test_the_events_of_an_answer_come_in_the_platforms_order() -> None:
    exchange = _exchange()
    exchange.say(End.CLIENT, Audio(SECOND))
    assert exchange.say(End.CLIENT, UserTurnEnded()) == [
        "input_audio_buffer.commit",
        "input_audio_buffer.committed",
        "conversation.item.added",
        "conversation.item.done",
        "response.create",
        "response.created",
    ]
    assert exchange.say(End.SERVER, Transcript("user", "Hm?"), *ANSWER) == [
        "conversation.item.input_audio_transcription.completed",
        "response.output_item.added",
        "conversation.item.added",
        "response.content_part.added",
        "response.output_audio_transcript.delta",
        *["response.output_audio.delta"] * 5,
        "response.output_audio.done",
        "response.output_audio_transcript.done",
        "response.content_part.done",
        "response.output_item.done",
        "conversation.item.done",
        "response.done",
        "rate_limits.updated",
    ]


def test_speech_that_the_server_hears_is_committed_by_it() -> None:
    exchange = _exchange(turn_detection="server_vad")
    exchange.say(End.CLIENT, Audio(SECOND))
    exchange.say(End.SERVER, *ANSWER[:-1])
    stopped = exchange.say(End.SERVER, Cleared(), AgentTurnEnded("interrupted"))
    assert stopped[0] == "input_audio_buffer.speech_started"
    done = next(m for m in reversed(exchange.sent) if m["type"] == "response.done")["response"]
    assert done["status_details"] == {"type": "cancelled", "reason": "turn_detected"}
    assert exchange.say(End.SERVER, Transcript("user", "Stop.")) == [
        "input_audio_buffer.speech_stopped",
        "input_audio_buffer.committed",
        "conversation.item.added",
        "conversation.item.done",
        "conversation.item.input_audio_transcription.completed",
    ]


# The server


def _server(**settings: Any) -> OpenAIRealtime:
    return OpenAIRealtime(End.SERVER, SessionSettings(**settings))


def _answer(server: OpenAIRealtime, message: dict[str, Any]) -> dict[str, Any]:
    """The first thing the server says to a message."""
    decoded = server.decode(json.dumps(message))
    return valid_of_server(decoded.replies[0])


def _refused(server: OpenAIRealtime, message: dict[str, Any]) -> tuple[Any, Any]:
    said = _answer(server, message | {"event_id": "evt_9"})
    assert said["type"] == "error"
    assert said["error"]["event_id"] == "evt_9"
    return said["error"]["code"], said["error"]["param"]


def _update(**session: Any) -> dict[str, Any]:
    return {"type": "session.update", "session": {"type": "realtime", **session}}


def _create(item: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "conversation.item.create", "item": item, **more}


def _said(kind: str, role: str = "user", **more: Any) -> dict[str, Any]:
    part = {"type": kind, "text": "Hm?", **more}
    return {"type": "message", "role": role, "content": [part]}


def _cut(**more: Any) -> dict[str, Any]:
    place = {"item_id": "item_x", "content_index": 0}
    return {"type": "conversation.item.truncate", **place, **more}


@pytest.mark.parametrize(
    ("message", "code", "param"),
    [
        ({"type": "session.update"}, "missing_required_parameter", "session"),
        ({"type": "session.update", "session": {}}, "missing_required_parameter", "session.type"),
        (_update(voice="alloy"), "unknown_parameter", "session.voice"),
        (_update(audio={"input": {"a": 1}}), "unknown_parameter", "session.audio.input.a"),
        (_update(audio=5), "invalid_value", "session.audio"),
        (
            _update(audio={"input": {"turn_detection": {"type": ["x"]}}}),
            "invalid_value",
            "session.audio.input.turn_detection.type",
        ),
        (
            _update(audio={"output": {"format": {"type": "audio/pcm", "rate": 8_000}}}),
            "invalid_value",
            "session.audio.output.format",
        ),
        (
            _update(output_modalities=["audio", "text"]),
            "invalid_value",
            "session.output_modalities",
        ),
        (_update(tools=[{"type": "magic"}]), "invalid_value", "session.tools"),
        ({"type": "input_audio_buffer.append", "audio": "@@"}, "invalid_value", "audio"),
        ({"type": "input_audio_buffer.append"}, "missing_required_parameter", "audio"),
        ({"type": "input_audio_buffer.append", "audio": 5}, "invalid_type", "audio"),
        ({"type": "input_audio_buffer.clear", "now": 1}, "unknown_parameter", "now"),
        ({"type": "input_audio_buffer.commit"}, "input_audio_buffer_commit_empty", None),
        ({"type": "response.cancel"}, "response_cancel_not_active", None),
        (_create({}), "missing_required_parameter", "item.type"),
        (_create({"type": "thought"}), "invalid_value", "item.type"),
        (_create({"type": "message"}), "missing_required_parameter", "item.role"),
        (_create({"type": "message", "role": ["user"]}), "invalid_value", "item.role"),
        (
            _create({"type": "message", "role": "user"}),
            "missing_required_parameter",
            "item.content",
        ),
        (_create(_said("output_text")), "invalid_value", "item.content[0].type"),
        (_create(_said("input_audio", audio="@@")), "invalid_value", "item.content[0].audio"),
        (
            _create({"type": "function_call_output", "call_id": "call_x", "output": "1"}),
            "invalid_tool_call_id",
            "item.call_id",
        ),
        (
            _create(_said("input_text"), previous_item_id="item_x"),
            "item_create_invalid_previous_item_id",
            "previous_item_id",
        ),
        (_cut(audio_end_ms=1), "item_truncate_invalid_item_id", "item_id"),
        (_cut(audio_end_ms=0.5), "invalid_type", "audio_end_ms"),
        (_cut(), "missing_required_parameter", "audio_end_ms"),
        (
            {"type": "conversation.item.retrieve", "item_id": "item_x"},
            "item_retrieve_invalid_item_id",
            "item_id",
        ),
        (
            {"type": "conversation.item.delete", "item_id": "item_x"},
            "item_delete_invalid_item_id",
            "item_id",
        ),
        (
            {"type": "response.create", "response": {"modalities": ["text"]}},
            "unknown_parameter",
            "response.modalities",
        ),
        ({"type": "response.think"}, "invalid_value", "type"),
        ({"type": ["response.create"]}, "invalid_value", "type"),
        ({}, "missing_required_parameter", "type"),
    ],
)
def test_the_server_says_what_is_wrong_with_a_message(
    message: dict[str, Any], code: str, param: str | None
) -> None:
    assert _refused(_server(), message) == (code, param)


@pytest.mark.parametrize("message", [*NOT_OBJECTS, b"\xff", b"[]"])
def test_what_is_no_json_is_told_and_the_session_goes_on(message: bytes | str) -> None:
    server = _server()
    error = valid_of_server(server.decode(message).replies[0])["error"]
    assert (error["type"], error["code"]) == ("invalid_request_error", "invalid_json")
    assert _answer(server, {"type": "response.create"})["type"] == "response.created"


def test_items_stand_where_they_were_put_and_can_be_found_and_deleted() -> None:
    server = _server()
    first = _answer(server, _create(_said("input_text") | {"id": "item_a"}))
    assert (first["item"]["id"], first["previous_item_id"]) == ("item_a", None)
    second = _create(_said("input_text", "system") | {"id": "item_b"})
    assert _answer(server, second)["previous_item_id"] == "item_a"
    assert _refused(server, second)[1] == "item.id"
    between = _create(_said("input_text") | {"id": "item_c"}, previous_item_id="item_a")
    assert _answer(server, between)["previous_item_id"] == "item_a"
    head = _create(_said("input_text") | {"id": "item_d"}, previous_item_id="root")
    assert _answer(server, head)["previous_item_id"] is None
    found = _answer(server, {"type": "conversation.item.retrieve", "item_id": "item_b"})
    assert found["item"]["role"] == "system"
    deleted = _answer(server, {"type": "conversation.item.delete", "item_id": "item_b"})
    assert (deleted["type"], deleted["item_id"]) == ("conversation.item.deleted", "item_b")
    assert _refused(server, {"type": "conversation.item.delete", "item_id": "item_b"})[1]


def test_a_message_may_hold_sound_and_several_texts() -> None:
    server = _server()
    sound = {"type": "input_audio", "audio": base64.b64encode(SECOND.data).decode()}
    texts = [{"type": "input_text", "text": text} for text in ("Good", "day.")]
    message = {"type": "message", "role": "user", "content": [sound, *texts]}
    added = _answer(server, _create(message))
    assert added["item"]["content"][0] == {"type": "input_audio"}
    decoded = server.decode('{"type":"response.create"}')
    assert decoded.events == (Audio(SECOND), UserTurnEnded(), Text("Good day."))


def test_a_client_may_want_the_sound_of_telephones() -> None:
    server = _server()
    assert _update_of(server, input={"format": {"type": "audio/pcmu"}})["type"] == "session.updated"
    assert _update_of(server, output={"format": {"type": "audio/pcma"}})["type"]
    assert (server.hears.encoding, server.hears.rate) == (Encoding.MULAW, 8_000)
    assert (server.speaks.encoding, server.speaks.rate) == (Encoding.ALAW, 8_000)
    sound = base64.b64encode(b"\x7f" * 799).decode()
    decoded = server.decode(json.dumps({"type": "input_audio_buffer.append", "audio": sound}))
    assert decoded.events == (Audio(AudioChunk(b"\x7f" * 799, server.hears)),)
    commit = {"type": "input_audio_buffer.commit"}
    assert _refused(server, commit)[0] == "input_audio_buffer_commit_empty"
    server.decode('{"type":"input_audio_buffer.append","audio":"fw=="}')
    assert _answer(server, commit)["type"] == "input_audio_buffer.committed"


def _update_of(server: OpenAIRealtime, **audio: Any) -> dict[str, Any]:
    return _answer(server, _update(audio=audio))


def test_an_answer_of_text_has_no_sound() -> None:
    server = _server()
    wanted = {"type": "response.create", "response": {"output_modalities": ["text"]}}
    said = [*server.decode(json.dumps(wanted)).replies]
    said += [message for event in ANSWER for message in server.encode(event)]
    events = [valid_of_server(message) for message in said]
    kinds = [event["type"] for event in events]
    assert not [kind for kind in kinds if "audio" in kind]
    assert "response.output_text.delta" in kinds
    done = events[kinds.index("response.done")]["response"]
    assert done["output_modalities"] == ["text"]
    (item,) = done["output"]
    assert item["content"] == [{"type": "output_text", "text": "Good day."}]
    spoken = [message for event in ANSWER for message in server.encode(event)]
    assert any("response.output_audio.delta" in str(message) for message in spoken)


def test_the_voice_stays_once_it_was_heard() -> None:
    exchange = _exchange()
    server = exchange.ends[End.SERVER]
    assert isinstance(server, OpenAIRealtime)
    assert _update_of(server, output={"voice": "marin"})["type"] == "session.updated"
    exchange.say(End.SERVER, *ANSWER)
    assert _update_of(server, output={"voice": "marin"})["type"] == "session.updated"
    refused = _refused(server, _update(audio={"output": {"voice": "cedar"}}))
    assert refused == ("cannot_update_voice", "session.audio.output.voice")


def test_an_answer_that_fails_says_why_and_in_no_other_event() -> None:
    exchange = _exchange()
    why = Failed("insufficient_quota", "You exceeded your current quota.")
    kinds = exchange.say(End.SERVER, AgentTurnStarted(), why, AgentTurnEnded("failed"))
    assert kinds == ["response.created", "response.done", "rate_limits.updated"]
    assert exchange.heard[End.CLIENT][-3:] == [AgentTurnStarted(), why, AgentTurnEnded("failed")]
    assert exchange.say(End.SERVER, *ANSWER) != []


def test_an_answer_that_was_cut_has_the_words_that_were_made() -> None:
    exchange = _exchange()
    exchange.say(End.CLIENT, ReplyRequested())
    exchange.say(End.SERVER, AgentTurnStarted(), TranscriptDelta("agent", "Good"), Audio(SECOND))
    exchange.say(End.CLIENT, Interrupted())
    done = next(m for m in reversed(exchange.sent) if m["type"] == "response.done")["response"]
    assert done["status_details"] == {"type": "cancelled", "reason": "client_cancelled"}
    (item,) = done["output"]
    assert item["content"] == [{"type": "output_audio", "transcript": "Good"}]


def test_a_second_response_waits_for_the_first() -> None:
    server = _server()
    assert _answer(server, {"type": "response.create"})["type"] == "response.created"
    assert _refused(server, {"type": "response.create"})[0] == (
        "conversation_already_has_active_response"
    )


def test_an_update_changes_what_it_names_and_nothing_else() -> None:
    server = OpenAIRealtime(End.SERVER, PLATFORM, model="gpt-realtime-2.1")
    created = valid_of_server(server.start()[0])["session"]
    assert created["audio"]["input"]["turn_detection"]["silence_duration_ms"] == 500
    updated = _answer(server, _update(instructions="Be brief."))["session"]
    assert updated == created | {"instructions": "Be brief."}
    assert server.continuous
    quiet = _answer(server, _update(audio={"input": {"turn_detection": None}}))["session"]
    assert quiet["audio"]["input"]["turn_detection"] is None
    assert quiet["audio"]["output"] == created["audio"]["output"]
    assert not server.continuous


def test_more_than_was_said_cannot_be_cut() -> None:
    exchange = _exchange()
    exchange.say(End.SERVER, *ANSWER)
    server = exchange.ends[End.SERVER]
    item = next(m["item_id"] for m in exchange.sent if m["type"] == "response.output_audio.delta")
    cut = {"type": "conversation.item.truncate", "item_id": item, "content_index": 0}
    assert isinstance(server, OpenAIRealtime)
    assert _refused(server, cut | {"audio_end_ms": 1_001}) == ("invalid_value", "audio_end_ms")
    decoded = server.decode(json.dumps(cut | {"audio_end_ms": 300}))
    assert decoded.events == (Interrupted(item, 0.3),)
    assert valid_of_server(decoded.replies[0])["type"] == "conversation.item.truncated"


def test_what_the_agent_says_after_a_cancel_is_not_sent() -> None:
    exchange = _exchange()
    exchange.say(End.CLIENT, ReplyRequested())
    exchange.say(End.CLIENT, Interrupted())
    assert exchange.say(End.SERVER, *ANSWER) == []
    assert exchange.say(End.SERVER, *ANSWER) != []


def test_quirks_fail_an_answer_or_the_session() -> None:
    failing = _exchange("response_failed")
    failing.say(End.SERVER, *ANSWER, *ANSWER)
    words = "The server had an error while processing your request."
    assert Failed("server_error", words) in failing.heard[End.CLIENT]
    erring = _exchange("error_mid_response")
    kinds = erring.say(End.SERVER, *ANSWER)
    assert kinds.index("error") > kinds.index("response.output_audio.delta")
    expiring = _exchange("session_expired")
    assert expiring.say(End.SERVER, *ANSWER, *ANSWER)[-1] == "error"
    assert expiring.heard[End.CLIENT][-1].fatal
    assert expiring.say(End.SERVER, *ANSWER) == []


DOCUMENTED_BY_SERVER = [
    _begun("resp_1"),
    _delta("resp_1", b"\1\0" * 4),
    *CALL_EVENTS["arguments"],
    _frame("response.output_audio_transcript.done", response_id="resp_1", transcript="Hi."),
    _done("resp_1", "failed", [_call("call_1")], status_details={"error": {"code": "a"}}),
    _error("server_error"),
    _frame("session.updated", session={"type": "realtime"}),
]
DOCUMENTED_BY_CLIENT = [
    json.dumps(_update(audio={"input": {"turn_detection": {"type": "server_vad"}}})),
    json.dumps(_update(tools=[{"type": "function"}], audio={"output": {"format": PCM}})),
    json.dumps({"type": "input_audio_buffer.append", "audio": "AAAA"}),
    json.dumps({"type": "conversation.item.create", "item": {"type": "message", "role": "user"}}),
    json.dumps({"type": "conversation.item.truncate", "item_id": "i", "audio_end_ms": 5}),
    json.dumps({"type": "response.create"}),
]


@given(data=st.data())
def test_nothing_that_either_end_may_be_told_is_more_than_an_error(data: st.DataObject) -> None:
    ends: list[tuple[Callable[[], OpenAIRealtime], list[str]]] = [
        (lambda: _ready(_client()), DOCUMENTED_BY_SERVER),
        (_server, DOCUMENTED_BY_CLIENT),
    ]
    for make, documented in ends:
        codec = make()
        for _ in range(2):
            survives(codec, data.draw(mutated(documented) | st.binary(max_size=9)))


@pytest.mark.parametrize("message", [*NOT_OBJECTS, *HUGE])
def test_what_is_far_from_the_protocol_is_the_peers_fault(message: str) -> None:
    for codec in (_client(), _server()):
        survives(codec, message)


def test_a_text_that_nobody_speaks_is_told_as_written() -> None:
    client = OpenAIRealtime(End.CLIENT)
    place = '"response_id":"resp_1","item_id":"item_1","output_index":0,"content_index":0'
    delta = f'{{"type":"response.output_text.delta",{place},"delta":"Good"}}'
    assert client.decode(delta).events == ()
    done = f'{{"type":"response.output_text.done",{place},"text":"Good day."}}'
    assert client.decode(done).events == (Transcript("agent", "Good day.", written=True),)
