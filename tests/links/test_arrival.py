from __future__ import annotations

import pytest

from voicetest.links.arrival import Arrival


def told(rate: int, spoken: int, *, every: float = 0.02, seconds: float = 4.0) -> list[str]:
    """What is told of sound that comes at `spoken` hertz on a line that announces `rate`."""
    arrival, found = Arrival(), []
    for number in range(round(seconds / every)):
        words = arrival.feed(every * spoken / rate, rate, number * every)
        found += [words] if words is not None else []
    return found


@pytest.mark.parametrize(
    ("rate", "spoken", "times"),
    [
        (8_000, 16_000, "2.0"),
        (16_000, 24_000, "1.5"),
        (16_000, 8_000, "0.5"),
        (24_000, 8_000, "0.3"),
    ],
)
def test_the_rate_that_fits_is_told_once(rate: int, spoken: int, times: str) -> None:
    (words,) = told(rate, spoken)
    assert f"{times} times as fast as it plays" in words
    assert f"rate: {spoken}," in words


@pytest.mark.parametrize("every", [0.005, 0.02, 0.06, 0.1, 0.2])
def test_sound_at_its_own_pace_is_not_told(every: float) -> None:
    assert told(16_000, 16_000, every=every) == []


def test_answers_that_come_in_bursts_are_not_told() -> None:
    arrival = Arrival()
    for answer in range(5):
        for piece in range(20):
            assert arrival.feed(0.2, 16_000, answer * 6 + piece * 0.01) is None


def test_a_pace_that_changes_is_not_told() -> None:
    arrival, now = Arrival(), 0.0
    for number in range(400):
        now += 0.005 if number // 50 % 2 else 0.03
        assert arrival.feed(0.02, 16_000, now) is None


def test_a_clock_that_is_a_little_off_is_not_told() -> None:
    assert told(16_000, 16_160) == []
    assert told(16_000, 14_500) == []
