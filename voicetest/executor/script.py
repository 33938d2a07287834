"""The loop that plays the script, step by step."""

from __future__ import annotations

from collections.abc import Sequence

from voicetest.call.timeline import EndReason, StepEnded, StepStarted
from voicetest.executor.stage import Stage
from voicetest.executor.steps.agent import listen
from voicetest.executor.steps.silence import stay_silent
from voicetest.executor.steps.user import speak
from voicetest.scenario.steps import (
    AgentStep,
    ExpectStep,
    HangupStep,
    PlayStep,
    SilenceStep,
    Step,
    UserStep,
)

__all__ = ["play"]

_DEAD = frozenset({EndReason.FIRST_CHUNK_TIMEOUT, EndReason.IDLE_TIMEOUT})
"""Ends of a step after which there is nobody left to talk to."""


async def play(stage: Stage, script: Sequence[Step]) -> None:
    """Run the steps in order until the last one, a hang-up, or an agent that is not there."""
    session = stage.session
    for index, step in enumerate(script):
        if session.over:
            return
        session.note("voicetest", StepStarted(index))
        ended = await _run(stage, index, step)
        session.note("voicetest", ended)
        if ended.reason in _DEAD or isinstance(step, HangupStep):
            return


async def _run(stage: Stage, index: int, step: Step) -> StepEnded:
    match step:
        case AgentStep():
            return await listen(stage, index, step.agent)
        case UserStep() | PlayStep():
            return await speak(stage, index)
        case SilenceStep():
            return await stay_silent(stage, index, step)
        case ExpectStep() | HangupStep():
            return StepEnded(index)
