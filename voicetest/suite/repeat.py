"""The verdict on a case from the calls that were made, and when further ones can change nothing."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from voicetest.checks.result import Status
from voicetest.errors import ExitCode
from voicetest.report.summary import overall

__all__ = ["Tally", "wilson"]

_Z = 1.959964
_TOLERANCE = 1e-9
_UNKNOWN = (ExitCode.CONNECTION,)
"""Errors that say nothing of the agent, so that its case may pass without these calls."""
_COMES_AGAIN = (ExitCode.SCENARIO, ExitCode.SETUP, ExitCode.INTERRUPTED)
"""Errors after which the next call would end like this one."""


def wilson(passed: int, counted: int) -> tuple[float, float]:
    """The 95 % score interval of a rate (Wilson 1927); `counted` is at least 1."""
    rate, square = passed / counted, _Z**2
    centre = rate + square / (2 * counted)
    spread = _Z * math.sqrt(rate * (1 - rate) / counted + square / (4 * counted**2))
    scale = 1 + square / counted
    low = 0.0 if passed == 0 else (centre - spread) / scale
    high = 1.0 if passed == counted else (centre + spread) / scale
    return low, high


@dataclass
class Tally:
    """What is known of a case of which `planned` calls are to be made.

    Calls not made, errors and inconclusive calls are unknown: the verdict is there as soon as
    they could not change it, whatever they are.
    """

    planned: int
    required: float
    passed: int = 0
    failed: int = 0
    inconclusive: int = 0
    errors: list[int] = field(default_factory=list)
    """The exit code of each error."""
    hopeless: bool = False
    """Whether an error says that the next call would end like this one; set by that call."""

    def add(self, status: Status, exit_code: int, *, passing: bool = False) -> None:
        """One more call was made, after its retries; a `passing` error may not come again."""
        match status:
            case "passed":
                self.passed += 1
            case "failed":
                self.failed += 1
            case "inconclusive":
                self.inconclusive += 1
            case "error":
                self.errors.append(exit_code)
                self.hopeless |= not passing and exit_code in _COMES_AGAIN
            case "skipped":
                raise ValueError("a call that was made is not skipped")

    @property
    def made(self) -> int:
        """Calls made."""
        return self.passed + self.failed + self.inconclusive + len(self.errors)

    @property
    def decided(self) -> Status | None:
        """The verdict that no further call can change."""
        if self.hopeless:
            return "error"
        needed = self.required * self.planned - _TOLERANCE
        if self.passed >= needed:
            return "error" if self.fatal else "passed"
        if self.planned - self.failed < needed:
            return "error" if self.fatal else "failed"
        return None

    @property
    def fatal(self) -> bool:
        """Whether there was an error that the case cannot pass with."""
        return any(code not in _UNKNOWN for code in self.errors)

    @property
    def verdict(self) -> Status:
        """The verdict with the calls that were made."""
        if self.fatal:
            return "error"
        return self.decided or ("error" if self.errors else "inconclusive")

    @property
    def exit_code(self) -> int:
        """What the verdict alone would exit with."""
        match self.verdict:
            case "passed":
                return ExitCode.PASSED
            case "failed":
                return ExitCode.FAILED
            case "error":
                return overall(self.errors)
            case _:
                return ExitCode.CONNECTION

    @property
    def rate(self) -> float | None:
        """Passed calls by those that passed or failed."""
        counted = self.passed + self.failed
        return self.passed / counted if counted else None

    @property
    def interval(self) -> tuple[float | None, float | None]:
        """The 95 % interval of the rate."""
        counted = self.passed + self.failed
        return wilson(self.passed, counted) if counted else (None, None)

    def summary(self) -> str:
        """`8 of 10 passed (80 %, 95 % interval 49 to 94 %; 70 % needed), 1 error`."""
        counted = self.passed + self.failed
        low, high = self.interval
        parts: list[str] = []
        if low is not None and high is not None:
            parts.append(
                f"{self.passed} of {counted} passed ({self.passed / counted:.0%}, 95 % interval "
                f"{low:.0%} to {high:.0%}; {self.required:.0%} needed)"
            )
        parts += _counted(len(self.errors), "error") + _counted(self.inconclusive, "inconclusive")
        if self.made < self.planned:
            parts.append(f"{self.planned - self.made} calls left out")
        return ", ".join(parts)


def _counted(number: int, what: str) -> list[str]:
    plural = "s" if what == "error" and number != 1 else ""
    return [f"{number} {what}{plural}"] if number else []
