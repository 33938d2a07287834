"""What can still be said of an agent when voicetest itself was late."""

from __future__ import annotations

from collections.abc import Sequence

from voicetest.call.lapses import Lapse, described
from voicetest.checks.metrics import Measured
from voicetest.checks.result import Check, HarnessFigures
from voicetest.scenario.load import ScenarioFile
from voicetest.scenario.steps import AgentStep, ImproviseStep

__all__ = ["blamed_on_nobody", "heard_since", "in_words", "lapses_of"]

_HEARD = frozenset(
    {
        "says",
        "says_any",
        "matches",
        "calls_tool",
        "presses",
        "ends_call",
        "hung_up_by",
        "until",
    }
)
"""What was heard was heard: it holds, whatever else was missed."""
_MEASURED = frozenset(
    {
        "within",
        "lasts",
        "stops_within",
        "response_latency",
        "greeting_latency",
        "time_to_first_audio",
        "stop_time",
    }
)
"""Times that hold while voicetest's own error leaves them on their side of the limit."""
_LONG = frozenset({"dead_air", "overlap", "duration"})
"""Seconds that a lapse makes longer or shorter by no more than it lasted."""


def blamed_on_nobody(
    check: Check, lapses: Sequence[Lapse], since_s: float = 0.0, *, complete: bool = True
) -> Check:
    """The check, inconclusive if a lapse may have made it what it is.

    A lapse at any time before it was decided may have failed it: the agent answers what it heard.
    One since `since_s`, where its window begins, may have made it hold, unless what it needs was
    heard; a time that is not `complete` lacks answers that may not have been heard.
    """
    end = float("inf") if check.at_s is None else check.at_s
    before = [lapse for lapse in lapses if lapse.start_s <= end]
    if not before or check.inconclusive:
        return check
    inside = [lapse for lapse in before if lapse.end_s >= since_s]
    if check.passed and (not inside or _holds_all_the_same(check, inside, complete=complete)):
        return check
    return check.model_copy(update={"inconclusive": True})


def _holds_all_the_same(check: Check, lapses: Sequence[Lapse], *, complete: bool) -> bool:
    if check.name in _LONG and check.value is not None and check.limit is not None:
        return sum(lapse.seconds for lapse in lapses) < abs(check.value - check.limit)
    return check.name in _HEARD or (check.name in _MEASURED and complete)


def heard_since(file: ScenarioFile, measured: Measured, step: int | None) -> float:
    """Where the window of a step's checks begins: when the agent had last been heard out."""
    for earlier in range((step or 0) - 1, -1, -1):
        reached = measured.call.steps.get(earlier)
        if isinstance(file.scenario.script[earlier], AgentStep | ImproviseStep) and reached:
            return reached.ended_s or reached.started_s
    return 0.0


def lapses_of(figures: HarnessFigures | None) -> list[Lapse]:
    """The lapses that a result tells of."""
    told = () if figures is None else figures.lapses or ()
    return [Lapse(lapse.start_s, lapse.end_s, lapse.seconds, lapse.kind) for lapse in told]


def in_words(figures: HarnessFigures | None) -> str:
    """That voicetest was late, for people; empty where it was not."""
    return described(lapses_of(figures))
