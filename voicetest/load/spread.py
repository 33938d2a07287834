"""Percentiles of a measured time, and how many values would have to be others to change them."""

from __future__ import annotations

import math

import numpy as np

from voicetest.load.columns import Column
from voicetest.report.load_summary import Spread

__all__ = ["FEW", "allowed_above", "few", "percentile", "spread"]

FEW = {"p50": 2, "p90": 10, "p95": 20, "p99": 100}
"""With fewer values than this a percentile is the largest of them, or says no more."""
_SHARES = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99, "max": 1.0}


def allowed_above(statistic: str, n: int) -> int:
    """How many of n values may be larger than a limit of that percentile (nearest rank)."""
    return n - math.ceil(_SHARES[statistic] * n - 1e-9)


def percentile(values: Column, statistic: str) -> float | None:
    """A percentile by nearest rank; `values` are sorted."""
    if not len(values):
        return None
    return round(float(values[len(values) - 1 - allowed_above(statistic, len(values))]), 6)


def spread(values: Column) -> Spread:
    """How values are spread, in whatever order they come."""
    ordered = np.sort(values)
    if not len(ordered):
        return Spread(n=0)
    return Spread(
        n=len(ordered),
        min=round(float(ordered[0]), 6),
        mean=round(float(ordered.mean()), 6),
        **{name: percentile(ordered, name) for name in _SHARES},
    )


def few(statistic: str, n: int) -> str:
    """A word on a percentile of too few values; empty if there are enough."""
    least = FEW.get(statistic, 0)
    return f"only {n} values: it is the largest" if 0 < n < least else ""
