from __future__ import annotations

import pytest

from voicetest.scenario import patterns
from voicetest.scenario.patterns import TextPattern


def test_a_pattern_is_found_anywhere_whatever_its_case() -> None:
    assert TextPattern(r"order \d+").found_in("Your ORDER 12 is here.") is True
    assert TextPattern("^order").found_in("Your order.") is False


def test_a_search_that_takes_too_long_says_neither(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patterns, "LIMIT_S", 1e-9)
    assert TextPattern("(?:ab|ac|ad){3}x").found_in("abacad" * 20_000) is None
