"""A measured time against its limits, with voicetest's own error taken into account."""

from __future__ import annotations

from voicetest.call.harness import Harness
from voicetest.checks.result import Check

__all__ = ["timing_check"]


def timing_check(
    unmeasured: Check,
    *,
    value: float | None,
    window: tuple[float, float | None],
    harness: Harness | None,
    lower: float | None = None,
    upper: float | None = None,
) -> Check:
    """Complete a check with the time that was measured between the two ends of `window`.

    Without a value the check stays as it is. It is inconclusive when the harness error inside
    the window is at least the distance between value and limit, under real time only: under
    virtual time that error is 0.
    """
    if value is None:
        return unmeasured
    start, end = window
    bounds = [bound for bound in (lower, upper) if bound is not None]
    nearest = min(bounds, key=lambda bound: abs(bound - value))
    error = 0.0 if harness is None or end is None else harness.error_between(start, end)
    passed = (lower is None or value >= lower) and (upper is None or value <= upper)
    return unmeasured.model_copy(
        update={
            "actual": f"{value:.3f} s",
            "limit": nearest,
            "value": round(value, 6),
            "passed": passed,
            "inconclusive": error > 0 and error >= abs(value - nearest),
        }
    )
