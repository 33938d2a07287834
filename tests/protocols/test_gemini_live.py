"""The Gemini Live API, frame by frame; Google's own SDK reads what our server writes."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import Any

import pytest
from google.genai import types
from hypothesis import given
from hypothesis import strategies as st

from tests.protocols.garbage import HUGE, JSON, NOT_OBJECTS, mutated, survives
from voicetest.audio.chunk import AudioChunk, AudioFormat, Encoding
from voicetest.errors import ProtocolError
from voicetest.events import (
    AgentTurnEnded,
    AgentTurnStarted,
    Audio,
    Cleared,
    Event,
    Ignored,
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
from voicetest.protocols.base import CannotSend, End
from voicetest.protocols.gemini_live import GeminiLive
from voicetest.protocols.gemini_live_message import snake_cased
from voicetest.protocols.gemini_live_setup import Setup, declaration
from voicetest.scenario.tools import Tool

HEARS = AudioFormat(Encoding.PCM16, 16_000)
SPEAKS = AudioFormat(Encoding.PCM16, 24_000)
PCM = b"\xfb\xff\xff\x7f"
PARAMETERS = {"type": "object", "properties": {"parcel_number": {"type": "string"}}}
TOOL = Tool.model_validate(
    {"name": "find_parcel", "description": "Where it is.", "parameters": PARAMETERS}
)
RICH = Setup("gemini-3.8-live", "Puck", "Be nice.", functions=[declaration(TOOL)])
GENERATED = Status("generated")


def _sound(data: bytes = PCM, wire: AudioFormat = SPEAKS) -> Audio:
    return Audio(AudioChunk(data, wire))


def _spoken(data: object, kind: str = "audio/pcm;rate=24000") -> dict[str, Any]:
    part = {"inlineData": {"mimeType": kind, "data": data}}
    return {"serverContent": {"modelTurn": {"parts": [part]}}}


def _content(**fields: Any) -> dict[str, Any]:
    return {"serverContent": fields}


SOUND = _spoken(base64.b64encode(PCM).decode())
DONE = _content(turnComplete=True)
CUT = _content(interrupted=True)
SERVER_MESSAGES: list[dict[str, Any]] = [
    {"setupComplete": {"sessionId": "s1"}},
    SOUND,
    _content(outputTranscription={"text": "Hello"}, generationComplete=True),
    _content(inputTranscription={"text": "Hi", "finished": True}),
    {**DONE, "usageMetadata": {"totalTokenCount": 3}},
    _content(interrupted=True, turnComplete=True, interactionStatus="IDLE"),
    {"toolCall": {"functionCalls": [{"id": "1", "name": "f", "args": {"a": [1]}}]}},
    {"toolCallCancellation": {"ids": ["1"]}},
    {"goAway": {"timeLeft": "10s"}},
    {"sessionResumptionUpdate": {"newHandle": "h", "resumable": True}},
    {"voiceActivity": {"voiceActivityType": "ACTIVITY_START"}},
]
CLIENT_MESSAGES: list[dict[str, Any]] = [
    {"realtimeInput": {"audio": {"mimeType": "audio/pcm;rate=16000", "data": "AAAA"}}},
    {"realtimeInput": {"activityStart": {}}},
    {"realtimeInput": {"activityEnd": {}}},
    {"realtimeInput": {"mediaChunks": [{"mimeType": "audio/pcm", "data": "AAAA"}]}},
    {
        "clientContent": {
            "turns": [{"role": "user", "parts": [{"text": "a"}]}],
            "turnComplete": True,
        }
    },
    {"toolResponse": {"functionResponses": [{"id": "1", "name": "f", "response": {"output": 1}}]}},
]


def _heard(codec: GeminiLive, *messages: dict[str, Any]) -> list[Event]:
    """What messages mean, each of which comes as a binary frame."""
    return [e for m in messages for e in codec.decode(json.dumps(m).encode()).events]


def _said(codec: GeminiLive, *events: Event) -> list[dict[str, Any]]:
    return [json.loads(message) for event in events for message in codec.encode(event)]


def _ready_server(setup: Setup | None = None, *quirks: str) -> GeminiLive:
    codec = GeminiLive(End.SERVER, quirks=frozenset(quirks))
    (opening,) = GeminiLive(End.CLIENT, setup).start()
    decoded = codec.decode(opening)
    assert decoded.events == (Ready("", SPEAKS, HEARS),)
    (reply,) = decoded.replies
    assert isinstance(reply, bytes)
    assert snake_cased(json.loads(reply)) == {"setup_complete": {}}
    return codec


# What the client says.


def test_what_is_not_wanted_is_left_out_of_the_first_message() -> None:
    (opening,) = GeminiLive(End.CLIENT, Setup("tunedModels/mine", automatic=True)).start()
    setup = json.loads(opening)["setup"]
    assert setup["model"] == "tunedModels/mine"
    assert setup["realtimeInputConfig"] == {"automaticActivityDetection": {}}
    assert not {"tools", "systemInstruction"} & setup.keys()


def test_sound_is_sent_between_markers_only() -> None:
    codec = GeminiLive(End.CLIENT)
    assert not codec.continuous
    sound = _sound(PCM, HEARS)
    turn: list[Event] = [sound, UserTurnStarted(), UserTurnStarted(), sound]
    turn += [UserTurnEnded(), UserTurnEnded()]
    assert _said(codec, *turn, sound) == [
        {"realtimeInput": {"activityStart": {}}},
        {"realtimeInput": {"audio": {"mimeType": "audio/pcm;rate=16000", "data": "+///fw=="}}},
        {"realtimeInput": {"activityEnd": {}}},
    ]


def test_a_model_that_finds_turns_hears_all_the_time_and_gets_no_markers() -> None:
    codec = GeminiLive(End.CLIENT, Setup(automatic=True))
    assert codec.continuous
    (message,) = _said(codec, _sound(PCM, HEARS))
    assert message["realtimeInput"]["audio"]["mimeType"] == "audio/pcm;rate=16000"
    with pytest.raises(CannotSend, match="UserTurnStarted"):
        codec.encode(UserTurnStarted())


def test_every_message_of_the_client_is_one_of_googles() -> None:
    codec = GeminiLive(End.CLIENT)
    _heard(codec, {"toolCall": {"functionCalls": [{"id": "7", "name": "f", "args": {}}]}})
    messages = _said(
        codec,
        ToolResult("7", '{"a": 1}'),
        ToolResult("7", "it broke", failed=True),
        UserTurnStarted(),
        _sound(PCM, HEARS),
        UserTurnEnded(),
        Text("Hello."),
        ReplyRequested(),
    )
    for message in messages:
        types.LiveClientMessage.model_validate(message)
    given, broke = (m["toolResponse"]["functionResponses"] for m in messages[:2])
    assert given == [{"id": "7", "name": "f", "response": {"output": {"a": 1}}}]
    assert broke == [{"id": "7", "name": "f", "response": {"error": "it broke"}}]


def _calls(*calls: dict[str, Any]) -> dict[str, Any]:
    return {"toolCall": {"functionCalls": [{"args": {}, **call} for call in calls]}}


def _responses(codec: GeminiLive, *results: ToolResult) -> list[list[dict[str, Any]]]:
    """The answers that each result leads to, each of which is one of Google's messages."""
    found = []
    for message in _said(codec, *results):
        types.LiveClientMessage.model_validate(message)
        found.append(message["toolResponse"]["functionResponses"])
    return found


def test_calls_without_ids_are_answered_together_in_their_order_by_name_and_without_ids() -> None:
    codec = GeminiLive(End.CLIENT)
    first, second, third = _heard(codec, _calls({"name": "a"}, {"name": "b"}, {"name": "a"}))
    assert all(isinstance(call, ToolCalled) for call in (first, second, third))
    ids = [call.id for call in (first, second, third) if isinstance(call, ToolCalled)]
    assert len(set(ids)) == 3
    assert all(ids)
    assert _responses(codec, ToolResult(ids[2], "3"), ToolResult(ids[1], "2")) == []
    assert _responses(codec, ToolResult(ids[0], "1")) == [
        [
            {"name": "a", "response": {"output": 1}},
            {"name": "b", "response": {"output": 2}},
            {"name": "a", "response": {"output": 3}},
        ]
    ]


def test_calls_with_ids_are_answered_one_by_one_beside_those_without() -> None:
    codec = GeminiLive(End.CLIENT)
    named, unnamed = _heard(codec, _calls({"id": "7", "name": "a"}, {"id": "", "name": "b"}))
    assert isinstance(named, ToolCalled)
    assert isinstance(unnamed, ToolCalled)
    assert _responses(codec, ToolResult(unnamed.id, "2"), ToolResult("7", "1")) == [
        [{"name": "b", "response": {"output": 2}}],
        [{"id": "7", "name": "a", "response": {"output": 1}}],
    ]


def test_a_call_that_was_cancelled_is_not_answered() -> None:
    codec = GeminiLive(End.CLIENT)
    _heard(codec, _calls({"id": "7", "name": "a"}, {"id": "8", "name": "b"}))
    assert _heard(codec, {"toolCallCancellation": {"ids": ["7"]}}) == [ToolCancelled("7")]
    assert _responses(codec, ToolResult("7", "1")) == []
    assert len(_responses(codec, ToolResult("8", "2"))) == 1


LOUD = AudioChunk(b"\x10\x20" * 320, HEARS)
QUIET = AudioChunk(bytes(640), HEARS)


@pytest.mark.parametrize("automatic", [False, True])
def test_what_the_user_says_while_a_call_is_unanswered_follows_its_answer(automatic: bool) -> None:
    codec = GeminiLive(End.CLIENT, Setup(automatic=automatic))
    begun: list[Event] = [] if automatic else [UserTurnStarted()]
    ended: list[Event] = [] if automatic else [UserTurnEnded()]
    _heard(codec, _calls({"id": "7", "name": "a"}))
    assert _said(codec, *begun, Audio(LOUD), Audio(QUIET), Audio(LOUD), *ended) == []
    answer, *held = _said(codec, ToolResult("7", "1"))
    assert "toolResponse" in answer
    kinds = [kind for message in held for kind in message["realtimeInput"]]
    marked = ["activityStart", "audio", "audio", "audio", "activityEnd"]
    assert kinds == (["audio"] * 3 if automatic else marked)
    (warned,) = _heard(codec, {"usageMetadata": {}})
    assert isinstance(warned, Warned)
    assert "0.1 s were sent only after its answer" in warned.message
    assert _heard(codec, {"usageMetadata": {}}) == []
    assert len(_said(codec, *begun, Audio(LOUD))) == len(begun) + 1


def test_the_silence_of_a_live_microphone_is_left_out_meanwhile() -> None:
    codec = GeminiLive(End.CLIENT, Setup(automatic=True))
    _heard(codec, _calls({"id": "7", "name": "a"}))
    assert _said(codec, *[Audio(QUIET)] * 100) == []
    assert len(_said(codec, ToolResult("7", "1"))) == 1
    assert _heard(codec, {"usageMetadata": {}}) == []
    assert len(_said(codec, Audio(QUIET))) == 1


@pytest.mark.parametrize(
    "message",
    [
        {"toolCallCancellation": {"ids": ["7"]}},
        _content(turnComplete=True, interactionStatus="IN_PROGRESS"),
    ],
)
def test_a_model_that_does_not_wait_any_more_hears_what_was_held_back(
    message: dict[str, Any],
) -> None:
    codec = GeminiLive(End.CLIENT, Setup(automatic=True))
    _heard(codec, _calls({"id": "7", "name": "a"}))
    assert _said(codec, Audio(LOUD)) == []
    (held,) = codec.decode(json.dumps(message)).replies
    assert "audio" in json.loads(held)["realtimeInput"]
    assert len(_said(codec, Audio(LOUD))) == 1


def test_only_the_last_half_minute_is_held_back() -> None:
    codec = GeminiLive(End.CLIENT, Setup(automatic=True))
    _heard(codec, _calls({"id": "7", "name": "a"}))
    second = AudioChunk(b"\x10\x20" * 16_000, HEARS)
    _said(codec, *[Audio(second)] * 40)
    assert len(_said(codec, ToolResult("7", "1"))) == 1 + 30
    (warned,) = _heard(codec, {"usageMetadata": {}})
    assert isinstance(warned, Warned)
    assert "but for its beginning" in warned.message


def test_a_tool_that_answers_nothing_is_told_of_once() -> None:
    codec = GeminiLive(End.CLIENT)
    _heard(codec, _calls({"id": "7", "name": "a"}, {"id": "8", "name": "a"}))
    assert _responses(codec, ToolResult("7", "null"))[0][0]["response"] == {"output": None}
    _responses(codec, ToolResult("8", "null"))
    (warned,) = _heard(codec, {"usageMetadata": {}})
    assert isinstance(warned, Warned)
    assert "the tool a answers nothing" in warned.message


# What the client hears.


def test_setup_is_complete() -> None:
    ready = Ready("s1", SPEAKS, HEARS)
    assert _heard(GeminiLive(End.CLIENT), SERVER_MESSAGES[0]) == [ready]


@pytest.mark.parametrize("data", ["+///fw==", "-___fw==", "-___fw"])
def test_sound_is_read_in_either_alphabet_of_base64(data: str) -> None:
    assert _heard(GeminiLive(End.CLIENT), _spoken(data)) == [_sound()]


def test_a_whole_turn_has_its_words_once_at_its_end() -> None:
    heard = _heard(
        GeminiLive(End.CLIENT),
        _content(inputTranscription={"text": " Where"}),
        _content(inputTranscription={"text": " is it?"}),
        SOUND,
        _content(outputTranscription={"text": "It is"}),
        {**SOUND, "usageMetadata": {"totalTokenCount": 3}},
        _content(outputTranscription={"text": " here."}),
        _content(generationComplete=True),
        DONE,
    )
    assert heard == [
        Transcript("user", "Where is it?"),
        _sound(),
        TranscriptDelta("agent", "It is"),
        _sound(),
        TranscriptDelta("agent", " here."),
        GENERATED,
        Transcript("agent", "It is here."),
        AgentTurnEnded(),
    ]


def test_words_do_not_run_from_one_turn_into_the_next() -> None:
    codec = GeminiLive(End.CLIENT)
    _heard(codec, SOUND, _content(outputTranscription={"text": "One."}), DONE)
    codec.encode(UserTurnStarted())
    codec.encode(UserTurnEnded())
    heard = _heard(codec, _content(outputTranscription={"text": "Two."}), SOUND, DONE)
    assert [event for event in heard if isinstance(event, Transcript)] == [
        Transcript("agent", "Two.")
    ]


def test_text_in_place_of_sound_is_a_written_answer_without_its_thoughts() -> None:
    codec = GeminiLive(End.CLIENT)
    codec.encode(Text("Hello."))
    parts = [{"text": "Hm.", "thought": True}, {"text": "We can re"}]
    heard = _heard(codec, _content(modelTurn={"parts": parts}))
    heard += _heard(codec, _content(modelTurn={"parts": [{"text": "fund it."}]}), DONE)
    assert [event for event in heard if not isinstance(event, Ignored)] == [
        AgentTurnStarted(),
        Transcript("agent", "We can refund it.", written=True),
        AgentTurnEnded(),
    ]
    heard = _heard(codec, _content(outputTranscription={"text": "Two."}), SOUND, DONE)
    assert not any(isinstance(e, Transcript) and e.written for e in heard)


def test_one_message_may_say_many_things_in_snake_case_as_text() -> None:
    message = snake_cased(
        {
            "serverContent": {
                **SOUND["serverContent"],
                "inputTranscription": {"text": "Hi"},
                "outputTranscription": {"text": "Hello."},
                "turnComplete": True,
            },
            "toolCall": {"functionCalls": [{"id": "1", "name": "f", "args": {"aB": 1}}]},
            "goAway": {"timeLeft": "10s"},
            "somethingNew": {"x": 1},
        }
    )
    assert "server_content" in message
    heard = GeminiLive(End.CLIENT).decode(json.dumps(message)).events
    assert heard == (
        Transcript("user", "Hi"),
        TranscriptDelta("agent", "Hello."),
        _sound(),
        ToolCalled("1", "f", '{"aB":1}'),
        Transcript("agent", "Hello."),
        AgentTurnEnded(),
        Warned("the server says that it will end the connection in '10s'"),
    )


def test_an_interruption_clears_and_ends_the_turn_with_what_was_said() -> None:
    heard = _heard(
        GeminiLive(End.CLIENT),
        SOUND,
        _content(outputTranscription={"text": "We are open"}),
        CUT,
        _content(outputTranscription={"text": " from nine"}),
        {"toolCallCancellation": {"ids": ["1", "2"]}},
        DONE,
    )
    assert heard[2:] == [
        Transcript("agent", "We are open"),
        Cleared(),
        TranscriptDelta("agent", " from nine"),
        ToolCancelled("1"),
        ToolCancelled("2"),
        Transcript("agent", "We are open from nine", replaces="We are open"),
        AgentTurnEnded("interrupted"),
    ]


def test_the_spurious_interruption_of_an_answer_that_is_over_ends_no_turn() -> None:
    codec = GeminiLive(End.CLIENT)
    _heard(codec, SOUND, DONE)
    codec.encode(UserTurnStarted())
    assert _heard(codec, CUT, DONE) == [Cleared()]
    codec.encode(UserTurnEnded())
    words = _content(outputTranscription={"text": "Yes."})
    assert _heard(codec, words, SOUND, DONE) == [
        TranscriptDelta("agent", "Yes."),
        _sound(),
        Transcript("agent", "Yes."),
        AgentTurnEnded(),
    ]


def test_words_of_the_user_that_come_after_the_answer_correct_what_was_heard() -> None:
    codec = GeminiLive(End.CLIENT)
    codec.encode(UserTurnStarted())
    where, is_it = (_content(inputTranscription={"text": words}) for words in ("Where", " is it?"))
    assert _heard(codec, where) == []
    codec.encode(UserTurnEnded())
    assert _heard(codec, SOUND) == [Transcript("user", "Where"), _sound()]
    corrected = Transcript("user", "Where is it?", replaces="Where")
    assert _heard(codec, DONE, is_it) == [AgentTurnEnded(), corrected]
    codec.encode(UserTurnStarted())
    codec.encode(UserTurnEnded())
    assert _heard(codec, where, SOUND) == [Transcript("user", "Where"), _sound()]


def test_messages_in_another_order_give_the_same_turns() -> None:
    codec = GeminiLive(End.CLIENT)
    words = _content(outputTranscription={"text": "Yes."})
    assert _heard(codec, words, SOUND, DONE, _content(generationComplete=True)) == [
        TranscriptDelta("agent", "Yes."),
        _sound(),
        Transcript("agent", "Yes."),
        AgentTurnEnded(),
        GENERATED,
    ]
    codec.encode(Text("And?"))
    assert _heard(codec, DONE, SERVER_MESSAGES[0]) == [AgentTurnEnded(), Ready("s1", SPEAKS, HEARS)]


def test_words_that_come_after_the_end_of_a_turn_correct_it() -> None:
    codec = GeminiLive(End.CLIENT)
    _heard(codec, SOUND, _content(outputTranscription={"text": "It is"}), DONE)
    assert _heard(codec, _content(outputTranscription={"text": " here."})) == [
        TranscriptDelta("agent", " here."),
        Transcript("agent", "It is here.", replaces="It is"),
    ]


def test_a_turn_with_nothing_in_it_ends_with_googles_reason() -> None:
    assert _heard(GeminiLive(End.CLIENT), DONE) == [AgentTurnEnded()]
    given_up = _content(turnComplete=True, turnCompleteReason="MALFORMED_FUNCTION_CALL")
    types.LiveServerMessage.model_validate(given_up)
    assert _heard(GeminiLive(End.CLIENT), given_up) == [AgentTurnEnded("malformed_function_call")]
    usual = _content(turnComplete=True, turnCompleteReason="TURN_COMPLETE_REASON_UNSPECIFIED")
    assert _heard(GeminiLive(End.CLIENT), usual) == [AgentTurnEnded()]


def test_a_turn_goes_on_while_functions_run_in_the_background() -> None:
    going_on = _content(turnComplete=True, interactionStatus="IN_PROGRESS")
    idle = _content(turnComplete=True, interactionStatus="IDLE")
    codec = GeminiLive(End.CLIENT)
    assert _heard(codec, SOUND, going_on) == [_sound()]
    assert _heard(codec, SOUND, idle) == [_sound(), AgentTurnEnded()]


def test_generation_that_is_complete_is_no_end() -> None:
    assert _heard(GeminiLive(End.CLIENT), _content(generationComplete=True)) == [GENERATED]


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (_content(turnComplete="yes"), "turnComplete as '\"yes\"', where true or false"),
        ({"serverContent": 5}, "serverContent as '5', where an object"),
        (_spoken("@@@@"), "sound that is no base64"),
        (_spoken(None), "something else than a text where sound is expected"),
        (_spoken("AAA=", "audio/pcm;rate=0"), "where a sample rate is expected"),
        ({"toolCall": {"functionCalls": [{"id": "1"}]}}, "a function call without a name"),
        ({"toolCall": {"functionCalls": ["f"]}}, "functionCalls as"),
        ({"toolCallCancellation": {"ids": [1]}}, "ids as '[1]', where a list of texts"),
        (_content(outputTranscription={"text": 5}), "text as '5', where a text"),
    ],
)
def test_a_message_with_something_else_in_it_is_a_fault_of_the_server(
    message: dict[str, Any], words: str
) -> None:
    with pytest.raises(ProtocolError) as raised:
        _heard(GeminiLive(End.CLIENT), message)
    assert words in str(raised.value)


def test_what_is_no_message_is_a_fault_of_the_peer() -> None:
    for message in (*NOT_OBJECTS, *HUGE[:2]):
        with pytest.raises(ProtocolError):
            GeminiLive(End.CLIENT).decode(message.encode())
    with pytest.raises(ProtocolError, match="2 bytes that are no JSON"):
        GeminiLive(End.CLIENT).decode(b"\xff\xfe")


@given(message=mutated([json.dumps(m) for m in SERVER_MESSAGES]) | JSON.map(json.dumps))
def test_no_message_of_a_server_breaks_the_client(message: str) -> None:
    survives(GeminiLive(End.CLIENT), message)


@given(message=mutated([json.dumps(m) for m in CLIENT_MESSAGES]) | JSON.map(json.dumps))
def test_no_message_of_a_client_breaks_the_server(message: str) -> None:
    survives(_ready_server(), message)


@given(data=st.binary(max_size=30))
def test_no_bytes_break_the_client(data: bytes) -> None:
    survives(GeminiLive(End.CLIENT), data)


# The server's end.


def _check(messages: Sequence[dict[str, Any]]) -> None:
    """Google's SDK knows every field of these messages."""
    for message in messages:
        types.LiveServerMessage.model_validate(message)


TURN = (
    Transcript("user", "Where is it?"),
    ToolCalled("call_1", "find_parcel", '{"parcel_number": "45"}'),
    TranscriptDelta("agent", "It is on its way to you."),
    Transcript("agent", "It is on its way to you."),
    _sound(b"\1\0" * 12_000),
    GENERATED,
    AgentTurnEnded(),
)


@pytest.mark.parametrize(
    "quirk", ["", "async_tools", "late_transcripts", "snake_case", "spurious_interruption"]
)
def test_googles_sdk_reads_all_that_the_server_writes(quirk: str) -> None:
    codec = _ready_server(RICH, quirk)
    cut = (_sound(), Cleared(), AgentTurnEnded("interrupted"), ToolCancelled("call_1"))
    messages = _said(codec, *TURN, *cut)
    _check(messages)
    decoded = codec.decode(json.dumps(CLIENT_MESSAGES[1]))
    _check([json.loads(reply) for reply in decoded.replies])
    client = GeminiLive(End.CLIENT)
    heard = [event for message in messages for event in _heard(client, message)]
    ended = [event.reason for event in heard if isinstance(event, AgentTurnEnded)]
    assert ended == ["", "interrupted"]
    told = [event.text for event in heard if isinstance(event, Transcript)]
    assert told == ["Where is it?", "It is on its way to you."]
    sounds = b"".join(event.chunk.data for event in heard if isinstance(event, Audio))
    assert len(sounds) == 24_000 + len(PCM)


def test_sound_goes_out_in_pieces_with_the_words_between_them() -> None:
    messages = _said(_ready_server(), *TURN[2:])
    kinds = ["+".join(message["serverContent"]) for message in messages]
    assert kinds[0] == "modelTurn+outputTranscription"
    assert kinds[1:-2].count("modelTurn") == 4
    assert kinds[1:-2].count("outputTranscription") == 4
    assert kinds[-2:] == ["generationComplete", "turnComplete"]
    assert messages[-1]["usageMetadata"] == {"responseTokenCount": 12, "totalTokenCount": 12}


def test_an_interrupted_turn_is_never_generated_whole() -> None:
    messages = _said(_ready_server(), _sound(), Cleared(), AgentTurnEnded("interrupted"))
    kinds = [list(message["serverContent"]) for message in messages]
    assert kinds == [["modelTurn"], ["interrupted"], ["turnComplete"]]


def test_who_begins_to_speak_after_an_answer_interrupts_it_where_that_is_a_quirk() -> None:
    codec = _ready_server(None, "spurious_interruption")
    start, end = (json.dumps(message) for message in CLIENT_MESSAGES[1:3])
    assert codec.decode(start).replies == ()
    codec.decode(end)
    _said(codec, _sound(), AgentTurnEnded())
    decoded = codec.decode(start)
    assert decoded.events == (UserTurnStarted(),)
    assert [json.loads(reply) for reply in decoded.replies] == [CUT, DONE]


def test_words_that_were_not_asked_for_are_not_sent() -> None:
    messages = _said(_ready_server(Setup(hears_words=False, speaks_words=False)), *TURN)
    assert "Transcription" not in json.dumps(messages)


SET_UP = {"setup": {"model": "gemini-live"}}


@pytest.mark.parametrize(
    ("messages", "words"),
    [
        ([CLIENT_MESSAGES[1]], "the first message has to be setup"),
        ([{"setup": {}}], "setup names no model"),
        ([{"setup": {"model": "gemini-live"}}, {"setup": {"model": "gemini-live"}}], "only once"),
        (
            [{"setup": {"model": "gemini-live"}}, CLIENT_MESSAGES[1]],
            "Explicit activity control is not",
        ),
        ([{"setup": {"model": "gemini-live", "tools": 5}}], "tools as '5'"),
    ],
)
def test_a_client_that_does_not_keep_to_the_api_is_told(
    messages: list[dict[str, Any]], words: str
) -> None:
    with pytest.raises(ProtocolError) as raised:
        _heard(GeminiLive(End.SERVER), *messages)
    assert words in str(raised.value)


def test_the_server_hears_sound_between_markers_only() -> None:
    codec = _ready_server()
    sound, start, end, chunks, *_ = CLIENT_MESSAGES
    assert _heard(codec, start, sound) == [UserTurnStarted(), _sound(b"\0\0", HEARS)]
    even = {"realtimeInput": {"audio": {"mimeType": "audio/pcm;rate=8000", "data": "AAA="}}}
    slow = AudioFormat(Encoding.PCM16, 8_000)
    assert _heard(codec, even) == [_sound(b"\0\0", slow)]
    assert _heard(codec, end, even, chunks) == [UserTurnEnded()]


def test_the_end_of_the_stream_is_silence_to_a_model_that_finds_turns() -> None:
    ends = {"realtimeInput": {"audioStreamEnd": True}}
    (silence,) = _heard(_ready_server(Setup(automatic=True)), ends)
    assert silence == _sound(bytes(32_000), HEARS)
    assert _heard(_ready_server(), ends) == []


def test_what_a_client_types_is_a_turn_or_asks_for_one() -> None:
    codec = _ready_server()
    history = {"clientContent": {"turns": [{"parts": [{"text": "a"}]}], "turnComplete": False}}
    bare = {"client_content": {"turn_complete": True}}
    live_text = {"realtimeInput": {"text": "b"}}
    assert _heard(codec, history, CLIENT_MESSAGES[4], bare, live_text) == [
        Text("a"),
        ReplyRequested(),
        Text("b"),
    ]


def test_a_function_may_answer_in_any_shape() -> None:
    given_back = {"functionResponses": [{"id": "1", "response": {"result": "ok"}}]}
    assert _heard(_ready_server(), {"toolResponse": given_back}) == [
        ToolResult("1", '{"result":"ok"}')
    ]
