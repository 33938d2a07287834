"""Verdicts over several calls: rates, intervals, and when further calls can change nothing."""

from __future__ import annotations

from itertools import product

import pytest

from voicetest.checks.result import Status
from voicetest.suite.repeat import Tally, wilson

CODES: dict[Status, int] = {"passed": 0, "failed": 1, "error": 4, "inconclusive": 4}


def _tally(planned: int, required: float, *statuses: Status) -> Tally:
    tally = Tally(planned, required)
    for status in statuses:
        tally.add(status, CODES[status])
    return tally


@pytest.mark.parametrize(
    ("passed", "counted", "low", "high"),
    [(8, 10, 0.4902, 0.9433), (0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (1, 1, 0.2065, 1.0)],
)
def test_the_interval_is_wilsons(passed: int, counted: int, low: float, high: float) -> None:
    assert wilson(passed, counted) == pytest.approx((low, high), abs=1e-4)


@pytest.mark.parametrize(
    ("required", "statuses", "verdict"),
    [
        (1.0, ["failed"], "failed"),
        (1.0, ["passed"] * 4, None),
        (0.8, ["passed"] * 4, "passed"),
        (0.8, ["failed"], None),
        (0.8, ["failed", "failed"], "failed"),
        (0.8, ["error", "failed"], None),
        (0.8, ["inconclusive", "passed", "passed", "passed"], None),
    ],
)
def test_a_verdict_comes_as_soon_as_nothing_can_change_it(
    required: float, statuses: list[Status], verdict: Status | None
) -> None:
    assert _tally(5, required, *statuses).decided == verdict


def test_what_was_decided_is_never_changed_by_what_comes_after() -> None:
    kinds: tuple[Status, ...] = ("passed", "failed", "error", "inconclusive")
    for statuses in product(kinds, repeat=4):
        for required in (0.5, 0.75, 1.0):
            early = [_tally(4, required, *statuses[:n]).decided for n in range(5)]
            decided = [verdict for verdict in early if verdict is not None]
            assert len(set(decided)) <= 1


def test_errors_and_inconclusive_calls_stay_out_of_the_rate_and_are_shown() -> None:
    tally = _tally(5, 0.6, "passed", "passed", "passed", "error", "inconclusive")
    assert (tally.rate, tally.verdict, tally.exit_code) == (1.0, "passed", 0)
    assert "3 of 3 passed (100%" in tally.summary()
    assert "1 error, 1 inconclusive" in tally.summary()


@pytest.mark.parametrize(
    ("statuses", "verdict", "code"),
    [
        (["passed", "error"], "error", 4),
        (["passed", "inconclusive"], "inconclusive", 4),
        (["failed", "error"], "failed", 1),
        (["inconclusive", "inconclusive"], "inconclusive", 4),
    ],
)
def test_an_unknown_call_that_could_decide_leaves_no_verdict(
    statuses: list[Status], verdict: Status, code: int
) -> None:
    tally = _tally(2, 1.0, *statuses)
    assert (tally.verdict, tally.exit_code) == (verdict, code)


@pytest.mark.parametrize("code", [2, 3, 130])
def test_an_error_that_would_come_again_ends_the_case(code: int) -> None:
    tally = _tally(10, 0.5, "passed")
    tally.add("error", code)
    assert (tally.decided, tally.exit_code) == ("error", code)


@pytest.mark.parametrize(("code", "passing"), [(70, False), (3, True)])
def test_after_an_error_of_one_call_alone_the_others_are_made_and_the_case_has_an_error(
    code: int, passing: bool
) -> None:
    tally = Tally(3, 0.5)
    tally.add("error", code, passing=passing)
    decided = [tally.decided]
    for _ in range(2):
        tally.add("passed", 0)
        decided.append(tally.decided)
    assert decided == [None, None, "error"]
    assert (tally.verdict, tally.exit_code) == ("error", code)


def test_a_call_that_was_made_is_not_skipped() -> None:
    with pytest.raises(ValueError, match="not skipped"):
        Tally(1, 1.0).add("skipped", 5)
