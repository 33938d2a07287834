"""RTVI as a real bot of pipecat-ai 1.14.0 spoke it, and as older ones are documented.

`recorded/rtvi-*.jsonl` are all messages of such a bot up to the end of a turn: with a voice that
only knows sentences, and with one that knows its words. The user interrupts in both.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from voicetest.audio.chunk import AudioFormat, Encoding
from voicetest.errors import ProtocolError
from voicetest.events import (
    AgentTurnEnded,
    AgentTurnStarted,
    Cleared,
    Dtmf,
    Event,
    Failed,
    Ignored,
    Ready,
    Text,
    ToolCalled,
    ToolCancelled,
    ToolResult,
    Transcript,
    TranscriptDelta,
    Warned,
)
from voicetest.protocols.base import CannotSend, End
from voicetest.protocols.rtvi import FAILURE, Rtvi

SPEAKS, HEARS = AudioFormat(Encoding.PCM16, 24_000), AudioFormat(Encoding.PCM16, 16_000)
RECORDED = Path(__file__).parent / "recorded"


def _rtvi(end: End = End.CLIENT) -> Rtvi:
    return Rtvi(end, SPEAKS, HEARS)


def _message(kind: str, **data: Any) -> dict[str, Any]:
    return {"label": "rtvi-ai", "type": kind, "data": data}


def _heard(rtvi: Rtvi, messages: Iterable[object]) -> list[Event]:
    return [event for message in messages for event in rtvi.decode(message).events]


def _recorded(name: str) -> list[Any]:
    lines = (RECORDED / f"rtvi-{name}.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def test_a_voice_of_sentences_gives_each_of_them_once_when_it_was_spoken() -> None:
    first = "Your order is on its way."
    asked = ToolCalled("call_2", "look_up_order", '{"order":42}')
    assert _heard(_rtvi(), _recorded("sentences")) == [
        Ready("e75856d4e72b429482a0e4a1d77a5d5f", SPEAKS, HEARS),
        AgentTurnStarted(),
        Cleared(),
        AgentTurnEnded(),
        Cleared(),
        AgentTurnStarted(),
        TranscriptDelta("agent", first),
        Transcript("agent", first),
        Cleared(),
        AgentTurnEnded(),
        asked,
        ToolResult("call_2", '{"status":"shipped"}'),
        AgentTurnStarted(),
        TranscriptDelta("agent", "I looked it up."),
        Transcript("agent", "I looked it up."),
        TranscriptDelta("agent", "It was shipped."),
        Transcript("agent", "It was shipped."),
        AgentTurnEnded(),
    ]


def test_a_voice_of_words_gives_each_of_them_and_what_was_said_before_an_interruption() -> None:
    heard = _heard(_rtvi(), _recorded("words"))
    words = "".join(event.text for event in heard if isinstance(event, TranscriptDelta))
    assert words == "Hello, this is the shop.Your order is on its way.It should arrive on"
    assert [event.text for event in heard if isinstance(event, Transcript)] == [
        "Hello, this is the shop.",
        "Your order is on its way.",
        "It should arrive on",
    ]
    assert heard[-3:] == [Cleared(), Transcript("agent", "It should arrive on"), AgentTurnEnded()]


def test_a_sentence_that_was_completed_after_all_corrects_its_beginning() -> None:
    words = {"text": "One two.", "segment_id": 7, "will_be_spoken": True}
    begun = words | {
        "spoken_status": "in-progress",
        "spoken_progress": {"accumulated_text": "One", "remaining_text": " two."},
    }
    assert _heard(
        _rtvi(),
        [
            _message("bot-output", **begun),
            _message("bot-stopped-speaking"),
            _message("bot-output", **words, spoken_status="completed"),
        ],
    ) == [
        TranscriptDelta("agent", "One"),
        Transcript("agent", "One"),
        AgentTurnEnded(),
        Transcript("agent", "One two.", replaces="One"),
    ]


def test_a_speech_to_speech_model_gives_pieces_that_are_whole_at_the_end_of_the_turn() -> None:
    pieces = [
        _message("bot-output", text=text, spoken=True, will_be_spoken=False, spoken_status="new")
        for text in ("Good ", "day.")
    ]
    assert (
        _heard(_rtvi(), [*pieces, _message("bot-stopped-speaking")] * 2)
        == [
            TranscriptDelta("agent", "Good "),
            TranscriptDelta("agent", "day."),
            Transcript("agent", "Good day."),
            AgentTurnEnded(),
        ]
        * 2
    )


def test_text_that_is_shown_and_not_spoken_says_nothing() -> None:
    shown = _message("bot-output", text="a = 1", spoken=False, will_be_spoken=False)
    assert _heard(_rtvi(), [shown]) == []


def test_a_bot_of_version_1_is_understood_by_its_own_names() -> None:
    old = [
        _message("bot-ready", version="1.2.0"),
        _message("bot-transcription", text="Good day."),
        _message("bot-output", text="Good day.", spoken=False, aggregated_by="sentence"),
        _message("bot-tts-text", text="Good"),
        _message("bot-tts-text", text="day."),
        _message("llm-function-call", tool_call_id="1", function_name="book", args={"for": 2}),
    ]
    assert _heard(_rtvi(), old)[1:] == [
        Transcript("agent", "Good day."),
        TranscriptDelta("agent", "Good"),
        TranscriptDelta("agent", "day."),
        ToolCalled("1", "book", '{"for":2}'),
    ]


@pytest.mark.parametrize("version", [None, 2, "", "two", "2.2.0", "3.0.0"])
def test_any_other_version_is_taken_for_a_modern_one(version: object) -> None:
    heard = _heard(_rtvi(), [_message("bot-ready", version=version)])
    assert heard == [Ready("", SPEAKS, HEARS)]
    assert _heard(_rtvi(), [_message("bot-transcription", text="Good day.")]) == []


def test_the_user_is_transcribed_once_by_the_new_name_or_by_the_old_one() -> None:
    new = _message("user-input", text="Hi", input_type="transcription", timestamp="", final=True)
    old = _message("user-transcription", text="Hi", user_id="", timestamp="", final=True)
    interim = _message("user-input", text="H", input_type="transcription", final=False)
    typed = _message("user-input", text="typed", input_type="chat", final=True, msg_id="1")
    assert _heard(_rtvi(), [interim, new, old, typed]) == [Transcript("user", "Hi")]
    assert _heard(_rtvi(), [old, old]) == [Transcript("user", "Hi")] * 2


def test_what_a_bot_keeps_to_itself_about_its_tools_is_left_out() -> None:
    stopped = _message("llm-function-call-stopped", tool_call_id="1", cancelled=False)
    cancelled = _message("llm-function-call-stopped", tool_call_id="1", cancelled=True)
    asked = _message("llm-function-call-in-progress", tool_call_id="1")
    started = _message("llm-function-call-started")
    assert _heard(_rtvi(), [started, asked, stopped, cancelled]) == [
        ToolCalled("1", "", "{}"),
        ToolResult("1", "null"),
        ToolCancelled("1"),
    ]


def test_errors_are_as_fatal_as_they_are_said_to_be() -> None:
    mild = _message("error", error="no audio", fatal=False)
    fatal = _message("error", error="no model", fatal=True)
    refusal = _message("error-response", error="Unsupported type x")
    warned = Warned("the bot refuses a message: Unsupported type x")
    assert _heard(_rtvi(), [mild, fatal, refusal]) == [
        Failed(FAILURE, "no audio"),
        Failed(FAILURE, "no model", fatal=True),
        warned,
    ]


def test_the_client_says_that_it_is_ready_and_the_bot_answers_with_the_same_id() -> None:
    client, bot = _rtvi(), _rtvi(End.SERVER)
    (ready,) = client.start()
    assert (ready["type"], ready["data"]["version"]) == ("client-ready", "2.2.0")
    assert bot.start() == ()
    at_bot = bot.decode(ready)
    (reply,) = at_bot.replies
    assert at_bot.events == client.decode(reply).events == (Ready(ready["id"], SPEAKS, HEARS),)


def test_what_the_client_says_is_numbered() -> None:
    client = _rtvi()
    assert [*client.encode(Text("Hi")), *client.encode(Dtmf("#"))] == [
        {
            "label": "rtvi-ai",
            "type": "send-text",
            "id": "1",
            "data": {
                "content": "Hi",
                "options": {"run_immediately": True, "audio_response": True},
            },
        },
        {"label": "rtvi-ai", "type": "dtmf", "id": "2", "data": {"buttons": ["#"]}},
    ]


def test_keys_come_one_by_one_or_several_at_a_time() -> None:
    pressed = [_message("dtmf", button="1"), _message("dtmf", buttons=["2", "#"])]
    assert _heard(_rtvi(End.SERVER), pressed) == [Dtmf("1"), Dtmf("2"), Dtmf("#")]


def test_live_words_of_the_user_cannot_be_said() -> None:
    with pytest.raises(CannotSend, match="live words of the user"):
        _rtvi(End.SERVER).encode(TranscriptDelta("user", "H"))


def test_the_text_of_a_tool_that_is_no_json_is_said_as_it_is() -> None:
    bot = _rtvi(End.SERVER)
    *_, asked = bot.encode(ToolCalled("1", "book", "for two"))
    (stopped,) = bot.encode(ToolResult("1", "no such table", failed=True))
    assert asked["data"]["arguments"] == "for two"
    assert stopped["data"]["result"] == "no such table"


@pytest.mark.parametrize("end", End)
@pytest.mark.parametrize(
    "message",
    [
        None,
        [],
        "rtvi-ai",
        {},
        {"label": "other", "type": "bot-ready"},
        {"label": "rtvi-ai", "type": "metrics", "data": {"ttfb": []}},
        {"label": "rtvi-ai", "type": "server-message", "data": "anything"},
        {"label": "rtvi-ai", "type": "user-started-speaking"},
    ],
)
def test_a_message_of_no_meaning_says_nothing(end: End, message: object) -> None:
    assert _rtvi(end).decode(message).events == ()


@pytest.mark.parametrize("message", [{"label": "rtvi-ai"}, {"label": "rtvi-ai", "type": 5}])
def test_a_type_that_no_bot_is_known_to_send_is_told_of(message: object) -> None:
    (ignored,) = _rtvi(End.CLIENT).decode(message).events
    assert isinstance(ignored, Ignored)
    assert ignored.why == "are none that a Pipecat bot is known to send"


@pytest.mark.parametrize(
    ("end", "message", "named"),
    [
        (End.CLIENT, _message("error"), "error"),
        (End.CLIENT, _message("bot-output", text=5), "text"),
        (End.CLIENT, _message("llm-function-call-stopped", cancelled=True), "tool_call_id"),
        (End.CLIENT, {"label": "rtvi-ai", "type": "error", "data": "no"}, "error"),
        (End.SERVER, _message("send-text", content=None), "content"),
        (End.SERVER, _message("dtmf"), "buttons"),
        (End.SERVER, _message("dtmf", buttons=[5]), "buttons"),
    ],
)
def test_a_message_without_what_it_must_have_is_a_protocol_error(
    end: End, message: object, named: str
) -> None:
    with pytest.raises(ProtocolError, match=named):
        _rtvi(end).decode(message)
