"""A measured time against its limits, and when voicetest is too inexact to judge it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.checks.timelines import Story, harness_late_by, only
from voicetest.call.harness import Harness
from voicetest.call.playout import Slip
from voicetest.checks.result import Check
from voicetest.checks.timing import timing_check

UNMEASURED = Check(
    name="within",
    where="scenario.yaml:5",
    step=0,
    expected="speaks within 1 s",
    actual="never spoke",
    passed=False,
    severity="fail",
)


def _check(
    value: float | None,
    harness: Harness | None = None,
    *,
    window: tuple[float, float | None] = (2.0, 3.0),
    lower: float | None = None,
    upper: float | None = 1.0,
) -> Check:
    return timing_check(
        UNMEASURED, value=value, window=window, harness=harness, lower=lower, upper=upper
    )


def test_nothing_measured_leaves_the_check_failed() -> None:
    assert _check(None, harness_late_by(5.0, at_s=2.5)) == UNMEASURED


@pytest.mark.parametrize(("value", "passed"), [(0.2, True), (1.0, True), (1.001, False)])
def test_an_upper_limit_may_be_reached_but_not_passed(value: float, passed: bool) -> None:
    check = _check(value)
    assert (check.passed, check.value, check.limit) == (passed, value, 1.0)
    assert check.actual == f"{value:.3f} s"
    assert not check.inconclusive


@pytest.mark.parametrize(("value", "passed"), [(0.999, False), (1.0, True), (7.0, True)])
def test_a_lower_limit_may_be_reached_but_not_passed(value: float, passed: bool) -> None:
    assert _check(value, lower=1.0, upper=None).passed is passed


@pytest.mark.parametrize(
    ("value", "nearest", "passed"),
    [(1.2, 1.0, True), (2.9, 3.0, True), (0.5, 1.0, False), (3.5, 3.0, False)],
)
def test_between_two_limits_the_nearest_is_the_one_to_show(
    value: float, nearest: float, passed: bool
) -> None:
    check = _check(value, lower=1.0, upper=3.0)
    assert (check.limit, check.passed) == (nearest, passed)


@pytest.mark.parametrize("value", [0.96, 1.04])
@pytest.mark.parametrize(("late", "unclear"), [(0.03, False), (0.05, True)])
def test_a_value_within_the_harness_error_of_its_limit_is_inconclusive(
    value: float, late: float, unclear: bool
) -> None:
    assert _check(value, harness_late_by(late, at_s=2.5)).inconclusive is unclear


def test_an_error_of_exactly_the_distance_is_inconclusive() -> None:
    harness = Harness(slips=[Slip(2.5, 0.25)])
    assert _check(0.75, harness).inconclusive
    assert not _check(0.5, harness).inconclusive


@pytest.mark.parametrize("at_s", [1.0, 3.5])
def test_an_error_outside_the_window_does_not_count(at_s: float) -> None:
    harness = harness_late_by(0.5, at_s=at_s)
    harness.slips = [Slip(at_s, -0.5)]
    assert not _check(0.99, harness).inconclusive


@pytest.mark.parametrize("seconds", [-0.06, 0.06])
def test_playout_that_dropped_or_inserted_sound_is_part_of_the_error(seconds: float) -> None:
    assert _check(0.95, Harness(slips=[Slip(2.5, seconds)])).inconclusive


def test_several_slips_add_up() -> None:
    slips = [Slip(2.1, 0.02), Slip(2.2, -0.02), Slip(2.3, 0.02)]
    assert _check(0.95, Harness(slips=slips)).inconclusive
    assert not _check(0.95, Harness(slips=slips[:2])).inconclusive


def test_a_value_on_its_limit_is_conclusive_when_voicetest_kept_time() -> None:
    assert not _check(1.0, harness_late_by(0.0, at_s=2.5)).inconclusive
    assert not _check(1.0, None).inconclusive


WITHIN = "script:\n  - user: Hello?\n  - agent: {within: 1s}\n"


def _answered_after(latency: float) -> Story:
    story = Story().begin(0, 0.0).user_says(1.0, 2.0).end(0, 2.0)
    return story.begin(1, 2.0).agent_says(2.0 + latency, 5.0).end(1, 5.0, 0)


@pytest.mark.parametrize("latency", [0.98, 1.02])
def test_an_unclear_timing_check_makes_the_call_inconclusive(
    tmp_path: Path, latency: float
) -> None:
    result = _answered_after(latency).judged(
        tmp_path, WITHIN, harness=harness_late_by(0.03, at_s=2.5)
    )
    assert only(result, "within").inconclusive
    assert result.status == "inconclusive"
    assert "within voicetest's own error" in result.reason


def test_a_late_frame_while_the_user_speaks_does_not_blur_the_answer(tmp_path: Path) -> None:
    result = _answered_after(1.02).judged(tmp_path, WITHIN, harness=harness_late_by(0.2, at_s=1.5))
    assert result.status == "failed"


def test_another_failure_is_not_hidden_by_an_unclear_check(tmp_path: Path) -> None:
    scenario = WITHIN + "checks: {turns: {min: 2}}\n"
    harness = harness_late_by(0.03, at_s=2.5)
    assert _answered_after(0.98).judged(tmp_path, scenario, harness=harness).status == "failed"


def test_an_unclear_warning_leaves_the_call_passed(tmp_path: Path) -> None:
    scenario = WITHIN.replace("1s}", "1s, severity: warn}")
    result = _answered_after(1.02).judged(
        tmp_path, scenario, harness=harness_late_by(0.03, at_s=2.5)
    )
    assert only(result, "within").inconclusive
    assert result.status == "passed"


@pytest.mark.parametrize("latency", [0.98, 1.02])
def test_an_unclear_latency_of_the_whole_call_is_inconclusive(
    tmp_path: Path, latency: float
) -> None:
    scenario = "script:\n  - user: Hello?\n  - agent\nchecks: {response_latency: {max: 1s}}\n"
    result = _answered_after(latency).judged(
        tmp_path, scenario, harness=harness_late_by(0.03, at_s=2.5)
    )
    assert only(result, "response_latency").inconclusive
    assert result.status == "inconclusive"


def test_an_error_while_another_answer_was_awaited_does_not_blur_the_slowest(
    tmp_path: Path,
) -> None:
    story = _answered_after(0.2).user_says(6.0, 7.0).agent_says(8.02, 9.0)
    scenario = "script:\n  - user: Hello?\n  - agent\nchecks: {response_latency: {max: 1s}}\n"
    result = story.judged(tmp_path, scenario, harness=harness_late_by(0.03, at_s=2.1))
    check = only(result, "response_latency")
    assert (check.value, check.inconclusive) == (1.02, False)
    assert result.status == "failed"
