"""A failed call says its first cause with both sides, and how much follows from it."""

from __future__ import annotations

from typing import Any

from voicetest.checks.result import Check
from voicetest.checks.why import why_failed


def _check(name: str = "says", step: int | None = 2, line: int = 24, **changes: Any) -> Check:
    values: dict[str, Any] = {
        "name": name,
        "where": f"call.yaml:{line}",
        "step": step,
        "expected": '"last four digits"',
        "actual": '"Sorry, say that again?"',
        "passed": False,
        "severity": "fail",
    }
    return Check(**{**values, **changes})


def test_both_sides_of_what_was_said_are_named() -> None:
    assert why_failed([_check()]) == (
        'line 24: expected "last four digits", the agent said "Sorry, say that again?"'
    )
    silent = _check(actual="the agent said nothing")
    assert why_failed([silent]) == 'line 24: expected "last four digits", the agent said nothing'


def test_what_is_not_said_is_named_with_its_check() -> None:
    slow = _check("within", expected="speaks within 1 s", actual="2.300 s")
    assert why_failed([slow]) == "line 24: within: expected speaks within 1 s, but: 2.300 s"


def test_the_cause_is_the_earliest_in_the_script_whatever_is_checked_first() -> None:
    told = why_failed([_check("turns", None, 40), _check(step=5, line=30), _check(step=1, line=9)])
    assert told.startswith("line 9: ")


def test_what_comes_after_a_conversation_went_astray_follows_from_it() -> None:
    later = [_check(step=4, line=30), _check("within", 4, 31), _check("reached", 6, 33)]
    assert why_failed([_check(), *later]).endswith("; 3 more checks follow from it")
    assert why_failed([_check(), later[0]]).endswith("; 1 more check follows from it")


def test_a_slow_answer_makes_no_later_answer_wrong() -> None:
    slow = _check("within", expected="speaks within 1 s", actual="2.300 s")
    told = why_failed([slow, _check(step=4, line=30), _check("talk_overs", None, 40)])
    assert told.endswith("; 2 more checks fail")
    assert why_failed([slow, _check("reached", 4)]).endswith("; 1 more check follows from it")


def test_an_agent_that_never_answered_explains_all_of_its_step() -> None:
    mute = _check("answers", expected="the agent answers within 60 s", actual="it never spoke")
    rest = [_check(), _check("within"), _check("missed_responses", None), _check("turns", None)]
    told = why_failed([mute, *rest])
    assert told.endswith("; 3 more checks follow from it; 1 more check fails")


def test_long_texts_are_cut_and_kept_on_one_line() -> None:
    told = why_failed([_check(actual='"' + "so\n" * 100 + '"')])
    assert "\n" not in told
    assert told.endswith('…"')
    assert len(told) < 160
