from __future__ import annotations

from voicetest.call.arrivals import Arrivals


def test_sound_is_known_by_when_it_came() -> None:
    arrivals = Arrivals()
    arrivals.heard(1_000, 480, 100)
    arrivals.heard(1_480, 480, 100)
    arrivals.heard(1_960, 480, 1_500)
    assert [arrivals.of(position) for position in (1_000, 1_959, 1_960, 2_439)] == [
        100,
        100,
        1_500,
        1_500,
    ]


def test_where_nothing_was_heard_the_position_stands_for_itself() -> None:
    arrivals = Arrivals()
    assert arrivals.of(77) == 77
    arrivals.heard(1_000, 480, 100)
    assert arrivals.of(2_000) == 2_000


def test_what_was_heard_long_ago_is_forgotten() -> None:
    arrivals = Arrivals()
    arrivals.heard(0, 480, 5)
    arrivals.heard(480 + 6 * 24_000, 480, 7)
    assert arrivals.of(100) == 100
