"""Lets the judge of a scenario see the call that was just made."""

from __future__ import annotations

from voicetest.call.record import CallRecord
from voicetest.checks.judged import judged, unjudged
from voicetest.checks.result import Result
from voicetest.clock import Interruption
from voicetest.executor.execute import Progress
from voicetest.executor.plan import Plan

__all__ = ["judge_call"]


def judge_call(
    planned: Plan,
    record: CallRecord,
    result: Result,
    progress: Progress,
    interruption: Interruption | None = None,
) -> Result:
    """The result with what the judge says, if the scenario has one; offline nobody is asked."""
    file, world = planned.file, planned.world
    if file.scenario.judge is None:
        return result
    if world.offline:
        return unjudged(file, result, "--offline")
    progress.phase("judging")
    return judged(file, record, result, world.chat, world.spending, interruption)
