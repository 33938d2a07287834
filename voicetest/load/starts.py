"""When calls are due: pure schedules, in seconds since a stage began."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator

from voicetest.scenario.load_stages import Arrivals

__all__ = ["arrivals", "callers"]


def arrivals(
    before: float, rate: float, ramp: float, hold: float, kind: Arrivals = "even", seed: int = 0
) -> Iterator[float]:
    """When each call of an open stage begins, in order.

    Its rate goes in a straight line from `before` to `rate` (calls a second) in `ramp` seconds and
    stays there for `hold`. Even calls begin where the integral of the rate is whole; a Poisson
    process has steps of exponential length there.
    """
    chance = random.Random(seed)
    climbed = (before + rate) / 2 * ramp
    due = chance.expovariate(1.0) if kind == "poisson" else 0.0
    while due < climbed + rate * hold:
        yield (
            _reached(due, before, rate, ramp) if due < climbed else (ramp + (due - climbed) / rate)
        )
        due += chance.expovariate(1.0) if kind == "poisson" else 1.0


def _reached(count: float, before: float, rate: float, ramp: float) -> float:
    """When so many have begun during the ramp: before·t + (rate - before)·t²/2·ramp = count."""
    slope = (rate - before) / ramp
    root = math.sqrt(max(before * before + 2 * slope * count, 0.0))
    return 2 * count / (before + root) if count > 0 else 0.0


def callers(before: int, calls: int, ramp: float) -> Iterator[tuple[float, int, bool]]:
    """When the callers of a closed stage come and go: time, which one, and whether it comes.

    There are `before` when it begins and `calls` after `ramp` seconds; the last that came goes
    first.
    """
    step = ramp / max(abs(calls - before), 1)
    for number in range(before, calls):
        yield (number - before) * step, number, True
    for number in range(before - 1, calls - 1, -1):
        yield (before - 1 - number) * step, number, False
