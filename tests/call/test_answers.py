"""Which of the platform's answers had nothing in them, and what it says went wrong."""

from __future__ import annotations

from typing import TypeAlias

import pytest

from voicetest.call.answers import Answers
from voicetest.events import (
    AgentTurnEnded,
    AgentTurnStarted,
    Cleared,
    Dtmf,
    Event,
    Failed,
    Interrupted,
    Text,
    ToolCalled,
    Transcript,
    TranscriptDelta,
    UserTurnEnded,
)

Heard: TypeAlias = Event | None
"""None is sound."""


def _after(*events: Heard) -> Answers:
    """What is known after these, one a second, from second 1 on."""
    answers = Answers()
    for number, event in enumerate(events, start=1):
        if event is None:
            answers.sounded()
        else:
            answers.take_in(event, float(number))
    return answers


@pytest.mark.parametrize(
    "said",
    [
        (AgentTurnEnded("incomplete: content_filter"),),
        (AgentTurnStarted(), AgentTurnEnded("incomplete: content_filter")),
        (None, AgentTurnEnded(), AgentTurnEnded("incomplete: content_filter")),
    ],
)
def test_an_answer_that_ends_with_nothing_in_it_is_empty(said: tuple[Heard, ...]) -> None:
    answers = _after(*said)
    assert answers.empty_s == len(said)
    assert answers.empty_reason == "incomplete: content_filter"


@pytest.mark.parametrize(
    "something",
    [
        None,
        TranscriptDelta("agent", "Yes."),
        Transcript("agent", "Yes."),
        ToolCalled("1", "look", "{}"),
        Dtmf("1"),
    ],
)
def test_an_answer_with_anything_in_it_is_not(something: Heard) -> None:
    assert _after(AgentTurnStarted(), something, AgentTurnEnded()).empty_s is None


def test_the_words_of_the_user_are_no_answer() -> None:
    assert _after(Transcript("user", "Hello?"), AgentTurnEnded()).empty_s == 2.0


def test_the_first_sign_of_another_answer_takes_it_back() -> None:
    assert _after(AgentTurnEnded(), AgentTurnStarted()).empty_s is None
    assert _after(AgentTurnEnded(), None).empty_s is None


def test_an_answer_that_was_stopped_before_its_first_sound_is_no_empty_one() -> None:
    assert _after(AgentTurnStarted(), Cleared(), AgentTurnEnded("cancelled")).empty_s is None
    stopped = _after(AgentTurnStarted())
    stopped.told(Interrupted())
    stopped.take_in(AgentTurnEnded("cancelled"), 2.0)
    assert stopped.empty_s is None


@pytest.mark.parametrize("asked", [UserTurnEnded(), Text("And now?")])
def test_an_answer_that_another_is_asked_for_meanwhile_is_no_empty_one(asked: Event) -> None:
    answers = _after(AgentTurnStarted())
    answers.told(asked)
    answers.take_in(AgentTurnEnded(), 2.0)
    assert answers.empty_s is None
    answers.take_in(AgentTurnStarted(), 3.0)
    answers.take_in(AgentTurnEnded(), 4.0)
    assert answers.empty_s == 4.0


def test_sound_after_the_announced_end_belongs_to_the_answer_before() -> None:
    answers = _after(AgentTurnStarted(), AgentTurnEnded(), None)
    answers.told(UserTurnEnded())
    answers.take_in(AgentTurnEnded(), 5.0)
    assert answers.empty_s == 5.0


def test_what_went_wrong_last_since_a_time_is_told() -> None:
    quota, voice = Failed("quota", "used up"), Failed("voice", "gone")
    answers = _after(quota, voice, AgentTurnEnded("failed"))
    assert answers.trouble_since(0.0) == voice
    assert answers.trouble_since(2.5) is None
    assert answers.failed_s == 3.0
