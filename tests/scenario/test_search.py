"""Texts are found wherever they stand, and replaced once."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicetest.scenario.search import Search, Wanted

SMALL = st.text(alphabet="ab", max_size=40)


@given(st.lists(st.text(alphabet="ab", min_size=5, max_size=12), min_size=1, max_size=4), SMALL)
def test_nothing_that_is_looked_for_is_left(wanted: list[str], text: str) -> None:
    search = Search.of(Wanted(one, "*", secret=False) for one in wanted)
    replaced = search.replace(text)
    assert not any(one in replaced for one in wanted)
    assert ("*" in replaced) == any(one in text for one in wanted)


@pytest.mark.parametrize("at", range(9))
@pytest.mark.parametrize("text", ["12345", "123456", "12345678", "1234567890ab"])
def test_a_text_is_found_at_every_place(at: int, text: str) -> None:
    search = Search.of([Wanted(text, "*"), Wanted("something else", "+")])
    assert search.replace("." * at + text + "!") == "." * at + "*!"


def test_stretches_that_overlap_are_replaced_as_one() -> None:
    search = Search.of([Wanted("abcdef", "1", secret=False), Wanted("defghi", "2", secret=False)])
    assert search.replace("-abcdefghi-") == "-1-"
    assert search.replace("-abcdef-defghi-") == "-1-2-"


def test_letters_that_grow_when_they_are_made_small_move_nothing() -> None:
    assert Search.of([Wanted("İstanbul", "*")]).replace("in İSTANBUL İ") == "in * İ"


def test_texts_that_are_too_short_are_not_looked_for() -> None:
    assert Search.of([Wanted("abcd", "*")]).replace("abcd") == "abcd"
