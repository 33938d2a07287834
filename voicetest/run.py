"""One scenario from file to result: read this first.

scenario.yaml ─plan─▶ Plan ─execute─▶ CallRecord ─evaluate, judge─▶ Result ─write─▶ WAV + JSON
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from voicetest.call.record import CallRecord
from voicetest.checks.evaluate import evaluate
from voicetest.checks.result import Result
from voicetest.clock import Interruption
from voicetest.executor.border import Border
from voicetest.executor.execute import Progress, execute
from voicetest.executor.judging import judge_call
from voicetest.executor.plan import Plan, plan
from voicetest.executor.shared_loop import SharedLoops
from voicetest.report.call import masked, write_call
from voicetest.report.keeping import ALL, Keeping

__all__ = ["Plan", "plan", "run"]


def run(
    planned: Plan,
    folder: Path,
    progress: Progress,
    interruption: Interruption | None = None,
    keeping: Keeping = ALL,
    loops: SharedLoops | None = None,
) -> Result:
    """Call the agent, judge the call, and leave all there is in `folder`, secrets masked.

    `plan` comes before: it loads the scenario, resolves its adapter, and refuses what cannot work,
    so that nobody is called before every scenario of a run has been found sound. Whatever goes
    wrong from here on is an error in the result, which is returned also when it cannot be written.
    """
    started = datetime.now(UTC)
    record, result = CallRecord.nothing(folder / "recording.wav"), None
    border = Border("calling", interruption)
    with border:
        record = execute(planned, folder, progress, interruption, loops)
        border.where = "evaluating"
        result = evaluate(planned.file, record)
        border.where = "judging"
        result = judge_call(planned, record, result, progress, interruption)
    result = border.outcome(result)
    writing = Border("writing", interruption)
    with writing:
        return write_call(folder, planned, record, result, started, keeping)
    return masked(writing.outcome(result), planned.file.secrets)
