"""What is kept of the result of a call."""

from __future__ import annotations

import pytest

from tests.report.runs import broken, manifest, turn, unmet_check
from voicetest.checks.metrics import summarise
from voicetest.checks.result import HarnessFigures, LapseFigure
from voicetest.load.outcome import outcome_of


def _harness(frames: int = 500, p99_ms: float = 2.0, *lapses: LapseFigure) -> HarnessFigures:
    return HarnessFigures(
        frames_sent=frames,
        lateness_p50_ms=0.5,
        lateness_p99_ms=p99_ms,
        lateness_max_ms=90.0,
        loop_lag_ms=1.0,
        playout_dropped_s=0.0,
        playout_inserted_s=0.0,
        jitter_buffer_s=0.04,
        lapses=lapses,
    )


def test_answers_have_their_time_and_those_that_came_too_early_are_none() -> None:
    turns = (
        turn(0, "agent", "Hello."),
        turn(1, "user", "Hi.", response_latency_s=9.0),
        turn(2, "agent", "Yes?", response_latency_s=0.75),
        turn(3, "agent", "Too early", response_latency_s=-0.2),
    )
    found = outcome_of(manifest("passed", "x", turns=turns, harness=_harness()), 0.25, None)
    assert found.answers == ((5.0, 0.75),)
    assert (found.status, found.connect_s, found.late, found.error) == ("passed", 0.25, "", None)


def test_the_first_word_and_the_times_to_stop_are_those_of_the_metrics() -> None:
    metrics = {
        "greeting_latency": summarise("greeting_latency", [-0.03]),
        "stop_time": summarise("stop_time", [0.2, 0.4]),
    }
    found = outcome_of(manifest("passed", "x", metrics=metrics), 0.1, None)
    assert (found.first_word_s, found.stop_times_s) == (0.0, (0.2, 0.4))
    assert outcome_of(manifest("passed", "x"), 0.1, None).first_word_s is None


def test_only_checks_that_decide_and_can_be_told_have_failed() -> None:
    checks = (
        unmet_check(),
        unmet_check(name="within", severity="warn"),
        unmet_check(name="lasts", inconclusive=True),
        unmet_check(name="holds", passed=True),
    )
    assert outcome_of(manifest("failed", "x", checks=checks), 0.1, None).failed == ("says",)


def test_an_error_has_its_kind_and_its_folder() -> None:
    found = outcome_of(manifest("error", "x", errors=(broken(),)), None, "calls/000001")
    assert (found.error, found.connect_s, found.folder) == ("connection", None, "calls/000001")


@pytest.mark.parametrize(
    ("frames", "p99_ms", "late"),
    [
        (500, 50.0, ""),
        (500, 51.0, "1 % of its frames were more than 51 ms late"),
        (99, 80.0, ""),
    ],
)
def test_frames_that_are_late_too_often_make_the_call_no_measurement(
    frames: int, p99_ms: float, late: str
) -> None:
    result = manifest("passed", "x", harness=_harness(frames, p99_ms))
    assert outcome_of(result, 0.1, None).late == late


def test_a_lapse_makes_it_none_either() -> None:
    lapse = LapseFigure(start_s=2.0, end_s=3.0, seconds=1.0, kind="stood_still")
    result = manifest("passed", "x", harness=_harness(99, 2.0, lapse))
    assert outcome_of(result, 0.1, None).late == "this machine stood still for 1.0 s at 2.0 s"
