"""Of what is refused, the first is told at once and the number at the end."""

from __future__ import annotations

from voicetest.adapters.twilio_refusals import Refusals
from voicetest.events import Status, Warned


def test_the_first_of_a_kind_is_told_at_once_and_how_many_there_were_at_the_end() -> None:
    told: list[Status | Warned] = []
    refusals = Refusals(told.append)
    for _ in range(10_000):
        refusals.note("a request of a stranger", "it is not for this call")
    refusals.note("a letter", "letters are not read")
    assert told == [
        Warned("a request of a stranger was refused: it is not for this call"),
        Warned("a letter was refused: letters are not read"),
    ]
    refusals.close()
    assert told[2:] == [Warned("a request of a stranger was refused 10000 times in all")]
    refusals.close()
    assert len(told) == 3
