"""What one call means for those who read reports, given the verdict on the case it belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from voicetest.checks.result import Check, Fault, Result, Turn
from voicetest.report.stored import StoredCall
from voicetest.shown import shown

__all__ = ["Outcome", "describe", "fault_lines", "outcome", "understood", "unmet", "with_one_end"]

_OF_SEVERAL_LINES = frozenset({"scenario", "setup"})
"""Kinds of errors in which voicetest lists what is to be done."""


class Outcome(StrEnum):
    """How a call is reported."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    INCONCLUSIVE = "inconclusive"
    SKIPPED = "skipped"
    TOLERATED = "tolerated"
    """It did not pass, and its case passed all the same."""
    RETRIED = "retried"
    """An error after which another attempt took its place."""
    EXPECTED = "expected failure"
    UNEXPECTED = "unexpected pass"


def outcome(call: StoredCall) -> Outcome:
    """What a report says of a call: a report must not fail what the run passed."""
    line, case = call.line, call.case
    if line.retried:
        return Outcome.RETRIED
    if case is None or line.status == "skipped":
        return Outcome(line.status)
    if case.xfail is not None and line.status == "failed":
        return Outcome.EXPECTED
    if case.xfail is not None and line.status == "passed" and case.status == "failed":
        return Outcome.UNEXPECTED
    if line.status != "passed" and case.status == "passed":
        return Outcome.TOLERATED
    return Outcome(line.status)


def unmet(result: Result | None) -> Sequence[Check]:
    """The checks of a call that do not hold, or that nothing can be said of."""
    if result is None:
        return ()
    found = [check for check in result.checks if not check.passed or check.inconclusive]
    return with_one_end(found)


def with_one_end(checks: Sequence[Check]) -> list[Check]:
    """The same, with one check in the place of those of all steps that were not reached."""
    missed = [c for c in checks if c.name == "reached" and not c.passed and c.step is not None]
    if len(missed) < 2:
        return list(checks)
    numbers = sorted(check.step + 1 for check in missed if check.step is not None)
    expected = f"the call gets to steps {numbers[0]} to {numbers[-1]}"
    if len(numbers) < numbers[-1] - numbers[0] + 1:
        expected = f"the call gets to steps {', '.join(map(str, numbers))}"
    one = missed[0].model_copy(
        update={"expected": expected, "actual": missed[0].actual.replace("before it", "before")}
    )
    return [
        one if check is missed[0] else check
        for check in checks
        if check is missed[0] or check not in missed
    ]


def understood(result: Result, check: Check) -> Turn | None:
    """The line of the user before a check, where its platform says what it understood of it."""
    if check.step is None:
        return None
    lines = (
        turn
        for turn in reversed(result.turns)
        if turn.by == "user" and turn.step is not None and turn.step.index < check.step
    )
    last = next(lines, None)
    return last if last is not None and last.understood is not None else None


def fault_lines(fault: Fault) -> list[str]:
    """An error in lines; what only quotes the far side is one of them."""
    told = f"{fault.kind} error: {fault.message}"
    return told.split("\n") if fault.kind in _OF_SEVERAL_LINES else [told]


def describe(result: Result) -> list[str]:
    """A line for everything that went wrong in a call, errors first."""
    told = [line for fault in result.errors for line in fault_lines(fault)]
    quoted: set[int] = set()
    """The lines of the user that have been shown with what was understood of them."""
    for check in unmet(result):
        word = "inconclusive" if check.inconclusive else check.severity
        told.append(
            f"{check.where}: {check.name} ({word}): expected {check.expected}; "
            f"actual: {check.actual}"
        )
        line = understood(result, check)
        if line is not None and line.index not in quoted:
            quoted.add(line.index)
            told.append(f'  the user said "{line.said}", the agent understood "{line.understood}"')
    return [shown(line) for line in told]
