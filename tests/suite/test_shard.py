"""Parts of a suite."""

from __future__ import annotations

import pytest

from voicetest.suite.shard import Shard, parse_shard

KEYS = [f"scenarios/{number}.yaml\n" for number in range(400)]


def test_every_case_is_in_exactly_one_part() -> None:
    parts = [parse_shard(f"{index}/4") for index in range(1, 5)]
    for key in KEYS:
        assert sum(part.holds(key) for part in parts) == 1


def test_the_parts_are_about_equal() -> None:
    sizes = [sum(Shard(index, 4).holds(key) for key in KEYS) for index in range(1, 5)]
    assert min(sizes) > 70


def test_a_case_stays_in_its_part() -> None:
    held = [0, 2, 5, 7]
    assert [n for n in range(8) if Shard(1, 3).holds(KEYS[n])] == held


@pytest.mark.parametrize("text", ["3/2", "0/2", "1", "a/b", "1/0", "-1/2", "1/2/3", ""])
def test_what_is_no_part_says_what_to_write(text: str) -> None:
    with pytest.raises(ValueError, match="write"):
        parse_shard(text)
