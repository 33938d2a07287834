"""What a judge said of a call, in lines for people."""

from __future__ import annotations

from collections.abc import Iterator

from voicetest.checks.judgement import Judgement

__all__ = ["judge_lines"]


def judge_lines(judge: Judgement) -> Iterator[str]:
    """What became of the judge; what it found wrong stands among the checks."""
    if judge.status == "skipped":
        yield f"judge: skipped ({judge.reason})"
    for note in judge.notes:
        yield f"judge: {note}"
    if judge.status == "judged":
        held = sum(found.verdict == "holds" for found in judge.criteria)
        weight = "advisory" if judge.advisory else "binding"
        yield f"judge: {held} of {len(judge.criteria)} hold ({judge.model}, {weight})"
