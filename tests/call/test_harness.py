from __future__ import annotations

import pytest

from voicetest.call.harness import Harness
from voicetest.call.playout import Slip


def _harness(latenesses: list[float]) -> Harness:
    harness = Harness()
    for frame, late in enumerate(latenesses):
        harness.frame(frame * 0.02, frame * 0.02 + late / 2, frame * 0.02 + late)
    return harness


def test_figures_of_a_call_that_kept_time() -> None:
    harness = _harness([0.0] * 100)
    assert (harness.frames, harness.lateness_ms(99), harness.loop_lag_ms) == (100, 0.0, 0.0)
    assert (harness.dropped_s, harness.inserted_s) == (0, 0)


def test_percentiles_are_by_nearest_rank() -> None:
    harness = _harness([number / 1000 for number in range(1, 101)])
    assert harness.lateness_ms(50) == pytest.approx(50)
    assert harness.lateness_ms(99) == pytest.approx(99)
    assert harness.lateness_ms(100) == pytest.approx(100)
    assert harness.loop_lag_ms == pytest.approx(50)


def test_the_error_of_a_window_is_the_worst_in_it() -> None:
    harness = _harness([0.0] * 50 + [0.03] + [0.0] * 49)
    harness.slips = [Slip(1.9, -0.02), Slip(0.1, 0.005)]
    assert harness.error_between(0.2, 0.9) == 0
    assert harness.error_between(0.9, 1.1) == pytest.approx(0.03)
    assert harness.error_between(0.9, 1.95) == pytest.approx(0.05)
    assert (harness.dropped_s, harness.inserted_s) == (0.02, 0.005)


def test_a_call_without_frames_has_figures_too() -> None:
    harness = Harness()
    assert (harness.frames, harness.lateness_ms(99), harness.loop_lag_ms) == (0, 0.0, 0.0)
    assert harness.error_between(0, 10) == 0
