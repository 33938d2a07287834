"""What a step still waits for is told in the words of its file."""

from __future__ import annotations

import pytest

from voicetest.checks.expectations import Spoken
from voicetest.checks.view import ToolUse
from voicetest.checks.wanted import still_wanted
from voicetest.events import ToolCalled
from voicetest.scenario.expectations import Expectations

NOTHING = Spoken((), ())


@pytest.mark.parametrize(
    ("expected", "words"),
    [
        ({}, "the agent to speak"),
        ({"never_says": ["sorry"], "within": "2s"}, "the agent to speak"),
        ({"says": "thank you"}, "the agent to say 'thank you'"),
        ({"says": ["a", "b"]}, "the agent to say 'a' and to say 'b'"),
        ({"says_any": ["yes", "sure"]}, "the agent to say 'yes' or 'sure'"),
        ({"matches": "ref(und)?"}, "the agent to say what fits 'ref(und)?'"),
        ({"similar_to": "good day"}, "the agent to say 'good day'"),
        ({"calls_tool": "book_table"}, "the agent to call book_table"),
        ({"presses": "12#"}, "the agent to press 12#"),
        ({"says": "goodbye", "ends_call": "true"}, "the agent to say 'goodbye' and to hang up"),
        ({"says": "x" * 70}, f"the agent to say '{'x' * 60}…'"),
    ],
)
def test_everything_that_further_listening_can_fulfil_is_named(
    expected: dict[str, object], words: str
) -> None:
    assert still_wanted(Expectations.model_validate(expected), NOTHING) == words


def test_what_was_heard_already_is_not_waited_for() -> None:
    expected = Expectations.model_validate(
        {"says": ["one moment", "thank you"], "calls_tool": "lookup", "presses": "1w2"}
    )
    tools = [ToolUse(ToolCalled("1", "lookup", "{}"), 1.0)]
    heard = Spoken(["One moment, please."], tools, keys="12")
    assert still_wanted(expected, heard) == "the agent to say 'thank you'"
