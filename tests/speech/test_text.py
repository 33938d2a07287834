from __future__ import annotations

import pytest

from voicetest.speech.text import contains, normalise, word_error_rate

SAME = [
    ("Hello, World!", "hello world"),
    ("twenty one", "21"),
    ("Twenty-one", "21"),
    ("five five five", "555"),
    ("five-five-five", "5 5 5"),
    ("four, five, two, one", "4521"),
    ("one hundred and five", "105"),
    ("a hundred and five", "105"),
    ("ten thousand", "10,000"),
    ("1,234,567", "1234567"),
    ("five million", "5 million"),
    ("twelve point five", "12.5"),
    ("two thousand twenty four", "twenty twenty-four"),
    ("nineteen eighty four", "1984"),
    ("double oh seven", "007"),
    ("double o seven", "zero zero seven"),
    ("five oh five", "505"),
    ("triple five", "555"),
    ("555-1234", "five five five one two three four"),
    ("minus five degrees", "-5 degrees"),
    ("\u22125 degrees", "-5 degrees"),
    ("March 21st", "March twenty-first"),
    ("the first one", "the 1st 1"),
    ("$12.50", "twelve dollars and fifty cents"),
    ("$12.50", "12.50 dollars"),
    ("$12.05", "twelve dollars, and five cents"),
    ("$0.99", "ninety-nine cents"),
    ("$1", "one dollar"),
    ("$100", "a hundred dollars"),
    ("$1,200.00", "twelve hundred dollars"),
    ("$5 million", "five million dollars"),
    ("£3.20", "three pounds twenty pence"),
    ("€7", "seven euros"),
    ("20%", "twenty percent"),
    ("20 %", "twenty per cent"),
    ("3:30 p.m.", "three thirty PM"),
    ("3:05", "three oh five"),
    ("5:00", "five o'clock"),
    ("5 o clock", "five o\u2019clock"),
    ("I'm sure it's fine", "I am sure it is fine"),
    ("I can't, won't and don't", "I cannot, will not and do not"),
    ("they\u2019ve said we'll", "they have said we will"),
    ("John's book", "johns book"),
    ("Zürich café", "zurich cafe"),
    ("check-in", "check in"),
    ("OK", "okay"),
    ("Mr. Smith", "mister smith"),
    ("AT&T", "at and t"),
    ("U.S. mail", "US mail"),
    ("john@example.com", "john at example dot com"),
]

DIFFERENT = [
    ("fifteen", "fifty"),
    ("21", "121"),
    ("can", "can't"),
    ("$12.50", "$12.15"),
    ("oh I see", "0 I see"),
    ("thirty seconds", "thirty second"),
    ("$1.10", "$110"),
]

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
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_these_are_the_same_words(one: str, other: str) -> None:
    assert normalise(one) == normalise(other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_these_are_not_the_same_words(one: str, other: str) -> None:
    assert normalise(one) != normalise(other)


@pytest.mark.parametrize(("text", "phrase"), HELD)
def test_the_text_contains_the_phrase(text: str, phrase: str) -> None:
    assert contains(text, phrase)


@pytest.mark.parametrize(("text", "phrase"), NOT_HELD)
def test_the_text_does_not_contain_the_phrase(text: str, phrase: str) -> None:
    assert not contains(text, phrase)


def test_normalised_text_reads_as_one_would_write_it_plainly() -> None:
    assert normalise("It's $12.50, isn't it?") == [
        "it",
        "is",
        "12",
        "dollars",
        "50",
        "cents",
        "is",
        "not",
        "it",
    ]
    assert normalise("日本 はい") == ["日本", "はい"]
    assert normalise("") == normalise("… !") == []


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
