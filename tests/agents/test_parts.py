from __future__ import annotations

from voicetest.agents.faults import HEALTHY, Faults
from voicetest.agents.mind import More, Reply
from voicetest.agents.parts import Presses, Words, answer

REPLY = Reply("Let me check.", more=More(1.5, "I found it."), presses="1#")


def test_a_healthy_answer_is_said_then_continued_then_keyed() -> None:
    assert answer(REPLY, HEALTHY) == (
        Words("Let me check."),
        Words("I found it.", after=1.5),
        Presses("1#"),
    )


def test_what_would_make_no_sound_is_left_out() -> None:
    assert answer(Reply(" ", more=More(1.0, "")), HEALTHY) == ()
    assert answer(Reply(""), Faults(cuts_off=True, repeats=True)) == ()


def test_a_repeated_answer_is_repeated_whole_and_its_keys_are_pressed_once() -> None:
    said = Words("Let me check."), Words("I found it.", after=1.5)
    assert answer(REPLY, Faults(repeats=True)) == (*said, *said, Presses("1#"))


def test_an_answer_that_is_cut_off_ends_in_its_first_words() -> None:
    faults = Faults(cuts_off=True, repeats=True)
    assert answer(REPLY, faults) == (Words("Let me check.", share=0.5),)
