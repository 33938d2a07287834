"""Why a call failed, in one line: the first cause with both sides, and how much follows from it."""

from __future__ import annotations

from collections.abc import Sequence

from voicetest.checks.result import Check

__all__ = ["why_failed"]

_SAID = frozenset({"says", "says_any", "never_says", "matches", "similar_to"})
_DERAILS = _SAID | {
    "answers",
    "calls_tool",
    "ends_call",
    "interrupted",
    "presses",
    "reached",
    "until",
}
"""After one of these has failed, the rest of the script was written for another conversation."""
_LONGEST = 90
"""Characters of each side."""


def why_failed(failed: Sequence[Check]) -> str:
    """The first of the decisive checks that do not hold, and what becomes of the others."""
    cause = min(failed, key=lambda check: (check.step is None, check.step or 0))
    rest = [check for check in failed if check is not cause]
    follows = sum(_follows(check, cause) for check in rest)
    told = [_told(cause)]
    if follows:
        told.append(f"{follows} more check{_s(follows)} follow{_s(follows, verb=True)} from it")
    others = len(rest) - follows
    if others:
        told.append(f"{others} more check{_s(others)} fail{_s(others, verb=True)}")
    return "; ".join(told)


def _follows(check: Check, cause: Check) -> bool:
    if check.name == "reached":
        return True
    if cause.name not in _DERAILS or cause.step is None:
        return False
    if check.step is None:
        return cause.name == "answers" and check.name == "missed_responses"
    if check.step == cause.step:
        return cause.name == "answers" or check.name in _DERAILS
    return check.step > cause.step


def _told(check: Check) -> str:
    line = check.where.rpartition(":")[2]
    place = f"line {line}" if line.isdecimal() else check.where
    expected, actual = _clip(check.expected), _clip(check.actual)
    if check.name in _SAID:
        said = f"the agent said {actual}" if actual.startswith('"') else actual
        return f"{place}: expected {expected}, {said}"
    return f"{place}: {check.name}: expected {expected}, but: {actual}"


def _clip(text: str) -> str:
    words = " ".join(text.split())
    if len(words) <= _LONGEST:
        return words
    return f"{words[:_LONGEST]}…{chr(34) if words.startswith(chr(34)) else ''}"


def _s(count: int, *, verb: bool = False) -> str:
    return "s" if (count == 1) is verb else ""
