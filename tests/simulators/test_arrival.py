from __future__ import annotations

import pytest

from voicetest.simulators.arrival import Arrival


def _told(announced: int, real: int, *, piece_s: float = 0.1, seconds: float = 9.0) -> list[str]:
    """What is said of a client whose pieces of `piece_s` are in another rate."""
    arrival, told, sound = Arrival(announced), [], 0.0
    for number in range(round(seconds / piece_s)):
        told.append(arrival.note(number * piece_s, sound))
        sound += piece_s * real / announced
    return [words for words in told if words]


@pytest.mark.parametrize("piece_s", [0.02, 0.1, 0.25])
@pytest.mark.parametrize(
    ("announced", "real"), [(24_000, 16_000), (16_000, 24_000), (16_000, 8_000), (8_000, 48_000)]
)
def test_another_rate_is_told_once_with_its_name(announced: int, real: int, piece_s: float) -> None:
    (words,) = _told(announced, real, piece_s=piece_s)
    assert f"the announced {announced} Hz" in words
    assert f"in {real} Hz" in words


@pytest.mark.parametrize("real", [16_000, 16_010, 15_990])
def test_the_announced_rate_is_nothing_to_tell(real: int) -> None:
    assert _told(16_000, real) == []


def test_lines_with_pauses_and_lines_all_at_once_say_nothing_of_a_rate() -> None:
    spoken, at_once = Arrival(16_000), Arrival(16_000)
    for number in range(60):
        assert spoken.note(number * 0.8, number * 0.1) == ""
        assert at_once.note(number * 0.1, number * 3.0) == ""
