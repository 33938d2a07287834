from __future__ import annotations

import pytest

from voicetest.speech.matching import contains, word_error_rate, word_errors

HELD = [
    ("I have refunded it", "refund*"),
    ("a full refund", "refund*"),
    ("thank you for calling", "Thank you for calling!"),
    ("your number is four five two one twenty dollars", "4521"),
    ("your number is four five two one twenty dollars", "$20"),
    ("invoice 4521 it is", "four five two one"),
    ("forty five twenty one", "4521"),
    ("at 3:30 then", "three thirty"),
    ("that's all", "that is all"),
    ("cancel* was typed", "cancel"),
    ("please send an e mail", "email"),
    ("please send an email", "e-mail"),
    ("you may check in now", "check-in"),
    ("the code is a b c one two three", "ABC123"),
    ("the code is ABC123", "A B C 1 2 3"),
    ("a u s a flag", "USA"),
    ("am I a member", "a member"),
    ("on May fifth", "May 5"),
    ("on May 5", "the fifth of May"),
    ("it is the fifth of May", "May 5th"),
    ("it is due on March 21st, twenty twenty four", "March 21, 2024"),
    ("it may be the first", "the first"),
]

NOT_HELD = [
    ("refunded", "refund"),
    ("we are at 21 now", "1"),
    ("we are at 21 now", "2"),
    ("invoice 4521", "452"),
    ("thank all of you", "thank you"),
    ("you thank", "thank you"),
    ("", "thank you"),
    ("anything", "!!!"),
    ("anything", ""),
    ("yesterday", "yes"),
    ("I know", "no"),
    ("ask a therapist", "the rapist"),
    ("on May 15th", "May 5"),
    ("on May 5th", "May 15"),
    ("the 21st", "21"),
    ("room 21 and 5", "215"),
    ("five hundred", "5"),
]


@pytest.mark.parametrize(("text", "phrase"), HELD)
def test_the_text_contains_the_phrase(text: str, phrase: str) -> None:
    assert contains(text, phrase)


@pytest.mark.parametrize(("text", "phrase"), NOT_HELD)
def test_the_text_does_not_contain_the_phrase(text: str, phrase: str) -> None:
    assert not contains(text, phrase)


@pytest.mark.parametrize(
    ("reference", "hypothesis", "rate"),
    [
        ("just the refund please", "Just the refund, please.", 0),
        ("just the refund please", "just a refund please", 1 / 4),
        ("just the refund please", "the refund please", 1 / 4),
        ("just the refund please", "just the the refund please", 1 / 4),
        ("four five two one", "4521", 0),
        ("four five two one", "four five to one", 1 / 4),
        ("yes", "", 1),
        ("yes", "no no no", 3),
        ("", "", 0),
        ("", "hello", 1),
    ],
)
def test_word_errors_are_counted(reference: str, hypothesis: str, rate: float) -> None:
    assert word_error_rate(reference, hypothesis) == pytest.approx(rate)


def test_errors_are_counted_against_the_digits_and_words_of_the_reference() -> None:
    assert word_errors("call 4521 now", "call for five two one") == (2, 6)
    assert word_errors("", "hello there") == (2, 0)
