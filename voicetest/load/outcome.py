"""What a load keeps of the result of a call."""

from __future__ import annotations

from voicetest.checks.lateness import in_words
from voicetest.checks.result import HarnessFigures, Result
from voicetest.load.engine import Outcome

__all__ = ["LATE_MS", "outcome_of"]

LATE_MS = 50.0
"""A call of which more than a hundredth of the frames is later than this measures voicetest."""
_ENOUGH = 100
"""With fewer frames a hundredth of them is one that was late by chance."""


def outcome_of(result: Result, connect_s: float | None, folder: str | None) -> Outcome:
    """The figures of a call; `connect_s` is None where its line was never ready."""
    harness = result.harness
    stops = result.metrics.get("stop_time")
    greeting = result.metrics.get("greeting_latency")
    return Outcome(
        status=result.status,
        reason=result.reason,
        error=result.errors[0].kind if result.errors else None,
        failed=tuple(
            check.name
            for check in result.checks
            if not check.passed and not check.inconclusive and check.severity == "fail"
        ),
        connect_s=connect_s,
        first_word_s=_first(() if greeting is None else greeting.values),
        answers=tuple(
            (turn.start_s, turn.response_latency_s)
            for turn in result.turns
            if turn.by == "agent"
            and turn.response_latency_s is not None
            and turn.response_latency_s >= 0
        ),
        stop_times_s=_numbers(() if stops is None else stops.values),
        duration_s=result.duration_s,
        cost_usd=None if result.cost is None else result.cost.usd,
        late=_late(harness),
        lateness_p99_ms=None if harness is None else harness.lateness_p99_ms,
        lateness_max_ms=None if harness is None else harness.lateness_max_ms,
        folder=folder,
    )


def _first(values: tuple[float | str, ...]) -> float | None:
    """The only value; what was already heard when the line was ready took no time."""
    return next((max(value, 0.0) for value in _numbers(values)), None)


def _numbers(values: tuple[float | str, ...]) -> tuple[float, ...]:
    return tuple(value for value in values if not isinstance(value, str))


def _late(harness: HarnessFigures | None) -> str:
    lapses = in_words(harness)
    if lapses or harness is None or harness.frames_sent < _ENOUGH:
        return lapses
    if harness.lateness_p99_ms <= LATE_MS:
        return ""
    return f"1 % of its frames were more than {harness.lateness_p99_ms:.0f} ms late"
