from __future__ import annotations

from pathlib import Path

import pytest

from tests.checks.timelines import Story
from voicetest.scenario import patterns

SCENARIO = "script:\n  - agent:\n      matches: slow\n"


def _heard(text: str) -> Story:
    return Story().begin(0, 0.0).agent_says(0.5, 2.0, text).end(0, 3.0, 0)


def test_a_pattern_that_takes_too_long_is_an_error_of_the_file_at_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patterns, "LIMIT_S", 1e-9)
    result = _heard("so " * 100_000).judged(tmp_path, SCENARIO)
    assert result.status == "error"
    (fault,) = result.errors
    assert fault.kind == "scenario"
    assert "this regular expression took longer than" in fault.message


def test_a_pattern_that_can_be_told_is_no_error(tmp_path: Path) -> None:
    result = _heard("that is slow").judged(tmp_path, SCENARIO)
    assert (result.status, result.errors) == ("passed", ())
