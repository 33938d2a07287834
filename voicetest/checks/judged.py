"""A result with what a judge says of the call: its checks, and its own failures."""

from __future__ import annotations

from collections.abc import Sequence

from voicetest.call.record import CallRecord
from voicetest.checks.judge import Bench
from voicetest.checks.judge_prompt import PROMPT_VERSION
from voicetest.checks.judgement import Judged, Judgement
from voicetest.checks.lateness import blamed_on_nobody, in_words, lapses_of
from voicetest.checks.result import Check, Fault, Result
from voicetest.checks.verdict import verdict
from voicetest.clock import Clock, Interruption, run
from voicetest.errors import VoicetestError
from voicetest.models.asked import Opens
from voicetest.scenario.judge import Judge
from voicetest.scenario.load import ScenarioFile
from voicetest.spending import Spending

__all__ = ["JUDGING", "judged", "unjudged"]

JUDGING = "judging"
"""Where an error is that is the judge's own."""

_BROKE_OFF = "the call broke off"


def judged(
    file: ScenarioFile,
    record: CallRecord,
    result: Result,
    opens: Opens,
    spending: Spending,
    interruption: Interruption | None = None,
) -> Result:
    """The result with the scenario's judge heard, of a call just made or of a stored one.

    Errors of the judge do not leave: they are in the result, as a warning where it is advisory.
    A result that was judged before is judged anew.
    """
    judge = file.scenario.judge
    result = _without_judge(record, result)
    if judge is None:
        return result
    if record.error is not None:
        return unjudged(file, result, _BROKE_OFF)
    bench = Bench(file, judge, result, record, opens, spending)
    fault = None
    try:
        run(bench.sit(), Clock.REAL, interruption)
    except KeyboardInterrupt as asked:
        message = str(asked) or "interrupted by Ctrl-C"
        fault = Fault(kind="interrupted", message=message, where=JUDGING)
    except VoicetestError as error:
        fault = Fault(kind=error.kind, message=f"the judge: {error}", where=JUDGING)
    judgement = _judgement(
        file,
        judge,
        status="judged" if fault is None else "error",
        reason="" if fault is None else fault.message,
        listened=bench.listened,
        notes=tuple(bench.notes),
        criteria=tuple(bench.criteria),
    )
    return _settled(file, result, judgement, fault)


def unjudged(file: ScenarioFile, result: Result, reason: str) -> Result:
    """The result of a call whose judge was not asked."""
    judge = file.scenario.judge
    if judge is None:
        return result
    judgement = _judgement(file, judge, status="skipped", reason=reason)
    return result.model_copy(update={"judge": judgement})


def _without_judge(record: CallRecord, result: Result) -> Result:
    """The same without what a judge said of it before."""
    if result.judge is None:
        return result
    checks = tuple(check for check in result.checks if check.name != "judge")
    errors = tuple(error for error in result.errors if error.where != JUDGING)
    broken = errors[0].message if errors else None
    status, reason = verdict(checks, broken, late=in_words(result.harness))
    update = {"judge": None, "checks": checks, "errors": errors}
    return result.model_copy(update={**update, "status": status, "reason": reason})


def _judgement(file: ScenarioFile, judge: Judge, **found: object) -> Judgement:
    blank: dict[str, object] = {"listened": False, "notes": (), "criteria": ()}
    settings = {
        "model": judge.model.use,
        "prompt": PROMPT_VERSION,
        "seed": file.scenario.seed,
        "advisory": judge.advisory,
        "votes": judge.votes,
    }
    return Judgement.model_validate({**blank, **settings, **found})


def _settled(
    file: ScenarioFile, result: Result, judgement: Judgement, fault: Fault | None
) -> Result:
    """Verdicts as checks; a judge that decides and has not judged makes the call an error."""
    lapses = lapses_of(result.harness)
    found = (_check(judgement, criterion) for criterion in judgement.criteria)
    checks = [*result.checks, *(blamed_on_nobody(check, lapses) for check in found)]
    errors = result.errors
    broken = errors[0].message if errors else None
    decisive = None
    if fault is not None and fault.kind == "interrupted":
        broken, errors = fault.message, (*errors, fault)
    elif fault is not None and not judgement.advisory:
        decisive, errors = fault.message, (*errors, fault)
    elif fault is not None:
        checks.append(_failed_itself(file, fault))
    late = "" if broken is not None else in_words(result.harness)
    status, reason = verdict(checks, broken, decisive, late)
    update = {"judge": judgement, "checks": tuple(checks), "errors": errors}
    return result.model_copy(update={**update, "status": status, "reason": reason})


def _check(judgement: Judgement, found: Judged) -> Check:
    return Check(
        name="judge",
        where=found.where,
        step=found.step,
        expected=found.criterion,
        actual=f"{found.verdict}{_agreement(found)}: {found.reason}",
        passed=found.verdict == "holds",
        severity="warn" if judgement.advisory else "fail",
        inconclusive=found.verdict == "unclear",
    )


def _agreement(found: Judged) -> str:
    votes: Sequence[object] = found.votes
    if len(votes) < 2:
        return ""
    return f" ({round(found.agreement * len(votes))} of {len(votes)} votes)"


def _failed_itself(file: ScenarioFile, fault: Fault) -> Check:
    return Check(
        name="judge",
        where=file.where("judge"),
        step=None,
        expected="the judge says what it finds",
        actual=fault.message,
        passed=False,
        severity="warn",
    )
