"""Pure schedules of starts."""

from __future__ import annotations

import itertools

import pytest

from voicetest.load.starts import arrivals, callers


def test_even_arrivals_have_even_distances() -> None:
    assert list(arrivals(0, 4, 0, 1)) == [0, 0.25, 0.5, 0.75]


def test_a_ramp_begins_as_many_as_the_area_under_it() -> None:
    found = list(arrivals(0, 10, 10, 0))
    assert len(found) == 50
    # The integral of t·10/10 is t²/2: the n-th begins at √(2n).
    assert found == pytest.approx([(2 * n) ** 0.5 for n in range(50)])


def test_a_ramp_downwards_and_one_that_stays_do_the_same() -> None:
    assert len(list(arrivals(10, 2, 10, 0))) == 60
    assert list(arrivals(2, 2, 2, 0)) == pytest.approx([0, 0.5, 1, 1.5])
    down = [later - first for first, later in itertools.pairwise(arrivals(10, 2, 10, 0))]
    assert down == sorted(down)


def test_a_ramp_goes_over_into_what_is_held_without_a_gap() -> None:
    found = list(arrivals(0, 4, 2, 2))
    assert len(found) == 12
    assert found[:4] == pytest.approx([0, 1, 2**0.5, 3**0.5])  # half of 2·t²
    assert found[4:] == pytest.approx([2 + n / 4 for n in range(8)])


def test_a_poisson_process_is_the_same_for_the_same_seed() -> None:
    one = list(arrivals(0, 50, 0, 100, "poisson", seed=7))
    assert one == list(arrivals(0, 50, 0, 100, "poisson", seed=7))
    assert one != list(arrivals(0, 50, 0, 100, "poisson", seed=8))
    assert len(one) == pytest.approx(5000, rel=0.05)
    gaps = [later - first for first, later in itertools.pairwise(one)]
    mean = sum(gaps) / len(gaps)
    spread = (sum((gap - mean) ** 2 for gap in gaps) / len(gaps)) ** 0.5
    assert spread == pytest.approx(mean, rel=0.1)  # as exponential distances have


def test_callers_come_and_go_in_order() -> None:
    assert list(callers(0, 3, 6)) == [(0, 0, True), (2, 1, True), (4, 2, True)]
    assert list(callers(3, 1, 4)) == [(0, 2, False), (2, 1, False)]
    assert list(callers(2, 2, 5)) == []
