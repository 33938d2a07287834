"""When this machine had no CPU left for voicetest."""

from __future__ import annotations

from bisect import bisect_left

__all__ = ["SATURATED", "Saturation"]

SATURATED = 0.95
"""Using more than this share of its cores, voicetest had none to spare."""
_LEAST_S = 2.0
"""How much of that, within one call, says that its times may be those of voicetest."""


class Saturation:
    """The spans in which it was so, in order; times on the clock of the event loop."""

    def __init__(self) -> None:
        self._starts: list[float] = []
        self._ends: list[float] = []

    def sampled(self, since: float, until: float, cpu: float) -> bool:
        """Take note of a share of CPU, 0 to 1; whether there was no more to be had."""
        saturated = cpu > SATURATED
        if saturated and self._ends and self._ends[-1] == since:
            self._ends[-1] = until
        elif saturated:
            self._starts.append(since)
            self._ends.append(until)
        return saturated

    def between(self, start: float, end: float) -> bool:
        """Whether too much of that time was so."""
        total = 0.0
        for index in range(bisect_left(self._ends, start), len(self._ends)):
            if self._starts[index] >= end:
                break
            total += min(self._ends[index], end) - max(self._starts[index], start)
        return total >= min(_LEAST_S, end - start) > 0
