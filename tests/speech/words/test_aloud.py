from __future__ import annotations

import pytest

from voicetest.speech.words import contains
from voicetest.speech.words.aloud import aloud

SAID = [
    (
        "My number is 1-800-555-0199.",
        "My number is one eight zero zero five five five zero one nine nine.",
    ),
    (
        "It is +44 20 7946 0958.",
        "It is plus four four two zero seven nine four six zero nine five eight.",
    ),
    (
        "Call (212) 555-0143, please.",
        "Call two one two five five five zero one four three, please.",
    ),
    ("My order is #4521.", "My order is number four five two one."),
    ("The last digits are 0199.", "The last digits are zero one nine nine."),
    ("I paid $4.50.", "I paid four dollars and fifty cents."),
    ("That is $1,250.", "That is one thousand two hundred and fifty dollars."),
    ("About $2.5 million.", "About two point five million dollars."),
    ("It was 5€ or £3.20.", "It was five euros or three pounds and twenty pence."),
    ("At 10:00 tomorrow.", "At ten o'clock tomorrow."),
    ("At 3:05 pm.", "At three oh five p m"),
    ("At 9am.", "At nine a m"),
    ("On 2026-03-14.", "On March fourteenth twenty twenty six."),
    ("It was in 1999.", "It was in nineteen ninety nine."),
    ("15% off.", "fifteen percent off."),
    ("B4521 is my code.", "B four five two one is my code."),
    ("Flight BA213.", "Flight B A two one three."),
    ("I am john.smith@example.com.", "I am john dot smith at example dot com."),
    ("See www.example.com/help.", "See w w w dot example dot com slash help."),
    ("2-3 days.", "two to three days."),
    ("World War II.", "World War two."),
    ("Room 12 for 2 people.", "Room 12 for 2 people."),
    ("I have 123,000 miles.", "I have one hundred and twenty three thousand miles."),
]


@pytest.mark.parametrize(("written", "said"), SAID)
def test_a_line_is_said_as_people_say_it(written: str, said: str) -> None:
    assert aloud(written) == said


@pytest.mark.parametrize("written", [written for written, _ in SAID])
def test_what_is_said_holds_for_what_was_written(written: str) -> None:
    assert contains(aloud(written), written)


def test_mark_up_says_what_else_is_meant() -> None:
    assert aloud('I am <say-as interpret-as="characters">Jo</say-as>.') == "I am J O."
    assert aloud('<say-as interpret-as="cardinal">4521</say-as> of them').startswith(
        "four thousand"
    )
    assert aloud('See the <sub alias="World Wide Web">WWW</sub>') == "See the World Wide Web"
    assert aloud("One <break time='1s'/> moment") == "One moment"


@pytest.mark.parametrize(
    ("language", "written", "said"),
    [
        (
            "de",
            "Schreiben Sie an max@example.de",
            "Schreiben Sie an max klammeraffe example punkt de",
        ),
        ("de-at", "Code B21", "Code B zwei eins"),
        ("es", "es el 91 555 01 99", "es el nueve uno cinco cinco cinco cero uno nueve nueve"),
        ("de", "Es ist 030 12345.", "Es ist null drei null eins zwei drei vier fünf."),
        (
            "es",
            "es el +34 915 550 123",
            "es el más tres cuatro nueve uno cinco cinco cinco cero uno dos tres",
        ),
        ("pt", "(11) 98765-4321", "um um nove oito sete seis cinco quatro três dois um"),
        ("hi", "नंबर 98765 43210", "नंबर 9 8 7 6 5 4 3 2 1 0"),
    ],
)
def test_other_languages_say_numbers_and_addresses_their_way(
    language: str, written: str, said: str
) -> None:
    assert aloud(written, language) == said


def test_a_line_of_nothing_but_tags_is_kept() -> None:
    assert aloud("<break/>") == "<break/>"
