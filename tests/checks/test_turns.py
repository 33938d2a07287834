"""The turns of both parties as the manifest lists them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.checks.timelines import Story
from voicetest.audio.vad import Segment
from voicetest.call.timeline import (
    CallEnded,
    EndReason,
    FirstAudio,
    LineSpoken,
    SpeechStarted,
    TurnClosed,
    TurnOpened,
    TurnTranscribed,
)
from voicetest.checks.result import Turn
from voicetest.events import Transcript

SCRIPT = "script:\n  - agent\n  - user: Hello?\n  - agent\n"


def _turns(story: Story, folder: Path, duration_s: float = 60.0) -> tuple[Turn, ...]:
    return story.judged(folder, SCRIPT, duration_s).turns


def test_turns_of_both_are_numbered_in_order_of_their_start(tmp_path: Path) -> None:
    story = Story().begin(0, 0.0).agent_says(0.5, 1.0, "Hi.").end(0, 1.0, 0)
    story.begin(1, 1.0).user_says(2.0, 3.0, "Hello?", step=1).end(1, 3.0)
    story.begin(2, 3.0).agent_says(4.0, 5.0, "Bye.").end(2, 5.0, 1)
    turns = _turns(story, tmp_path)
    assert [(turn.index, turn.by, turn.start_s, turn.end_s) for turn in turns] == [
        (0, "agent", 0.5, 1.0),
        (1, "user", 2.0, 3.0),
        (2, "agent", 4.0, 5.0),
    ]
    steps = [(turn.step.index, turn.step.line) for turn in turns if turn.step]
    assert steps == [(0, 4), (1, 5), (2, 6)]
    assert [turn.file for turn in turns] == [
        "segments/00-agent.wav",
        "segments/01-user.wav",
        "segments/02-agent.wav",
    ]


def test_a_talk_over_stands_where_its_speech_starts_with_a_negative_latency(tmp_path: Path) -> None:
    story = Story().agent_says(2.5, 4.0).user_says(1.0, 3.0, step=1)
    user, agent = _turns(story, tmp_path)
    assert (user.by, agent.by) == ("user", "agent")
    assert agent.response_latency_s == -0.5
    assert user.response_latency_s is None


def test_an_answer_has_its_latency_and_its_first_audio_to_the_microsecond(tmp_path: Path) -> None:
    story = Story().user_says(1.0, 2.0, step=1).add(2.1234567, "agent", FirstAudio())
    first, second = (
        story.agent_says(2.3, 3.0).agent_says(4.0, 5.0).judged(tmp_path, SCRIPT).turns[1:]
    )
    assert (first.response_latency_s, first.time_to_first_audio_s) == (0.3, 0.123457)
    assert (second.response_latency_s, second.time_to_first_audio_s) == (None, None)


def test_an_answer_keeps_its_latency_when_the_next_turn_follows_without_a_pause(
    tmp_path: Path,
) -> None:
    story = Story().user_says(0.0, 1.0, step=1).agent_says(1.5, 2.5).agent_says(2.6, 3.5)
    story.speech = [Segment(1.5, 3.5)]
    _, first, second = _turns(story, tmp_path)
    assert (first.response_latency_s, second.response_latency_s) == (0.5, None)


def test_a_user_turn_has_what_was_said_and_what_was_understood(tmp_path: Path) -> None:
    story = Story().user_says(1.0, 2.0, "Four five.", step=1)
    (turn,) = _turns(story.add(2.5, "agent", Transcript("user", "for five")), tmp_path)
    assert (turn.kind, turn.said, turn.understood) == ("user", "Four five.", "for five")
    assert (turn.transcript, turn.transcript_source) == ("Four five.", "script")
    assert (turn.claimed, turn.heard, turn.end_reason) == (None, None, None)


def test_the_edges_of_a_user_turn_are_those_of_its_speech(tmp_path: Path) -> None:
    line = LineSpoken(1, "play", "", 1.0, 3.0, 1.25, 2.5, True, ".step-001.wav")
    story = Story().add(1.25, "user", SpeechStarted("user")).add(3.0, "user", line)
    (turn,) = _turns(story, tmp_path)
    assert (turn.kind, turn.start_s, turn.end_s, turn.truncated) == ("play", 1.25, 2.5, True)
    assert (turn.transcript, turn.transcript_source, turn.understood) == ("", None, None)


@pytest.mark.parametrize(
    ("claimed", "heard", "transcript", "source"),
    [
        (None, None, "", None),
        ("Hi.", None, "Hi.", "platform"),
        ("Hi.", "high", "high", "transcriber"),
        (None, "high", "high", "transcriber"),
    ],
)
def test_an_agent_turn_says_where_its_text_comes_from(
    tmp_path: Path, claimed: str | None, heard: str | None, transcript: str, source: str | None
) -> None:
    story = Story().agent_says(1.0, 2.0, claimed)
    if heard is not None:
        story.add(3.0, "voicetest", TurnTranscribed(0, heard))
    (turn,) = _turns(story, tmp_path)
    assert (turn.claimed, turn.heard) == (claimed, heard)
    assert (turn.transcript, turn.transcript_source) == (transcript, source)
    assert (turn.said, turn.understood) == (None, None)


@pytest.mark.parametrize(
    ("reason", "truncated"),
    [
        (EndReason.TURN_ENDED, False),
        (EndReason.TAIL_SILENCE, False),
        (EndReason.INTERRUPTED, True),
        (EndReason.MAX_DURATION, True),
        (EndReason.ERROR, True),
    ],
)
def test_a_turn_that_was_cut_off_is_truncated(
    tmp_path: Path, reason: EndReason, truncated: bool
) -> None:
    (turn,) = _turns(Story().agent_says(1.0, 2.0, reason=reason), tmp_path)
    assert (turn.end_reason, turn.truncated) == (reason.value, truncated)


def test_the_limit_that_ended_a_turn_stands_with_its_cause(tmp_path: Path) -> None:
    story = Story().add(1.0, "agent", TurnOpened(0))
    story.add(5.0, "agent", TurnClosed(0, EndReason.TAIL_SILENCE, 0.6, "silence"))
    (turn,) = _turns(story, tmp_path)
    assert (turn.end_reason, turn.limit_s, turn.cause) == ("tail_silence", 0.6, "silence")


def test_a_turn_without_sound_has_no_file_and_stands_where_it_was_open(tmp_path: Path) -> None:
    (turn,) = _turns(Story().agent_calls(1.0, "lookup"), tmp_path)
    assert (turn.start_s, turn.end_s, turn.file) == (1.0, 1.5, None)


def test_a_turn_that_no_step_listened_to_has_no_step(tmp_path: Path) -> None:
    (turn,) = _turns(Story().begin(0, 0.0).agent_says(1.0, 2.0).end(0, 0.5), tmp_path)
    assert turn.step is None


def test_an_open_turn_keeps_its_sound_to_the_end_of_the_call(tmp_path: Path) -> None:
    story = Story().add(1.0, "agent", TurnOpened(0))
    story.speech = [Segment(1.0, 4.0), Segment(5.0, 9.0)]
    (turn,) = _turns(story, tmp_path, 9.0)
    assert (turn.start_s, turn.end_s, turn.end_reason) == (1.0, 9.0, None)


def test_a_turn_that_the_users_hang_up_cut_off_is_truncated(tmp_path: Path) -> None:
    story = Story().begin(0, 0.0).agent_says(0.5, 3.0, reason=EndReason.HUNG_UP)
    story.end(0, 3.0, 0).add(3.0, "user", CallEnded("user"))
    cut = story.judged(tmp_path, "script:\n  - agent\n", 3.0)
    assert cut.turns[0].truncated
    later = story.judged(tmp_path, "script:\n  - agent\n", 4.0)
    assert not later.turns[0].truncated
