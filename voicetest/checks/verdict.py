"""What all the checks of a call come to."""

from __future__ import annotations

from collections.abc import Sequence

from voicetest.checks.result import Check, Status
from voicetest.checks.why import why_failed

__all__ = ["ADVICE", "verdict"]

ADVICE = "run fewer calls at once (--jobs) or on a quieter machine"


def verdict(
    checks: Sequence[Check],
    broken: str | None = None,
    unjudged: str | None = None,
    late: str = "",
) -> tuple[Status, str]:
    """The status of a call and why.

    `broken` is what ended it before its time; `unjudged` why a judge that decides has not judged,
    which is no failure of the agent, but takes none back either. `late` says how late voicetest
    itself was, if that was beyond its bounds.
    """
    if broken is not None:
        return "error", broken
    decisive = [check for check in checks if check.severity == "fail"]
    failed = [check for check in decisive if not check.passed and not check.inconclusive]
    if failed:
        return "failed", why_failed(failed)
    if unjudged is not None:
        return "error", unjudged
    unclear = [check for check in decisive if check.inconclusive]
    if not unclear:
        return "passed", f"all {len(decisive)} checks hold"
    if late:
        amount = f"{len(unclear)} of {len(decisive)} checks cannot be told"
        return "inconclusive", f"{late}: {amount}, {ADVICE}"
    opinions = sum(check.name == "judge" for check in unclear)
    if opinions:
        return "inconclusive", f"the judge cannot tell of {opinions} criteria"
    return "inconclusive", f"{len(unclear)} timing checks are within voicetest's own error"
