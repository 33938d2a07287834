"""The timeline, sorted by turns, lines and steps."""

from __future__ import annotations

import pytest

from tests.checks.timelines import Story
from voicetest.call.timeline import (
    CallEnded,
    EndReason,
    FirstAudio,
    SpeechStarted,
    SpeechStopped,
    StepEnded,
    TurnClosed,
    TurnOpened,
    TurnTranscribed,
)
from voicetest.events import (
    AgentTurnStarted,
    Hangup,
    Mark,
    ToolCalled,
    ToolResult,
    Transcript,
    Warned,
)


def _texts(story: Story) -> list[str]:
    return [turn.text for turn in story.call.agent_turns]


def _agent(text: str, replaces: str | None = None) -> Transcript:
    return Transcript("agent", text, replaces)


def test_a_turn_has_its_times_its_text_and_its_end() -> None:
    story = Story().agent_says(1.0, 2.5, "Hello.", reason=EndReason.TAIL_SILENCE)
    (turn,) = story.call.agent_turns
    assert (turn.index, turn.opened_s, turn.closed_s) == (0, 1.0, 2.5)
    assert (turn.speech_start_s, turn.reason) == (1.0, EndReason.TAIL_SILENCE)
    assert (turn.claimed, turn.heard, turn.text) == ("Hello.", None, "Hello.")


def test_a_turn_keeps_its_first_speech_and_the_limit_that_ended_it() -> None:
    story = Story().add(0.0, "agent", TurnOpened(0))
    for start in (0.4, 3.0):
        story.add(start, "agent", SpeechStarted("agent"))
        story.add(start + 1, "agent", SpeechStopped("agent"))
    story.add(30.0, "agent", TurnClosed(0, EndReason.MAX_DURATION, 30.0, "still speaking"))
    (turn,) = story.call.agent_turns
    assert turn.speech_start_s == 0.4
    assert (turn.limit_s, turn.cause) == (30.0, "still speaking")


def test_a_turn_that_never_ended_is_still_there() -> None:
    (turn,) = Story().add(1.0, "agent", TurnOpened(0), _agent("Hello")).call.agent_turns
    assert (turn.closed_s, turn.reason, turn.text) == (None, None, "Hello")


def test_a_turn_without_any_text_has_none() -> None:
    (turn,) = Story().agent_says(1.0, 2.0).call.agent_turns
    assert (turn.claimed, turn.heard, turn.text) == (None, None, "")


def test_a_transcript_before_its_turn_opened_belongs_to_it() -> None:
    story = Story().add(0.1, "agent", _agent("Hello.")).agent_says(0.5, 1.0)
    assert _texts(story) == ["Hello."]


def test_a_transcript_before_its_turn_belongs_to_that_turn_alone() -> None:
    story = Story().add(0.1, "agent", _agent("Hello.")).agent_says(0.5, 1.0).agent_says(2.0, 3.0)
    assert _texts(story) == ["Hello.", ""]


def test_a_transcript_between_two_turns_with_text_belongs_to_the_second() -> None:
    story = Story().agent_says(0.0, 1.0, "First.").add(1.5, "agent", _agent("Second."))
    assert _texts(story.agent_says(2.0, 3.0)) == ["First.", "Second."]


def test_a_late_transcript_belongs_to_the_turn_that_has_none_yet() -> None:
    story = Story().agent_says(0.0, 1.0).add(1.5, "agent", _agent("First."))
    assert _texts(story.agent_says(2.0, 3.0, "Second.")) == ["First.", "Second."]


def test_several_transcripts_of_one_turn_are_its_text_together() -> None:
    story = Story().add(0.0, "agent", TurnOpened(0), _agent("Hello."), _agent("How are you?"))
    assert _texts(story) == ["Hello. How are you?"]


@pytest.mark.parametrize("closed", [False, True])
def test_a_correction_replaces_the_text_of_its_turn(closed: bool) -> None:
    story = Story().add(0.0, "agent", TurnOpened(0), _agent("I will look into it."))
    if closed:
        story.add(1.0, "agent", TurnClosed(0, EndReason.INTERRUPTED))
    story.add(1.1, "agent", _agent("I will look", replaces="I will look into it."))
    assert _texts(story) == ["I will look"]


def test_a_correction_replaces_only_the_text_it_names() -> None:
    story = Story().add(0.0, "agent", TurnOpened(0), _agent("Hello."), _agent("How are you today?"))
    story.add(1.0, "agent", _agent("How are", replaces="How are you today?"))
    assert _texts(story) == ["Hello. How are"]


def test_a_correction_leaves_what_the_platform_claimed() -> None:
    story = Story().add(0.0, "agent", TurnOpened(0), _agent("I will look into it."))
    story.add(1.0, "agent", _agent("I will look", replaces="I will look into it."))
    (turn,) = story.call.agent_turns
    assert (turn.text, turn.claimed) == ("I will look", "I will look into it.")


def test_a_correction_after_the_next_turn_opened_finds_the_turn_it_names() -> None:
    story = Story().agent_says(0.0, 1.0, "First of all.").agent_says(2.0, 3.0, "Second.")
    story.add(3.1, "agent", _agent("First", replaces="First of all."))
    assert _texts(story) == ["First", "Second."]


def test_two_transcripts_before_their_turn_opened_both_belong_to_it() -> None:
    story = Story().add(0.1, "agent", _agent("Hello."), _agent("How are you?"))
    assert _texts(story.agent_says(0.5, 1.0)) == ["Hello. How are you?"]


def test_a_correction_before_its_turn_opened_replaces_the_early_text() -> None:
    story = Story().add(0.1, "agent", _agent("I will look into it."))
    story.add(0.2, "agent", _agent("I will", replaces="I will look into it."))
    assert _texts(story.agent_says(0.5, 1.0)) == ["I will"]


def test_what_the_transcriber_heard_goes_before_what_the_platform_claims() -> None:
    story = Story().agent_says(0.0, 1.0, "It costs $5.").agent_says(2.0, 3.0, "Bye.")
    story.add(3.5, "voicetest", TurnTranscribed(0, "it costs nine dollars"))
    first, second = story.call.agent_turns
    assert (first.text, first.claimed) == ("it costs nine dollars", "It costs $5.")
    assert second.text == "Bye."


def test_a_transcriber_that_heard_nothing_goes_before_the_claim_too() -> None:
    story = Story().agent_says(0.0, 1.0, "Hello.").add(1.5, "voicetest", TurnTranscribed(0, ""))
    assert _texts(story) == [""]


def test_what_was_understood_belongs_to_the_line_spoken_before_it() -> None:
    story = Story().user_says(0.0, 1.0, "One").add(1.2, "agent", Transcript("user", "wun"))
    story.user_says(2.0, 3.0, "Two", step=1)
    story.user_says(4.0, 5.0, "Three", step=2).add(5.2, "agent", Transcript("user", "free"))
    understood = [(turn.spoken.text, turn.understood) for turn in story.call.user_turns]
    assert understood == [("One", "wun"), ("Two", None), ("Three", "free")]


def test_what_is_understood_while_the_user_speaks_belongs_to_that_line() -> None:
    story = Story().user_says(0.0, 1.0, "One")
    story.add(2.0, "user", SpeechStarted("user")).add(2.5, "agent", Transcript("user", "two and"))
    line = Story().user_says(2.0, 3.0, "Two and a half", step=1).entries[-1]
    story.entries.append(line)
    story.add(3.2, "agent", Transcript("user", "a half"))
    assert [turn.understood for turn in story.call.user_turns] == [None, "two and a half"]


def test_a_corrected_understanding_replaces_the_earlier_one() -> None:
    story = Story().user_says(0.0, 1.0, "Four five").add(1.1, "agent", Transcript("user", "for"))
    story.add(1.3, "agent", Transcript("user", "four five", replaces="for"))
    (turn,) = story.call.user_turns
    assert turn.understood == "four five"


def test_what_was_understood_before_the_user_spoke_belongs_to_no_line() -> None:
    story = Story().add(0.1, "agent", Transcript("user", "noise")).user_says(1.0, 2.0)
    (turn,) = story.call.user_turns
    assert turn.understood is None


def test_tools_belong_to_their_turn_with_their_results() -> None:
    story = Story().agent_says(0.0, 1.0, "Hello.")
    story.add(2.0, "agent", TurnOpened(1), ToolCalled("a", "find", "{}"))
    story.add(2.1, "agent", ToolCalled("b", "refund", '{"n": 1}'))
    story.add(2.5, "user", ToolResult("b", "no", failed=True)).add(
        3.0, "user", ToolResult("a", "1")
    )
    call = story.call
    assert [tool.called.name for tool in call.tools] == ["find", "refund"]
    assert call.agent_turns[0].tools == []
    find, refund = call.agent_turns[1].tools
    assert (find.at_s, find.result, find.answered_at_s) == (2.0, ToolResult("a", "1"), 3.0)
    assert (refund.at_s, refund.answered_at_s) == (2.1, 2.5)
    assert refund.result == ToolResult("b", "no", failed=True)


def test_calls_of_one_name_are_answered_in_order_and_one_may_stay_open() -> None:
    story = Story().add(0.0, "agent", TurnOpened(0))
    story.add(0.0, "agent", *[ToolCalled("same", "find", "{}")] * 3)
    story.add(1.0, "user", ToolResult("same", "1")).add(2.0, "user", ToolResult("same", "2"))
    assert [tool.answered_at_s for tool in story.call.tools] == [1.0, 2.0, None]


def test_a_result_that_nobody_asked_for_is_passed_over() -> None:
    story = Story().agent_calls(0.0, "find").add(1.0, "user", ToolResult("other", "1"))
    assert [tool.answered_at_s for tool in story.call.tools] == [0.5]


def test_steps_have_their_span_and_what_they_listened_to() -> None:
    story = Story().begin(0, 0.0).agent_says(0.5, 1.0).end(0, 1.5, 0).begin(1, 1.5)
    first, second = story.call.steps.values()
    assert (first.started_s, first.ended_s) == (0.0, 1.5)
    assert first.ended == StepEnded(0, turns=(0,))
    assert (second.index, second.ended_s, second.ended) == (1, None, None)


def test_first_audio_hang_up_and_end_are_kept() -> None:
    story = Story().add(0.5, "agent", FirstAudio()).add(3.5, "agent", FirstAudio())
    call = story.agent_leaves(9.0).call
    assert call.first_audio_s == [0.5, 3.5]
    assert call.hangup_s == 9.0
    assert call.ended == CallEnded("agent", 1000, "done")


def test_what_says_nothing_about_turns_is_passed_over() -> None:
    story = Story().add(0.0, "agent", AgentTurnStarted(), Mark("m"), Warned("odd"))
    story.add(0.0, "agent", SpeechStopped("agent"))
    assert story.call == Story().call


def test_a_call_that_was_not_hung_up_by_the_agent_has_no_hang_up() -> None:
    call = Story().add(5.0, "user", CallEnded("user")).call
    assert call.hangup_s is None
    assert Story().add(5.0, "agent", Hangup()).call.ended is None


def test_words_that_came_before_the_user_spoke_on_are_of_no_later_turn() -> None:
    story = Story().add(1.0, "agent", Transcript("agent", "Lost."))
    story.user_says(2.0, 3.0).add(3.2, "agent", Transcript("agent", "Found."))
    call = story.agent_says(3.5, 4.5).call
    assert [turn.claimed for turn in call.agent_turns] == ["Found."]
    assert list(call.unplaced) == [(1.0, "Lost.")]
    late = Story().agent_says(0.0, 1.0, "Hello.").add(5.0, "agent", Transcript("agent", "Lost."))
    assert list(late.call.unplaced) == [(5.0, "Lost.")]
