"""One scenario from file to result: read this first.

scenario.yaml ─plan─▶ Plan ─call─▶ Made ─listen─▶ CallRecord ─evaluate, judge─▶ Result ─▶ files
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from voicetest.checks.evaluate import evaluate
from voicetest.checks.result import Result
from voicetest.clock import Interruption
from voicetest.executor.border import Border
from voicetest.executor.execute import Progress, make_call
from voicetest.executor.judging import judge_call
from voicetest.executor.listening import listened
from voicetest.executor.made import Made
from voicetest.executor.plan import Plan, plan
from voicetest.executor.shared_loop import SharedLoops
from voicetest.report.call import masked, write_call
from voicetest.report.keeping import ALL, Keeping

__all__ = ["Plan", "call", "finish", "plan", "run"]


def run(
    planned: Plan,
    folder: Path,
    progress: Progress,
    interruption: Interruption | None = None,
    keeping: Keeping = ALL,
) -> Result:
    """Call the agent, judge the call, and leave all there is in `folder`, secrets masked.

    `plan` comes before: it loads the scenario, resolves its adapter, and refuses what cannot work,
    so that nobody is called before every scenario of a run has been found sound. Whatever goes
    wrong from here on is an error in the result, which is returned also when it cannot be written.
    """
    made = call(planned, folder, progress, interruption)
    return finish(planned, folder, made, progress, interruption, keeping)


def call(
    planned: Plan,
    folder: Path,
    progress: Progress,
    interruption: Interruption | None = None,
    loops: SharedLoops | None = None,
) -> Made:
    """Call the agent, on one of the `loops` where there are such; all else is for `finish`."""
    made = Made(folder / "recording.wav", datetime.now(UTC))
    border = Border("calling", interruption)
    with border:
        return make_call(planned, folder, progress, interruption, loops)
    return replace(made, error=border.error).settled(planned)


def finish(
    planned: Plan,
    folder: Path,
    made: Made,
    progress: Progress,
    interruption: Interruption | None = None,
    keeping: Keeping = ALL,
) -> Result:
    """What comes after a call, be it in another process: listen to it, judge it, write it down."""
    record, result = made.record, None
    border = Border("listening", interruption)
    with border:
        record = listened(made, planned.world.cache, interruption)
        border.where = "evaluating"
        result = evaluate(planned.file, record)
        border.where = "judging"
        result = judge_call(planned, record, result, progress, interruption)
    result = border.outcome(result)
    writing = Border("writing", interruption)
    with writing:
        return write_call(folder, planned, record, result, made.started, keeping)
    return masked(writing.outcome(result), planned.file.secrets)
