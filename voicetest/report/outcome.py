"""What one call means for those who read reports, given the verdict on the case it belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from voicetest.checks.result import Check
from voicetest.report.stored import StoredCall

__all__ = ["Outcome", "outcome", "unmet"]


class Outcome(StrEnum):
    """How a call is reported."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    INCONCLUSIVE = "inconclusive"
    SKIPPED = "skipped"
    TOLERATED = "tolerated"
    """It did not pass, and its case passed all the same."""
    EXPECTED = "expected failure"
    UNEXPECTED = "unexpected pass"


def outcome(call: StoredCall) -> Outcome:
    """What a report says of a call: a report must not fail what the run passed."""
    line, case = call.line, call.case
    if case is None or line.status == "skipped":
        return Outcome(line.status)
    if case.xfail is not None and line.status == "failed":
        return Outcome.EXPECTED
    if case.xfail is not None and line.status == "passed" and case.status == "failed":
        return Outcome.UNEXPECTED
    if line.status != "passed" and (case.status == "passed" or line.retried):
        return Outcome.TOLERATED
    return Outcome(line.status)


def unmet(call: StoredCall) -> Sequence[Check]:
    """The checks of a call that do not hold, or that nothing can be said of."""
    if call.manifest is None:
        return ()
    return [check for check in call.manifest.checks if not check.passed or check.inconclusive]
