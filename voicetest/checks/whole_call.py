"""Judges the checks on the whole call, and those of `expect:` on the call so far."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from voicetest.call.harness import Harness
from voicetest.checks.expectations import (
    Spoken,
    Verdict,
    judge_calls_tool,
    judge_never_calls,
    judge_never_says,
    judge_says,
)
from voicetest.checks.metrics import Measured, measure, windows
from voicetest.checks.result import Check, Metric
from voicetest.checks.unheard import unheard_between
from voicetest.scenario.checks import Checks, Limit
from voicetest.scenario.load import ScenarioFile

__all__ = ["CheckPlace", "judge_whole_call"]

FEW = 5
"""Percentiles of fewer values than this are marked."""


@dataclass(frozen=True)
class CheckPlace:
    """Where in a scenario a group of checks stands, and the step it belongs to."""

    file: ScenarioFile
    section: tuple[str | int, ...]
    step: int | None


def judge_whole_call(
    place: CheckPlace, checks: Checks, measured: Measured, harness: Harness | None
) -> Iterator[Check]:
    """Every check of `checks`; a time is inconclusive when voicetest's own error is too large."""

    def check(name: str, key: tuple[str | int, ...], verdict: Verdict | None = None) -> Check:
        return Check(
            name=name,
            where=place.file.where(*place.section, *key),
            step=place.step,
            expected=verdict.expected if verdict else "",
            actual=verdict.actual if verdict else "",
            passed=verdict.passed if verdict else False,
            severity=checks.severity,
            at_s=measured.duration_s,
        )

    for verdict in _spoken_verdicts(checks, measured):
        yield check(verdict.name, verdict.key, verdict)
    metrics = measure(measured)
    for limit in checks.limits():
        unjudged = check(limit.metric, (limit.metric, limit.statistic))
        judged = _judge_limit(unjudged, limit, metrics[limit.metric])
        times = zip(metrics[limit.metric].values, windows(measured, limit.metric), strict=False)
        yield _held_against(harness, judged, list(times))


def _held_against(
    harness: Harness | None,
    check: Check,
    times: Sequence[tuple[float | str, tuple[float, float]]],
) -> Check:
    """A statistic that is one of the times has the error of that one; a mean the largest.

    A limit that holds has to hold for every time, whichever of them the statistic would be.
    """
    if harness is None or check.value is None or check.limit is None:
        return check
    picked = [window for value, window in times if value == check.value]
    between = picked or [window for _, window in times]
    error = max((harness.error_between(start, end) for start, end in between), default=0.0)
    unclear = error > 0 and error >= abs(check.value - check.limit)
    if check.passed and not unclear:
        unclear = any(
            isinstance(value, float) and 0 < abs(value - check.limit) <= harness.error_between(*at)
            for value, at in times
        )
    return check.model_copy(update={"inconclusive": unclear})


def _spoken_verdicts(checks: Checks, measured: Measured) -> Iterator[Verdict]:
    spoken = Spoken(
        [turn.text for turn in measured.call.agent_turns],
        measured.call.tools,
        measured.call.hangup_s is not None,
        unheard=unheard_between(measured.call, measured.call.agent_turns),
        language=measured.language,
    )
    yield from judge_says(checks.says, spoken)
    yield from judge_never_says(checks.never_says, spoken)
    for number, tool in enumerate(checks.calls_tool):
        yield judge_calls_tool(tool, ("calls_tool", number), spoken)
    yield from judge_never_calls(checks.never_calls, spoken)


def _judge_limit(unjudged: Check, bound: Limit, metric: Metric) -> Check:
    expected = f"{bound.statistic} {_shown(bound.limit, metric.unit)}"
    if metric.n == 0:
        return unjudged.model_copy(update={"expected": expected, "actual": "nothing to measure"})
    value = _statistic(metric, bound.statistic)
    match bound.statistic:
        case "equals":
            passed = value == bound.limit
        case "min":
            passed = _number(value) >= _number(bound.limit)
        case _:
            passed = _number(value) <= _number(bound.limit)
    few = ""
    if bound.statistic in {"p50", "p90", "p95", "mean"}:
        few = f" (n={metric.n}, n<{FEW})" if metric.n < FEW else f" (n={metric.n})"
    update: dict[str, object] = {
        "expected": expected,
        "actual": _shown(value, metric.unit) + few,
        "passed": passed,
    }
    if not isinstance(value, str) and not isinstance(bound.limit, str):
        update |= {"limit": bound.limit, "value": value}
    return unjudged.model_copy(update=update)


def _statistic(metric: Metric, name: str) -> float | str:
    found = {
        "min": metric.min,
        "mean": metric.mean,
        "p50": metric.p50,
        "p90": metric.p90,
        "p95": metric.p95,
        "max": metric.max,
        "equals": metric.values[-1],
    }[name]
    return metric.values[-1] if found is None else found


def _number(value: float | str) -> float:
    return float(value)


def _shown(value: float | str, unit: str) -> str:
    match unit:
        case "s":
            return f"{float(value):.3g} s"
        case "share":
            return f"{float(value):.1%}"
        case "count":
            return f"{float(value):g}"
        case _:
            return str(value)
