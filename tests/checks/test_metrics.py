"""Every metric of a call against a value computed by hand."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.checks.timelines import Story
from voicetest.audio.vad import Segment
from voicetest.call.timeline import CallEnded, EndReason, FirstAudio
from voicetest.checks.metrics import UNITS, Measured, measure, summarise
from voicetest.checks.result import Metric
from voicetest.events import Transcript
from voicetest.scenario.checks import Bounds, Checks, HungUpBy


def _metric(measured: Measured, name: str) -> Metric:
    return measure(measured)[name]


def _value(measured: Measured, name: str) -> float | str:
    (value,) = _metric(measured, name).values
    return value


@pytest.fixture
def two_answers() -> Measured:
    """Greeting 0.5-2, user 3-5, answer 5.8-7, user 8-9, answer 10.2-12."""
    story = Story().agent_says(0.5, 2.0)
    story.user_says(3.0, 5.0, step=1).agent_says(5.8, 7.0)
    story.user_says(8.0, 9.0, step=3).agent_says(10.2, 12.0)
    return story.measured(12.5)


def test_latency_is_from_the_end_of_the_user_to_the_start_of_the_agent(
    two_answers: Measured,
) -> None:
    latency = _metric(two_answers, "response_latency")
    assert latency.values == pytest.approx((0.8, 1.2))
    assert (latency.min, latency.mean, latency.max) == pytest.approx((0.8, 1.0, 1.2))
    assert latency.unit == "s"


def test_a_talk_over_is_counted_and_left_out_of_the_latencies() -> None:
    story = Story().user_says(0.0, 4.0).agent_says(3.0, 5.0)
    story.user_says(6.0, 7.0, step=1).agent_says(7.5, 8.0)
    measured = story.measured()
    assert [response.latency_s for response in measured.responses] == pytest.approx([-1.0, 0.5])
    assert _metric(measured, "response_latency").values == pytest.approx((0.5,))
    assert _value(measured, "talk_overs") == 1


def test_an_answer_without_any_delay_is_no_talk_over() -> None:
    measured = Story().user_says(0.0, 1.0).agent_says(1.0, 2.0).measured()
    assert _metric(measured, "response_latency").values == (0.0,)
    assert _value(measured, "talk_overs") == 0


def test_the_jitter_buffer_is_not_the_agents_latency() -> None:
    story = Story().agent_says(0.5, 1.0).user_says(2.0, 3.0).agent_says(4.0, 5.0)
    measured = story.measured(jitter_buffer_s=0.04)
    assert _value(measured, "response_latency") == pytest.approx(0.96)
    assert _value(measured, "greeting_latency") == pytest.approx(0.46)


def test_a_line_without_an_answer_before_the_next_one_has_no_latency() -> None:
    story = Story().user_says(0.0, 1.0).user_says(2.0, 3.0, step=1).agent_says(3.5, 4.0)
    assert _metric(story.measured(), "response_latency").values == pytest.approx((0.5,))


def test_a_greeting_is_timed_from_the_line_being_ready(two_answers: Measured) -> None:
    assert _value(two_answers, "greeting_latency") == pytest.approx(0.5)


def test_an_agent_that_speaks_second_has_no_greeting() -> None:
    measured = Story().user_says(0.0, 1.0).agent_says(1.5, 2.0).measured()
    assert _metric(measured, "greeting_latency").n == 0


def test_first_audio_is_when_the_first_packet_with_sound_arrives() -> None:
    story = Story().add(0.1, "agent", FirstAudio()).agent_says(0.2, 1.0)
    story.user_says(2.0, 3.0).add(3.4, "agent", FirstAudio()).agent_says(3.6, 4.0)
    assert _metric(story.measured(), "time_to_first_audio").values == pytest.approx((0.4,))


def test_talk_over_is_the_share_of_user_speech_over_which_the_agent_started() -> None:
    # 10 s of user speech; the agent goes on over the first of them (not its doing),
    # and starts over 1 s of the first line and 1.5 s of the second.
    story = Story().agent_says(0.0, 3.0).user_says(2.0, 8.0).agent_says(7.0, 8.5)
    story.user_says(10.0, 14.0, step=1).agent_says(12.5, 16.0)
    measured = story.measured()
    assert _value(measured, "talk_over") == pytest.approx(2.5 / 10)
    assert _value(measured, "overlap") == pytest.approx(1.0 + 1.0 + 1.5)


def test_without_user_speech_nothing_can_be_talked_over() -> None:
    measured = Story().agent_says(0.0, 3.0).measured()
    assert _metric(measured, "talk_over").n == 0
    assert _value(measured, "overlap") == 0


def test_dead_air_is_the_longest_gap_between_first_and_last_speech(two_answers: Measured) -> None:
    assert _value(two_answers, "dead_air") == pytest.approx(1.2)  # 9 to 10.2


def test_silence_before_the_first_and_after_the_last_word_is_no_dead_air() -> None:
    measured = Story().agent_says(20.0, 21.0).user_says(21.5, 22.0).measured(60.0)
    assert _value(measured, "dead_air") == pytest.approx(0.5)


def test_scripted_silence_is_no_dead_air() -> None:
    # 2 to 12 nobody speaks, but 3 to 8 is in the script: 1 s before it and 4 s after it are left.
    story = Story().user_says(0.0, 2.0).agent_says(12.0, 13.0)
    assert _value(story.measured(), "dead_air") == pytest.approx(10.0)
    assert _value(story.measured(quiet=[Segment(3.0, 8.0)]), "dead_air") == pytest.approx(4.0)


def test_scripted_silence_at_either_end_of_the_call_adds_no_dead_air() -> None:
    story = Story().user_says(5.0, 6.0).agent_says(6.5, 7.0)
    quiet = [Segment(0.0, 4.0), Segment(20.0, 60.0)]
    assert _value(story.measured(quiet=quiet), "dead_air") == pytest.approx(0.5)


def test_long_speech_under_short_speech_leaves_no_dead_air() -> None:
    story = Story().agent_says(0.0, 10.0).user_says(1.0, 2.0).agent_says(10.3, 11.0)
    assert _value(story.measured(), "dead_air") == pytest.approx(0.3)


def test_a_call_without_speech_has_no_dead_air_to_measure() -> None:
    assert _metric(Story().measured(), "dead_air").n == 0


def test_duration_and_turns_are_counted(two_answers: Measured) -> None:
    assert _value(two_answers, "duration") == 12.5
    assert _value(two_answers, "turns") == 3


def test_a_turn_of_one_tool_call_counts_as_a_turn() -> None:
    assert _value(Story().agent_calls(1.0, "lookup").measured(), "turns") == 1


def test_a_response_is_missed_when_the_awaited_step_heard_no_speech() -> None:
    story = Story().user_says(0.0, 1.0)
    story.begin(1, 1.0).end(1, 61.0, reason=EndReason.FIRST_CHUNK_TIMEOUT)
    story.begin(3, 62.0).agent_says(62.5, 63.0).end(3, 63.0, 0)
    measured = story.measured(70.0, awaited=[1, 3])
    assert _value(measured, "missed_responses") == 1


def test_a_tool_call_without_a_word_is_a_missed_response() -> None:
    story = Story().user_says(0.0, 1.0).begin(1, 1.0).agent_calls(2.0, "lookup").end(1, 3.0, 0)
    assert _value(story.measured(awaited=[1]), "missed_responses") == 1


def test_a_step_that_was_not_reached_missed_nothing() -> None:
    assert _value(Story().user_says(0.0, 1.0).measured(awaited=[1]), "missed_responses") == 0


def test_word_errors_are_measured_line_by_line_where_the_platform_understood() -> None:
    story = Story()
    story.user_says(0.0, 1.0, "I want a refund").add(1.1, "agent", Transcript("user", "I want fun"))
    story.user_says(2.0, 3.0, "Thank you", step=1)
    story.user_says(4.0, 5.0, "Twenty one.", step=2).add(5.1, "agent", Transcript("user", "21"))
    # One word wrong and one missing of four; nothing understood of the second; 21 is twenty one.
    assert _metric(story.measured(), "wer").values == pytest.approx((0.5, 0.0))
    # Of six words in all: a number counts digit by digit.
    assert _metric(story.measured(), "pooled_wer").values == pytest.approx((1 / 3,))


def test_a_recording_without_a_transcript_has_no_word_errors() -> None:
    story = Story().user_says(0.0, 1.0, "", kind="play").add(1.1, "agent", Transcript("user", "Hi"))
    assert _metric(story.measured(), "wer").n == 0


@pytest.mark.parametrize("by", ["user", "agent", "platform", "limit"])
def test_who_hung_up_is_a_metric(by: str) -> None:
    match by:
        case "user" | "agent" | "platform" | "limit":
            measured = Story().add(9.0, "user", CallEnded(by)).measured()
    hung_up = _metric(measured, "hung_up_by")
    assert (hung_up.values, hung_up.unit, hung_up.mean) == ((by,), "party", None)


def test_a_call_in_which_nothing_happened_has_every_metric() -> None:
    metrics = measure(Story().measured(0.0))
    assert set(metrics) == set(UNITS)
    empty = {name for name, metric in metrics.items() if metric.n == 0}
    assert empty == {
        "response_latency",
        "greeting_latency",
        "time_to_first_audio",
        "stop_time",
        "talk_over",
        "dead_air",
        "wer",
        "pooled_wer",
        "hung_up_by",
    }
    assert {metrics[name].values for name in set(metrics) - empty} == {(0,)}


def test_a_metric_without_values_has_no_statistics() -> None:
    metric = summarise("response_latency", [])
    assert metric.n == 0
    assert metric.values == ()
    statistics = metric.min, metric.mean, metric.p50, metric.p90, metric.p95, metric.max
    assert statistics == (None,) * 6


def test_percentiles_are_by_nearest_rank() -> None:
    metric = summarise("response_latency", [5.0, 1.0, 4.0, 2.0, 3.0])
    assert (metric.p50, metric.p90, metric.p95) == (3.0, 5.0, 5.0)
    assert metric.values == (5.0, 1.0, 4.0, 2.0, 3.0)
    twenty = summarise("response_latency", [float(number) for number in range(1, 21)])
    assert (twenty.p50, twenty.p90, twenty.p95, twenty.max) == (10.0, 18.0, 19.0, 20.0)


def test_one_value_is_every_percentile() -> None:
    metric = summarise("response_latency", [0.7])
    assert (metric.n, metric.p50, metric.p90, metric.p95) == (1, 0.7, 0.7, 0.7)


@given(st.integers(1, 500))
def test_nearest_rank_is_exact_for_any_number_of_values(count: int) -> None:
    metric = summarise("turns", list(range(1, count + 1)))
    ranks = [-(-percent * count // 100) for percent in (50, 90, 95)]  # rounded up
    assert [metric.p50, metric.p90, metric.p95] == ranks


@given(st.lists(st.floats(0, 100), min_size=1, max_size=50))
def test_statistics_stand_in_order(values: list[float]) -> None:
    metric = summarise("overlap", values)
    numbers = [metric.min, metric.p50, metric.p90, metric.p95, metric.max]
    known = [number for number in numbers if number is not None]
    assert known == sorted(known)
    assert len(known) == 5
    assert metric.mean == pytest.approx(math.fsum(values) / len(values), abs=1e-6)


def test_every_metric_can_be_checked_and_every_check_has_a_metric() -> None:
    checked = {
        name
        for name, field in Checks.model_fields.items()
        if any(
            isinstance(kind, type) and issubclass(kind, Bounds | HungUpBy)
            for kind in getattr(field.annotation, "__args__", ())
        )
    }
    assert checked == set(UNITS)
