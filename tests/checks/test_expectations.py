"""What the agent said and did, held against one expectation at a time."""

from __future__ import annotations

from typing import Any

import pytest

from voicetest.checks.expectations import (
    Spoken,
    Verdict,
    expects_words,
    judge_spoken,
    nothing_left_to_hear,
)
from voicetest.checks.view import ToolUse
from voicetest.events import ToolCalled
from voicetest.scenario.expectations import Expectations


def _spoken(*texts: str, hung_up: bool = False, **tools: str) -> Spoken:
    used = [ToolUse(ToolCalled("id", name, sent), 1.0) for name, sent in tools.items()]
    return Spoken(texts, used, hung_up)


def _verdicts(spoken: Spoken, **expected: Any) -> list[Verdict]:
    return list(judge_spoken(Expectations.model_validate(expected), spoken))


def _holds(spoken: Spoken, **expected: Any) -> bool:
    (verdict,) = _verdicts(spoken, **expected)
    return verdict.passed


def test_every_phrase_has_a_verdict_of_its_own() -> None:
    verdicts = _verdicts(_spoken("Your refund is on its way"), says=["refund", "invoice"])
    assert [(verdict.key, verdict.passed) for verdict in verdicts] == [
        (("says", 0), True),
        (("says", 1), False),
    ]
    assert verdicts[1].expected == '"invoice"'
    assert verdicts[1].actual == '"Your refund is on its way"'


@pytest.mark.parametrize(
    ("text", "phrase", "said"),
    [
        ("Your REFUND, sir.", "refund", True),
        ("Your refunds, sir.", "refund", False),
        ("Your refunds, sir.", "refund*", True),
        ("on the way to you", "the way", True),
        ("the long way", "the way", False),
        ("That's twenty-one dollars", "that is $21", True),
        ("", "refund", False),
    ],
)
def test_says_matches_whole_normalised_words(text: str, phrase: str, said: bool) -> None:
    assert _holds(_spoken(text), says=phrase) is said
    assert _holds(_spoken(text), never_says=phrase) is not said


def test_a_phrase_may_be_said_in_any_turn_of_the_step() -> None:
    spoken = _spoken("Let me check.", "", "I found it.")
    assert _holds(spoken, says="found it")
    assert not _holds(spoken, never_says="found it")
    assert spoken.quoted == '"Let me check. … I found it."'


def test_one_of_the_phrases_of_says_any_is_enough() -> None:
    assert _holds(_spoken("It was credited."), says_any=["refunded", "credited"])
    (verdict,) = _verdicts(_spoken("It was lost."), says_any=["refunded", "credited"])
    assert not verdict.passed
    assert verdict.expected == '"refunded" or "credited"'


def test_an_agent_without_words_says_nothing_and_breaks_no_ban() -> None:
    (said, never) = _verdicts(_spoken(), says="refund", never_says="cancel")
    assert (said.passed, said.actual) == (False, "the agent said nothing")
    assert never.passed


@pytest.mark.parametrize(
    ("pattern", "found"),
    [(r"\$\d+\.00", True), ("REFUND", True), ("^refund", False), ("refund.*two", True)],
)
def test_a_pattern_is_searched_in_the_whole_text_as_it_was_written(
    pattern: str, found: bool
) -> None:
    assert _holds(_spoken("A refund of $42.00.", "Step two."), matches=pattern) is found


def test_a_similar_text_may_differ_in_a_share_of_its_words() -> None:
    wanted = {"text": "Please wait a moment.", "wer": "25%"}
    assert _holds(_spoken("please wait", "one moment"), similar_to=wanted)
    (verdict,) = _verdicts(_spoken("Please hold one moment."), similar_to=wanted)
    assert not verdict.passed
    assert (verdict.limit, verdict.value) == (0.25, 0.5)
    assert verdict.expected == '"Please wait a moment." with at most 25% of the words wrong'
    assert verdict.actual == '"Please hold one moment.": 50% wrong'
    (short,) = _verdicts(_spoken("please wait a moment"), similar_to="Please wait a moment")
    assert (short.limit, short.value) == (0.2, 0.0)


@pytest.mark.parametrize(
    ("wanted", "sent", "called"),
    [
        ("lookup", '{"number": "4521"}', True),
        ("lookup", "", True),
        ("refund", "{}", False),
        ({"name": "lookup", "arguments": {"number": "4521"}}, '{"number": "4521", "a": 1}', True),
        ({"name": "lookup", "arguments": {"number": "4521"}}, '{"number": "4522"}', False),
        ({"name": "lookup", "arguments": {"number": "4521"}}, '{"a": "4521"}', False),
        ({"name": "lookup", "arguments": {"number": "4521"}}, "not JSON", False),
        ({"name": "lookup", "arguments": {"number": "4521"}}, '["number"]', False),
        ({"name": "lookup", "arguments": {"a": {"b": "c"}}}, '{"a": {"b": "c", "d": 1}}', True),
        ({"name": "lookup", "arguments": {"a": {"b": "c"}}}, '{"a": "b"}', False),
        ({"name": "lookup", "arguments": {"a": ["x"]}}, '{"a": ["x", "y"]}', False),
        ({"name": "lookup", "arguments": {"a": ["x", 1]}}, '{"a": ["x", "1"]}', True),
        ({"name": "lookup", "arguments": {"ssn4": 1111}}, '{"ssn4": "1111"}', True),
        ({"name": "lookup", "arguments": {"ssn4": "1111"}}, '{"ssn4": 1111}', True),
        ({"name": "lookup", "arguments": {"ssn4": 1111}}, '{"ssn4": "01111"}', False),
        ({"name": "lookup", "arguments": {"sure": True}}, '{"sure": "true"}', True),
        ({"name": "lookup", "arguments": {"sure": "yes"}}, '{"sure": true}', False),
    ],
)
def test_a_tool_call_needs_the_arguments_that_are_named(
    wanted: object, sent: str, called: bool
) -> None:
    assert _holds(_spoken(lookup=sent), calls_tool=wanted) is called


@pytest.mark.parametrize("sent", ["null", "[]", '""'])
def test_a_tool_call_without_an_object_of_arguments_is_a_call(sent: str) -> None:
    assert _holds(_spoken(lookup=sent), calls_tool="lookup")


def test_a_missing_tool_call_shows_what_was_called_instead() -> None:
    wanted = {"name": "refund", "arguments": {"number": "4521"}}
    (verdict,) = _verdicts(_spoken(lookup='{"n": 1}', bye=""), calls_tool=wanted)
    assert verdict.expected == 'refund with {"number": "4521"}'
    assert verdict.actual == 'lookup {"n": 1}, bye '
    (nothing,) = _verdicts(_spoken("Done."), calls_tool="refund")
    assert nothing.actual == "no tool was called"


def test_a_banned_tool_must_not_be_called_whatever_its_arguments() -> None:
    spoken = _spoken(cancel='{"all": true}', lookup="{}")
    verdicts = _verdicts(spoken, never_calls=["cancel", "refund"])
    assert [verdict.passed for verdict in verdicts] == [False, True]
    assert verdicts[0].actual == 'cancel {"all": true}, lookup {}'


def test_hanging_up_is_expected_only_where_it_is_written() -> None:
    assert _holds(_spoken(hung_up=True), ends_call=True)
    assert not _holds(_spoken(), ends_call=True)
    assert _verdicts(_spoken()) == []


@pytest.mark.parametrize(
    "expected",
    [
        {"says": ["let me", "found"]},
        {"says_any": ["found"]},
        {"matches": "found"},
        {"similar_to": "let me check I found it"},
        {"calls_tool": "lookup"},
        {"ends_call": True},
    ],
)
def test_a_step_goes_on_while_something_may_still_come(expected: dict[str, Any]) -> None:
    expectations = Expectations.model_validate(expected)
    assert not nothing_left_to_hear(expectations, _spoken("Let me check."))
    later = _spoken("Let me check.", "I found it.", hung_up=True, lookup="{}")
    assert nothing_left_to_hear(expectations, later)


@pytest.mark.parametrize(
    "expected",
    [
        {},
        {"never_says": "check"},
        {"never_calls": "lookup"},
        {"within": 1.0},
        {"lasts": {"max": 1.0}},
    ],
)
def test_a_step_never_waits_for_what_must_not_come(expected: dict[str, Any]) -> None:
    spoken = _spoken("Let me check.", lookup="{}")
    assert nothing_left_to_hear(Expectations.model_validate(expected), spoken)


def test_words_are_expected_by_any_expectation_on_them() -> None:
    nothing: list[dict[str, Any]] = [{}, {"within": 1.0}, {"severity": "warn"}]
    for expected in nothing:
        assert not expects_words(Expectations.model_validate(expected))
    words: list[dict[str, Any]] = [
        {"says": "a"},
        {"says_any": "a"},
        {"never_says": "a"},
        {"matches": "a"},
        {"calls_tool": "a"},
        {"never_calls": "a"},
    ]
    for expected in words:
        assert expects_words(Expectations.model_validate(expected))


@pytest.mark.parametrize(
    ("wanted", "sent", "passed"),
    [
        ({"ssn4": 1111}, '{"ssn4": "1111"}', True),
        ({"ssn4": "1111"}, '{"ssn4": 1111}', True),
        ({"ssn4": "0111"}, '{"ssn4": 111}', False),
        ({"on": True}, '{"on": 1}', True),
        ({"on": True}, '{"on": "true"}', True),
        ({"on": True}, '{"on": "yes"}', False),
        ({"n": 1.5}, '{"n": "1.5"}', True),
        ({"n": 12}, '{"n": "12 people"}', False),
    ],
)
def test_a_number_and_a_text_of_the_same_figures_are_the_same_argument(
    wanted: dict[str, object], sent: str, passed: bool
) -> None:
    expected = Expectations.model_validate({"calls_tool": {"name": "pay", "arguments": wanted}})
    spoken = Spoken([], [ToolUse(ToolCalled("1", "pay", sent), 1.0)])
    (verdict,) = judge_spoken(expected, spoken)
    assert verdict.passed is passed
