"""Judges a stretch of the call in which a language model played the user."""

from __future__ import annotations

from collections.abc import Iterator

from voicetest.call.timeline import EndReason
from voicetest.checks.metrics import Measured
from voicetest.checks.result import Check
from voicetest.checks.view import StepView
from voicetest.scenario.load import ScenarioFile
from voicetest.scenario.steps import ImproviseStep

__all__ = ["judge_improvised"]

_UNANSWERED = (EndReason.FIRST_CHUNK_TIMEOUT, EndReason.IDLE_TIMEOUT, EndReason.TURN_TIMEOUT)


def judge_improvised(
    file: ScenarioFile, measured: Measured, index: int, step: ImproviseStep, reached: StepView
) -> Iterator[Check]:
    """Whether the agent answered, and whether what the user waited for came true."""

    def check(name: str, key: tuple[str, ...], expected: str, actual: str, passed: bool) -> Check:
        return Check(
            name=name,
            where=file.where("script", index, "improvise", *key),
            step=index,
            expected=expected,
            actual=actual,
            passed=passed,
            severity="fail",
            at_s=reached.ended_s,
        )

    ended = reached.ended
    if ended is not None and ended.reason in _UNANSWERED:
        limit = "" if ended.limit_s is None else f" within {ended.limit_s:g} s"
        actual = f"{ended.reason}: {ended.cause}"
        yield check("answers", (), f"the agent answers{limit}", actual, False)
    if step.improvise.until is not None:
        actual, passed = _outcome(measured, index)
        yield check("until", ("until",), step.improvise.until, actual, passed)


def _outcome(measured: Measured, index: int) -> tuple[str, bool]:
    """What became of the condition that ends a step, and whether it came true."""
    told = measured.call.improvised.get(index)
    match told:
        case None:
            return "the call was over before", False
        case _ if told.ended == "done":
            return told.reason, True
        case _ if told.ended == "turns":
            return f"not after the last line that the user may say: {told.reason}", False
        case _:
            return f"the agent hung up before: {told.reason}", False
