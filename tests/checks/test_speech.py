"""Which speech on the recording belongs to which turn, and what answers which line."""

from __future__ import annotations

import pytest

from tests.checks.timelines import Story
from voicetest.audio.vad import Segment
from voicetest.call.timeline import EndReason, FirstAudio, TurnClosed, TurnOpened, TurnResumed
from voicetest.checks.speech import PlacedTurn, Response, part, place_turns, responses


def _placed(story: Story, *speech: Segment, duration_s: float = 60.0) -> list[PlacedTurn]:
    parted = list(part(speech, story.call.agent_turns))
    return place_turns(story.call, parted, duration_s)


def _responses(story: Story, jitter_buffer_s: float = 0.0) -> list[Response]:
    return responses(story.call, story.speech, jitter_buffer_s)


def test_a_turn_starts_and_ends_where_its_speech_does() -> None:
    story = Story().add(1.0, "agent", TurnOpened(0))
    story.add(6.0, "agent", TurnClosed(0, EndReason.TAIL_SILENCE, 0.6))
    (placed,) = _placed(story, Segment(1.2, 2.0), Segment(3.0, 5.4))
    assert placed.speech == (Segment(1.2, 2.0), Segment(3.0, 5.4))
    assert (placed.start_s, placed.end_s) == (1.2, 5.4)


def test_a_turn_without_speech_stands_where_it_was_open() -> None:
    opened = Story().agent_calls(2.0, "lookup")
    (placed,) = _placed(opened)
    assert (placed.speech, placed.start_s, placed.end_s) == ((), 2.0, 2.5)
    (still_open,) = _placed(Story().add(2.0, "agent", TurnOpened(0)))
    assert (still_open.start_s, still_open.end_s) == (2.0, 2.0)


def test_speech_belongs_to_the_turn_it_shares_most_time_with() -> None:
    story = Story().agent_says(1.0, 2.0).agent_says(2.3, 5.0)
    first, second = _placed(story, Segment(1.0, 2.0), Segment(1.9, 5.0))
    assert first.speech == (Segment(1.0, 2.0),)
    assert second.speech == (Segment(1.9, 5.0),)


def test_edges_of_speech_may_lie_a_little_outside_the_turn() -> None:
    story = Story().agent_says(1.0, 2.0)
    (placed,) = _placed(story, Segment(0.85, 0.95), Segment(2.05, 2.15), Segment(2.5, 3.0))
    assert placed.speech == (Segment(0.85, 0.95), Segment(2.05, 2.15))


def test_speech_without_a_pause_between_two_turns_is_parted_where_the_turns_are() -> None:
    story = Story().agent_says(0.0, 1.0).agent_says(1.1, 2.1)
    first, second = _placed(story, Segment(0.01, 2.1))  # a gap of 100 ms counts as speech
    assert (first.start_s, first.end_s) == pytest.approx((0.01, 1.05), abs=0.06)
    assert (second.start_s, second.end_s) == pytest.approx((1.05, 2.1), abs=0.06)


def test_an_answer_without_a_pause_before_it_is_as_late_as_playout_made_it() -> None:
    story = Story().agent_says(0.0, 1.0).agent_says(1.1, 2.1)
    _, answer = part([Segment(0.01, 2.1)], story.call.agent_turns, 0.06)
    assert answer.start == pytest.approx(1.05 + 0.06, abs=0.06)


def test_speech_in_no_turn_belongs_to_none() -> None:
    assert _placed(Story(), Segment(1.0, 2.0)) == []
    (placed,) = _placed(Story().agent_says(5.0, 6.0), Segment(1.0, 2.0))
    assert placed.speech == ()


def test_an_open_turn_has_all_speech_to_the_end_of_the_call() -> None:
    story = Story().add(1.0, "agent", TurnOpened(0))
    (placed,) = _placed(story, Segment(1.0, 3.0), Segment(8.0, 9.0), duration_s=9.0)
    assert placed.end_s == 9.0


def test_the_answer_is_the_first_speech_after_the_line() -> None:
    story = Story().agent_says(0.0, 1.0).user_says(2.0, 3.0).agent_says(3.7, 4.0)
    (response,) = _responses(story.agent_says(5.0, 6.0))
    assert response.user.spoken.speech_end_s == 3.0
    assert response.answer == Segment(3.7, 4.0)
    assert response.latency_s == pytest.approx(0.7)


def test_an_agent_that_goes_on_over_the_user_has_not_answered() -> None:
    story = Story().agent_says(0.0, 2.5).user_says(2.0, 3.0)
    (response,) = _responses(story)
    assert (response.answer, response.latency_s, response.first_audio_s) == (None, None, None)


def test_an_agent_that_starts_over_the_user_has_a_negative_latency() -> None:
    (response,) = _responses(Story().user_says(2.0, 5.0).agent_says(4.5, 6.0))
    assert response.latency_s == pytest.approx(-0.5)


def test_what_ended_before_the_line_did_answers_nothing() -> None:
    (response,) = _responses(Story().user_says(2.0, 5.0).agent_says(3.0, 3.4).agent_says(5.7, 7.0))
    assert response.answer == Segment(5.7, 7.0)
    assert response.latency_s == pytest.approx(0.7)


def test_a_word_that_playout_made_outlast_the_line_did_not() -> None:
    story = Story().user_says(2.0, 5.0).agent_says(4.5, 5.02)
    assert _responses(story, jitter_buffer_s=0.04)[0].answer is None
    assert _responses(story)[0].latency_s == pytest.approx(-0.5)


def test_an_answer_begins_where_its_stretch_of_speech_does() -> None:
    story = Story().user_says(2.0, 5.0).agent_says(4.6, 4.9).agent_says(5.15, 7.0)
    assert _responses(story)[0].latency_s == pytest.approx(-0.4)


def test_speech_that_the_user_cut_into_answers_nothing_when_it_goes_on() -> None:
    story = Story().agent_says(0.0, 2.0).user_says(2.6, 4.0)
    story.add(2.9, "agent", TurnResumed(0)).add(5.5, "agent", TurnClosed(0, EndReason.TAIL_SILENCE))
    story.speech.append(Segment(2.9, 4.9))
    assert _responses(story)[0].answer is None
    story.agent_says(6.5, 7.0)
    assert _responses(story)[0].latency_s == pytest.approx(2.5)


def test_what_comes_after_the_next_line_answers_that_one() -> None:
    story = Story().user_says(0.0, 1.0).user_says(2.0, 3.0, step=1)
    story.add(3.2, "agent", FirstAudio()).agent_says(3.5, 4.0)
    first, second = _responses(story)
    assert (first.answer, first.first_audio_s) == (None, None)
    assert second.latency_s == pytest.approx(0.5)
    assert second.first_audio_s == pytest.approx(0.2)


def test_first_audio_before_the_line_was_out_is_not_its_answer() -> None:
    story = Story().add(0.2, "agent", FirstAudio()).user_says(1.0, 2.0)
    (response,) = _responses(story)
    assert response.first_audio_s is None


def test_playouts_own_delay_is_taken_off_what_was_heard_but_not_off_what_arrived() -> None:
    story = Story().user_says(0.0, 1.0).add(1.5, "agent", FirstAudio()).agent_says(1.6, 2.0)
    (response,) = _responses(story, jitter_buffer_s=0.04)
    assert response.latency_s == pytest.approx(0.56)
    assert response.first_audio_s == pytest.approx(0.5)
