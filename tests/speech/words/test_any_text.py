from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.speech.words.tables import TABLES
from voicetest.speech.words import contains, spoken
from voicetest.speech.words.aloud import aloud

PARTS = (
    "one twenty hundred thousand a and half third quarter past to o'clock pm a.m. noon 3:15 07:00 "
    "25:61 3/4 1/0 2026-13-45 14.3. 1,250 12,50 1.2.3 $ € % # + - / . , ; ( [ < & @ ' oh point dot "
    "com B4 k percent feet 6'2\" below zero ½ ² 一百 五 点 半 分 之 の 前 差 元 角 साढ़े तीन बजे "
    "लाख media y las menos halb drei Viertel vor demi moins 007 0 not can't between million"
).split()
TEXT = st.one_of(
    st.text(max_size=30),
    st.lists(st.one_of(st.sampled_from(PARTS), st.text(max_size=3)), max_size=8).map(" ".join),
    st.lists(st.sampled_from(PARTS), max_size=6).map("".join),
)


@settings(max_examples=150, deadline=None)
@given(TEXT, TEXT, st.sampled_from([*TABLES, "en-GB", "sv", "tr"]))
def test_any_text_can_be_read_and_has_itself_in_it(text: str, other: str, language: str) -> None:
    contains(text, other, language)
    aloud(text, language)
    if spoken(text, language) and any(map(str.isalnum, text)) and "*" not in text:
        assert contains(text, text, language)


@pytest.mark.parametrize(
    "part", ["one ", "a ", "b ", "oh ", "a dot ", "1/", ", ", "a.b-", "1.", "five to ", "um ", "'"]
)
def test_a_long_text_of_the_same_part_is_read_in_a_few_seconds(part: str) -> None:
    began = time.perf_counter()
    assert not contains(part * 2000, "nothing of the kind")
    assert time.perf_counter() - began < 10


@pytest.mark.parametrize("digits", [16, 28, 40, 400])
def test_the_last_digit_of_a_long_number_counts(digits: int) -> None:
    number = "4" * digits
    assert contains(f"it is {number} then", number)
    assert contains(f"it is {number} then", " ".join(number))
    assert not contains(f"it is {number} then", f"{number[:-1]}5")
    assert not contains(f"it is {number} then", number[:-1])
    assert not contains(f"it is {number} then", number[:15])


def test_a_digit_that_unicode_knows_only_since_lately_is_no_error() -> None:
    assert contains("room \U0001ccf7 here", "here", "sv")


def test_a_letter_before_a_dollar_sign_is_no_error_where_no_money_is_known() -> None:
    assert contains("c$ ca$ kadar", "kadar", "tr")
