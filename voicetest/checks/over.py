"""Judges interruptions, backchannels and noises: did the agent stop, or go on, as it should."""

from __future__ import annotations

from collections.abc import Iterator

from voicetest.call.harness import Harness
from voicetest.call.turns import YIELD_S
from voicetest.checks.barge import SpokenOver
from voicetest.checks.metrics import Measured
from voicetest.checks.result import Check
from voicetest.checks.timing import timing_check
from voicetest.checks.view import StepView
from voicetest.scenario.load import ScenarioFile
from voicetest.scenario.steps import BackchannelStep, InterruptStep, NoiseStep

__all__ = ["judge_over"]

_FINISHED = "missed: the agent had finished before"


def judge_over(
    file: ScenarioFile,
    measured: Measured,
    harness: Harness | None,
    index: int,
    step: InterruptStep | BackchannelStep | NoiseStep,
    reached: StepView,
) -> Iterator[Check]:
    """Every check of a step that makes a sound over the agent."""
    over = next((over for over in measured.over if over.line.step == index), None)

    def check(name: str, key: str, expected: str, actual: str, *, passed: bool) -> Check:
        return Check(
            name=name,
            where=file.where("script", index, key),
            step=index,
            expected=expected,
            actual=actual,
            passed=passed,
            severity="fail",
            at_s=reached.ended_s,
            from_s=None if over is None else round(over.line.speech_start_s, 6),
            to_s=None if over is None else round(over.stopped_s or over.line.speech_end_s, 6),
        )

    if over is None:
        ended = reached.ended
        why = f"{ended.reason}: {ended.cause}" if ended and ended.reason else "the call was over"
        key = next(name for name in ("interrupt", "backchannel", "noise") if hasattr(step, name))
        yield check("interrupted", key, "the agent is speaking", why, passed=False)
    elif isinstance(step, InterruptStep):
        if over.mode != "missed" or step.if_missed == "fail":
            yield check(
                "interrupted",
                "interrupt",
                "the agent stops when it is interrupted",
                _fate(over),
                passed=over.mode == "native" or over.yielded,
            )
        if step.stops_within is not None and over.mode != "missed":
            yield timing_check(
                check(
                    "stops_within",
                    "stops_within",
                    f"silent within {step.stops_within:g} s",
                    _fate(over),
                    passed=False,
                ),
                value=over.stop_time_s,
                upper=step.stops_within,
                window=(over.line.speech_start_s, over.stopped_s),
                harness=harness,
            )
    elif step.keeps_talking and (over.mode == "missed" or over.turn is not None):
        key = "backchannel" if isinstance(step, BackchannelStep) else "noise"
        passed = over.mode != "missed" and not over.yielded
        yield check("keeps_talking", key, "the agent goes on speaking", _fate(over), passed=passed)


def _fate(over: SpokenOver) -> str:
    if over.mode == "missed":
        return _FINISHED
    if over.mode == "native":
        return "stopped by the platform's own signal"
    if over.turn is None:
        return "the agent was not speaking"
    if over.stop_time_s is None:
        return "the agent went on to the end of the call"
    if not over.yielded:
        after = over.stopped_s or 0.0
        return (
            f"the agent went on for {after - over.line.speech_end_s:.2f} s after the user had "
            f"spoken; stopping within {YIELD_S:g} s would have counted"
        )
    return f"stopped {over.stop_time_s:.3f} s after the user began"
