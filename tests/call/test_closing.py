"""Why a line broke, as people are told."""

from __future__ import annotations

import pytest

from voicetest.call.closing import broken_line
from voicetest.events import Hangup


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        (1002, "check the protocol"),
        (1006, "agent's log"),
        (1008, "check keys"),
        (1011, "broke at the agent"),
        (1013, "try again later"),
    ],
)
def test_a_close_code_comes_with_what_to_do(code: int, hint: str) -> None:
    error = broken_line(Hangup(code, "its own words", normal=False))
    assert f"closed with code {code} its own words" in str(error)
    assert hint in str(error)
    assert (error.code, error.reason) == (code, "its own words")


def test_a_code_that_is_not_known_has_no_hint() -> None:
    message = str(broken_line(Hangup(4999, "", normal=False)))
    assert message == "the line broke: closed with code 4999"


def test_a_platform_that_ends_a_call_is_quoted() -> None:
    error = broken_line(Hangup(reason="pipeline-error", normal=False))
    assert str(error) == "the agent's platform ended the call: pipeline-error"
    assert (error.code, error.reason) == (None, "pipeline-error")
