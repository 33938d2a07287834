from __future__ import annotations

import pytest

from voicetest.speech.transcribers.phrases import spoken_forms


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("Charged twice!", ["charged twice"]),
        ("that is all", ["that is all", "that's all"]),
        ("that\u2019s all", ["that's all", "that is all"]),
        ("refund*", ["refund*"]),
        ("Café", ["cafe"]),
        (
            "4521",
            ["four five two one", "forty five twenty one", "four thousand five hundred twenty one"],
        ),
        ("21", ["two one", "twenty one"]),
        ("007", ["zero zero seven"]),
        ("100%", ["one zero zero percent", "one hundred percent"]),
        ("1,200", ["one two zero zero", "one thousand two hundred"]),
        ("…", []),
    ],
)
def test_how_phrases_may_be_spoken(written: str, spoken: list[str]) -> None:
    assert [" ".join(form) for form in spoken_forms(written)][: len(spoken) or 9] == spoken


def test_forms_are_few() -> None:
    assert len(spoken_forms("12 34 56 78")) == 4
