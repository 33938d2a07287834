"""What a telephone number is, and what of it anybody may see."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicetest.adapters.phone_numbers import is_phone_number, redacted, without_numbers


@pytest.mark.parametrize("number", ["+15550100123", "+441632960123", "+8801234567890", "+1234567"])
def test_a_number_is_a_plus_sign_and_digits(number: str) -> None:
    assert is_phone_number(number)


@pytest.mark.parametrize(
    "text",
    [
        "15550100123", "+05550100123", "+1555010012345678", "+1 555 0100123", "+1555-010-0123",
        "+15550100123\n", "\n+15550100123", "+١٥٥٥٠١٠٠١٢٣", "+1555\uff10100123", "tel:+15550100123",
        "+1555x", "", "+", "client:bob", "+15550100123;ext=4",
    ],
)  # fmt: skip
def test_what_is_written_otherwise_is_none(text: str) -> None:
    assert not is_phone_number(text)


def test_four_digits_of_a_number_are_shown() -> None:
    assert redacted("+15550100123") == "***0123"


@pytest.mark.parametrize("short", ["", "911", "1234"])
def test_nothing_of_a_short_number_is_shown(short: str) -> None:
    assert redacted(short) == "***"


def test_numbers_in_the_words_of_somebody_else_are_redacted() -> None:
    said = "The 'To' number +15550100123 is not valid; see (555) 010-0199 or 15550100123."
    assert without_numbers(said) == (
        "The 'To' number ***0123 is not valid; see (***0199 or ***0123."
    )


def test_what_is_no_number_stays() -> None:
    text = "HTTP 404 CA0123456789abcdef0123456789abcdef at 10:30"
    assert without_numbers(text) == text


@given(st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True), st.text(max_size=20))
def test_no_number_survives_whatever_stands_before_it(number: str, before: str) -> None:
    assert number not in without_numbers(f"{before} {number}")
