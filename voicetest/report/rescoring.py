"""The text of `voicetest rescore`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from voicetest.checks.result import Result, Status
from voicetest.report.judge_text import judge_lines
from voicetest.report.outcome import unmet
from voicetest.shown import shown_json

__all__ = ["Rejudged", "rescored_lines"]

Rejudged = tuple[str, str, Status, Result]
"""The call's folder, its name, its verdict before, and its result now."""


def rescored_lines(calls: Sequence[Rejudged], *, as_json: bool) -> Iterator[str]:
    """For each call its verdict now and before, and what does not hold; or one JSON list."""
    if as_json:
        values = [
            {"folder": folder, "name": name, "before": before, "after": after.model_dump()}
            for folder, name, before, after in calls
        ]
        yield shown_json(values, indent=2)
        return
    for folder, name, before, after in calls:
        was = "" if after.status == before else f"  (was {before})"
        yield f"{after.status.upper():7} {folder}  {name}{was}"
        yield from (f"  {warning}" for warning in after.warnings)
        yield from _unmet(after)
        if after.judge is not None:
            yield from (f"  {line}" for line in judge_lines(after.judge))
    changed = sum(after.status != before for _, _, before, after in calls)
    yield f"{len(calls)} calls judged again, {changed} changed"


def _unmet(result: Result) -> Iterable[str]:
    for check in unmet(result):
        yield f"  {check.where}  {check.name} ({check.severity})"
        yield f"    expected: {check.expected}"
        yield f"    actual:   {check.actual}"
