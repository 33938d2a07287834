from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from tests.limits import files_up_to
from voicetest.audio.chunk import INTERNAL
from voicetest.call.event_log import EventLog, event_fields
from voicetest.call.timeline import (
    By,
    CallEnded,
    EndReason,
    Entry,
    Note,
    SpeechStarted,
    SpeechStopped,
    TurnClosed,
)
from voicetest.events import (
    Cleared,
    Dtmf,
    Event,
    Failed,
    Mark,
    Ready,
    Status,
    ToolCalled,
    ToolResult,
    Transcript,
    Warned,
)


@pytest.mark.parametrize(
    ("by", "what", "kind"),
    [
        ("user", SpeechStarted("user"), "user_start_speaking"),
        ("user", SpeechStopped("user"), "user_stop_speaking"),
        ("agent", SpeechStarted("agent", 0.5), "agent_start_speaking"),
        ("agent", SpeechStopped("agent"), "agent_stop_speaking"),
        ("agent", Cleared(), "agent_interrupted"),
        ("agent", Transcript("agent", "hello"), "transcript"),
        ("agent", ToolCalled("1", "look", "{}"), "tool_call"),
        ("user", ToolResult("1", "{}"), "tool_result"),
        ("agent", Dtmf("1"), "dtmf_received"),
        ("agent", Mark("m"), "mark"),
        ("platform", Status("ringing"), "status"),
        ("voicetest", Warned("odd"), "warning"),
        ("platform", Failed("1", "broken"), "error"),
        ("user", CallEnded("user"), "hangup"),
        ("agent", TurnClosed(0, EndReason.TURN_ENDED), "turn_closed"),
    ],
)
def test_each_entry_has_the_type_people_look_for(by: By, what: Event | Note, kind: str) -> None:
    line = event_fields(Entry(1.25, by, what))
    assert (line["at"], line["type"], line["by"]) == (1.25, kind, getattr(what, "by", by))
    assert {field.name for field in fields(what)} <= set(line)


def test_latency_is_on_the_line_of_the_agents_first_sound() -> None:
    assert event_fields(Entry(3, "agent", SpeechStarted("agent", 0.75)))["latency_s"] == 0.75


def test_formats_are_written_as_people_write_them() -> None:
    assert event_fields(Entry(0, "agent", Ready("s", INTERNAL, INTERNAL)))["hears"] == "pcm16/24000"


def test_lines_are_on_disk_at_once_with_secrets_masked(tmp_path: Path) -> None:
    def mask(value: Any) -> Any:
        return json.loads(json.dumps(value).replace("hunter2hunter2", "***"))

    path = tmp_path / "events.jsonl"
    with EventLog(path, mask) as log:
        log.write(Entry(0.1, "agent", Transcript("agent", "the key is hunter2hunter2")))
        assert json.loads(path.read_text())["text"] == "the key is ***"
        log.write(Entry(0.2, "agent", Mark("über")))
        assert len(path.read_text(encoding="utf-8").splitlines()) == 2


def test_a_log_without_room_ends_in_a_whole_line_and_says_so_in_the_end(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    log = EventLog(path, lambda value: value)
    with files_up_to(280):
        for number in range(2):
            log.write(Entry(number, "agent", Transcript("agent", "Hello there.")))
        with pytest.raises(OSError, match=r"events\.jsonl"):
            log.write(Entry(2, "agent", Transcript("agent", "Hello there.")))
        log.write(Entry(9, "agent", Mark("is left out")))
    with pytest.raises(OSError, match=r"events\.jsonl"):
        log.__exit__(None, None, None)
    text = path.read_text()
    assert text.endswith("\n")
    assert [json.loads(line)["at"] for line in text.splitlines()] == [0, 1]


def test_what_has_no_utf8_is_escaped(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    with EventLog(path, lambda value: value) as log:
        log.write(Entry(0.1, "agent", Transcript("agent", "half \ud83d of a sign")))
    assert json.loads(path.read_bytes())["text"] == "half \ud83d of a sign"
