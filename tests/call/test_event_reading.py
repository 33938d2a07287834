"""What events.jsonl says becomes the timeline that it was written from."""

from __future__ import annotations

import json
from typing import Any

import pytest

from voicetest.audio.chunk import INTERNAL, AudioFormat, Encoding
from voicetest.call.event_log import event_fields
from voicetest.call.event_reading import UnreadableEvent, read_entry, read_timeline
from voicetest.call.timeline import (
    CallEnded,
    EndReason,
    Entry,
    FirstAudio,
    LineSpoken,
    SpeechStarted,
    SpeechStopped,
    StepEnded,
    StepStarted,
    TurnClosed,
    TurnCut,
    TurnOpened,
    TurnTranscribed,
    UserInterrupt,
    Waiting,
)
from voicetest.events import (
    Cleared,
    Dtmf,
    Failed,
    Hangup,
    Interrupted,
    Mark,
    Ready,
    Status,
    ToolCalled,
    ToolResult,
    Transcript,
    TranscriptDelta,
    Warned,
)

ENTRIES = [
    Entry(0.0, "platform", Ready("s", AudioFormat(Encoding.MULAW, 8000, 2), INTERNAL)),
    Entry(0.5, "agent", Transcript("agent", "Hi", "H")),
    Entry(0.5, "user", TranscriptDelta("user", "H")),
    Entry(1.0, "agent", SpeechStarted("agent", 0.25)),
    Entry(1.0, "user", SpeechStarted("user")),
    Entry(2.0, "agent", SpeechStopped("agent")),
    Entry(2.0, "agent", Dtmf("1")),
    Entry(2.0, "user", Dtmf("#")),
    Entry(2.0, "agent", ToolCalled("a", "look", "{}")),
    Entry(2.0, "user", ToolResult("a", "no", True)),
    Entry(2.0, "voicetest", Waiting(1, "the agent to speak", 0.5, 60.0)),
    Entry(2.0, "platform", Status("x", {"a": [1, None]})),
    Entry(2.0, "platform", Warned("careful")),
    Entry(2.0, "platform", Failed("1", "bad", True)),
    Entry(2.0, "platform", Hangup(1000, "done", False)),
    Entry(2.0, "platform", Cleared()),
    Entry(2.0, "platform", Mark("m")),
    Entry(2.0, "user", Interrupted("i", 0.5)),
    Entry(2.0, "voicetest", StepStarted(3)),
    Entry(2.0, "voicetest", StepEnded(3, EndReason.MAX_DURATION, 30.0, "sound", (0, 1))),
    Entry(2.0, "user", LineSpoken(1, "user", "Hi", 1.0, 2.0, 1.1, 1.9, False, ".step.wav", "Hey")),
    Entry(2.0, "voicetest", UserInterrupt(1, "missed", None)),
    Entry(2.0, "agent", FirstAudio()),
    Entry(2.0, "agent", TurnOpened(0)),
    Entry(2.0, "agent", TurnClosed(0, EndReason.HUNG_UP)),
    Entry(2.0, "agent", TurnCut(0, 0.5)),
    Entry(2.0, "voicetest", TurnTranscribed(0, "hi")),
    Entry(2.0, "platform", CallEnded("platform", 1000, "bye")),
]


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: type(entry.what).__name__)
def test_an_entry_is_what_was_written(entry: Entry) -> None:
    assert read_entry(json.loads(json.dumps(event_fields(entry)))) == entry


@pytest.mark.parametrize(
    "written",
    [
        {},
        {"type": "nonsense", "at": 0, "by": "user"},
        {"type": "mark", "by": "agent", "name": "m"},
        {"type": "mark", "at": 0.0, "by": "agent"},
        {"type": ["mark"], "at": 0.0, "by": "agent", "name": "m"},
        {"type": "mark", "at": 0.0, "name": "m"},
        {"type": "mark", "at": 0.0, "by": 5, "name": "m"},
        {"type": "mark", "at": float("nan"), "by": "agent", "name": "m"},
        {"type": "mark", "at": True, "by": "agent", "name": "m"},
        {"type": "mark", "at": 1e300, "by": "agent", "name": "m"},
        {"type": "user_start_speaking", "at": 0.0},
        {"type": "ready", "at": 0.0, "by": "agent", "session": "s", "speaks": "x", "hears": "y"},
    ],
)
def test_what_is_no_event_is_refused(written: dict[str, Any]) -> None:
    with pytest.raises(UnreadableEvent):
        read_entry(written)


BEGUN = [Entry(0.0, "user", StepStarted(0)), Entry(1.0, "agent", TurnOpened(0))]


@pytest.mark.parametrize(
    "entry",
    [
        Entry(2.0, "agent", TurnOpened(5)),
        Entry(2.0, "agent", TurnClosed(1, EndReason.HUNG_UP)),
        Entry(2.0, "agent", TurnCut(-1, 0.5)),
        Entry(2.0, "user", StepStarted(-1)),
        Entry(2.0, "user", StepEnded(1)),
        Entry(2.0, "user", StepEnded(0, turns=(0, 1))),
        Entry(2.0, "user", UserInterrupt(3, "voice")),
    ],
    ids=lambda entry: str(entry.what),
)
def test_an_event_that_follows_from_nothing_is_refused_at_its_line(entry: Entry) -> None:
    assert read_timeline(map(event_fields, BEGUN)) == tuple(BEGUN)
    with pytest.raises(UnreadableEvent, match="line 3: "):
        read_timeline(map(event_fields, [*BEGUN, entry]))


def test_a_tool_is_called_in_a_turn() -> None:
    entry = Entry(2.0, "agent", ToolCalled("call-1", "lookup", "{}"))
    with pytest.raises(UnreadableEvent, match="line 1: turn -1 never began"):
        read_timeline([event_fields(entry)])
