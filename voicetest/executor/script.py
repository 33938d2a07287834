"""The loop that plays the script, step by step."""

from __future__ import annotations

from collections.abc import Sequence

from voicetest.call.timeline import EndReason, StepEnded, StepStarted
from voicetest.executor.stage import Stage
from voicetest.executor.steps.agent import listen
from voicetest.executor.steps.improvise import improvise
from voicetest.executor.steps.keys import press
from voicetest.executor.steps.over import make_noise, speak_over
from voicetest.executor.steps.silence import stay_silent
from voicetest.executor.steps.text import write
from voicetest.executor.steps.user import speak
from voicetest.scenario.steps import (
    AgentStep,
    BackchannelStep,
    DtmfStep,
    ExpectStep,
    HangupStep,
    ImproviseStep,
    InterruptStep,
    JudgeStep,
    NoiseStep,
    PlayStep,
    SilenceStep,
    Step,
    TextStep,
    UserStep,
)

__all__ = ["play"]

_DEAD = frozenset({EndReason.FIRST_CHUNK_TIMEOUT, EndReason.IDLE_TIMEOUT})
"""Ends of a step after which there is nobody left to talk to."""


_HEARS = AgentStep | SilenceStep | ExpectStep | JudgeStep | HangupStep
"""Steps that go on while an agent that said that the call is over may still be heard."""


async def play(stage: Stage, script: Sequence[Step]) -> None:
    """Run the steps in order until the last one, a hang-up, or an agent that is not there."""
    session = stage.session
    for index, step in enumerate(script):
        if not isinstance(step, _HEARS):
            await session.hear_farewell()
        if session.over:
            return
        session.note("voicetest", StepStarted(index))
        ended = await _run(stage, index, step, _after(script, index))
        session.note("voicetest", ended)
        if ended.reason in _DEAD or isinstance(step, HangupStep):
            return


def _after(script: Sequence[Step], index: int) -> Step | None:
    """The next step in which something is done or heard."""
    rest = (step for step in script[index + 1 :] if not isinstance(step, ExpectStep | JudgeStep))
    return next(rest, None)


async def _run(stage: Stage, index: int, step: Step, after: Step | None) -> StepEnded:
    match step:
        case AgentStep():
            hears_out = after is None or not _speaks_over(after)
            shares = after is not None and _waits_for_more(after)
            return await listen(stage, index, step.agent, hears_out=hears_out, shares=shares)
        case UserStep() | PlayStep():
            return await speak(stage, index, stage.lines[index])
        case InterruptStep() | BackchannelStep():
            return await speak_over(stage, index, step)
        case NoiseStep():
            return await make_noise(stage, index, step)
        case DtmfStep():
            return await press(stage, index, step)
        case TextStep():
            return await write(stage, index, step)
        case ImproviseStep():
            return await improvise(stage, index)
        case SilenceStep():
            return await stay_silent(stage, index, step)
        case ExpectStep() | JudgeStep() | HangupStep():
            return StepEnded(index)


def _speaks_over(step: Step) -> bool:
    """Whether a step needs the agent to be speaking, so that the one before must not wait."""
    match step:
        case InterruptStep() | BackchannelStep():
            return True
        case NoiseStep():
            return step.after is not None
        case _:
            return False


def _waits_for_more(step: Step) -> bool:
    """Whether a step has the user silent while the agent may go on after a pause."""
    match step:
        case AgentStep():
            return step.agent.stays_silent is None
        case SilenceStep():
            return not step.stays_silent
        case _:
            return False
