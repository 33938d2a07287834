"""What a call warned of is told once each, whoever said it."""

from __future__ import annotations

from voicetest.call.timeline import Entry
from voicetest.checks.warned import warnings_of
from voicetest.errors import Problem
from voicetest.events import Failed, Warned


def test_what_was_odd_is_told_with_its_time_and_who_it_is_about() -> None:
    (told,) = warnings_of((), [Entry(3.25, "agent", Warned("the map has no use for 'x'"))])
    assert (told.message, told.at_s, told.by) == ("the map has no use for 'x'", 3.25, "agent")
    assert str(told) == "warning at 3.25 s: the map has no use for 'x'"


def test_the_same_words_are_one_warning_however_often_they_came() -> None:
    entries = [Entry(at, "agent", Warned(text)) for at, text in [(1.0, "a"), (2.0, "b"), (9, "a")]]
    first, second = warnings_of((), entries)
    assert (first.message, first.at_s, first.times) == ("a", 1.0, 2)
    assert (second.message, second.times) == ("b", 1)
    assert str(first).endswith("a (2 times)")


def test_an_error_that_the_call_survived_is_a_warning_with_the_platforms_words() -> None:
    failed = Failed("rate_limit", "Too many requests.")
    (told,) = warnings_of((), [Entry(2.0, "platform", failed)])
    assert told.message == "the platform reports an error: Too many requests. (rate_limit)"
    (bare,) = warnings_of((), [Entry(2.0, "agent", Failed("bad_audio", ""))])
    assert bare.message == "the agent reports an error: bad_audio"


def test_an_error_that_ended_the_call_is_none() -> None:
    assert warnings_of((), [Entry(2.0, "agent", Failed("gone", "x", fatal=True))]) == ()


def test_what_is_odd_in_the_file_comes_first_and_has_its_place_instead_of_a_time() -> None:
    problem = Problem("billing.yaml", 7, 3, "a secret is spoken")
    told = warnings_of((problem, problem), [Entry(0.0, "voicetest", Warned("late"))])
    assert [(w.message, w.where, w.at_s) for w in told] == [
        ("a secret is spoken", "billing.yaml:7:3", None),
        ("late", None, 0.0),
    ]
    assert str(told[0]) == "warning: billing.yaml:7:3: a secret is spoken"


def test_what_came_before_the_line_was_ready_is_told_at_its_beginning() -> None:
    (told,) = warnings_of((), [Entry(-0.5, "platform", Warned("slow"))])
    assert told.at_s == 0.0


def test_a_peer_can_neither_fill_a_report_nor_move_the_cursor_of_a_terminal() -> None:
    (told,) = warnings_of((), [Entry(1.0, "agent", Warned("a\n b\x1b[2J" + 1000 * "c"))])
    assert told.message.startswith("a b [2Jccc")
    assert len(told.message) == 501
