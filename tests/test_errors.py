from __future__ import annotations

import pytest

from voicetest import errors
from voicetest.errors import ExitCode, Problem, ScenarioError, VoicetestError


def test_problems_are_told_in_the_order_of_the_file_each_once() -> None:
    error = ScenarioError(
        [Problem("a.yaml", 9, 1, "late"), Problem("a.yaml", 2, 3, "early")] * 2
        + [Problem("a.yaml", 0, 0, "whole file")]
    )
    assert str(error) == "a.yaml: whole file\na.yaml:2:3: early\na.yaml:9:1: late"


@pytest.mark.parametrize("name", [name for name in errors.__all__ if "Error" in name])
def test_every_error_says_who_has_to_act(name: str) -> None:
    kind = getattr(errors, name)
    assert issubclass(kind, VoicetestError)
    if kind is not VoicetestError:
        assert isinstance(kind.exit_code, ExitCode)
        assert kind.kind
