from __future__ import annotations

import pytest

from voicetest.speech.text import normalise

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
    ("half past ten", "10:30"),
    ("a quarter past one", "1:15"),
    ("quarter to one", "12:45"),
    ("3.30pm", "three thirty PM"),
    ("10am", "ten a.m."),
    ("two and a half hours", "2.5 hours"),
    ("point five", "0.5"),
    ("$5.5 million", "five point five million dollars"),
    ("£1m", "one million pounds"),
    ("5¢", "five cents"),
    ("555.010.4477", "five five five oh one oh four four seven seven"),
    ("+1 (555) 010", "plus one five five five zero one zero"),
    ("#5", "number five"),
    ("No. 5", "number five"),
    ("A4 and B2B", "a four and b two b"),
    ("twenty-one-year-old", "21 year old"),
    ("I ain't, y'all", "I is not, you all"),
    ("o.k.", "OK"),
    ("o k", "okay"),
    ("naïve façade in São Paulo", "naive facade in sao paulo"),
    ("Straße", "strasse"),
    ("U.S.A. vs. UK", "usa versus uk"),
    ("May 5th, 2024", "may fifth twenty twenty four"),
    ("one hundred and fifty-first", "151st"),
    ("room one oh one", "room 101"),
    ("twelve zero five", "12:05"),
    ("24/7", "twenty four seven"),
]

DIFFERENT = [
    ("fifteen", "fifty"),
    ("21", "121"),
    ("can do", "can't do"),
    ("$12.50", "$12.15"),
    ("oh I see", "0 I see"),
    ("thirty seconds", "thirty second"),
    ("$1.10", "$110"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_these_are_the_same_words(one: str, other: str) -> None:
    assert normalise(one) == normalise(other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_these_are_not_the_same_words(one: str, other: str) -> None:
    assert normalise(one) != normalise(other)


def test_normalised_text_reads_as_one_would_write_it_plainly() -> None:
    amount = ["1", "2", ".", "5", "dollars"]
    assert normalise("It's $12.50, isn't it?") == ["it", "is", *amount, "is", "not", "it"]
    assert normalise("日本 はい") == ["日", "本", "は", "い"]
    assert normalise("") == normalise("… !") == []
