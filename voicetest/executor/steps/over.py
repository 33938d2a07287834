"""`interrupt:`, `backchannel:` and `noise:`: sound over an agent that is speaking."""

from __future__ import annotations

from dataclasses import replace

from voicetest.call.line import Line
from voicetest.call.timeline import StepEnded, UserInterrupt
from voicetest.executor.stage import Stage
from voicetest.executor.steps.moment import Moment
from voicetest.executor.steps.user import speak
from voicetest.scenario.steps import BackchannelStep, InterruptStep, NoiseStep

__all__ = ["cut_in", "make_noise", "speak_over"]


async def speak_over(stage: Stage, step: int, wanted: InterruptStep | BackchannelStep) -> StepEnded:
    """Wait until the agent has been speaking for long enough, then speak over it.

    An agent that has finished before is answered in an ordinary turn of the user.
    """
    line = stage.lines[step]
    words = wanted.after_words if isinstance(wanted, InterruptStep) else None
    moment = Moment(stage, step, wanted.after, words, line.speech_start_s)
    await moment.come()
    session = stage.session
    if session.over:
        return StepEnded(step)
    if moment.silence is not None:
        return moment.silence
    if not moment.reached:
        session.note("user", UserInterrupt(step, "missed"))
        return await speak(stage, step, replace(line, kind="user"))
    if isinstance(wanted, BackchannelStep):
        await session.user.speak(line, step)
        return StepEnded(step)
    native = wanted.mode != "voice" and session.interrupts_natively
    await cut_in(stage, step, line, native=native)
    return StepEnded(step)


async def cut_in(stage: Stage, step: int, line: Line, *, native: bool) -> None:
    """Interrupt the turn that is open; what is left of it is heard by no later step."""
    session = stage.session
    turn = session.turns.open
    mode = UserInterrupt(step, "native" if native else "voice", turn.index if turn else None)
    session.note("user", mode)
    if native:
        await session.interrupt()
    await session.user.speak(line, step)
    stage.input_s = session.user.speech_start_s
    if turn is not None:
        stage.heard = max(stage.heard, turn.index + 1)


async def make_noise(stage: Stage, step: int, wanted: NoiseStep) -> StepEnded:
    """Make the sound at once, or when the agent has been speaking for long enough."""
    session = stage.session
    if wanted.after is not None:
        line = stage.lines[step]
        moment = Moment(stage, step, wanted.after, lead_s=line.speech_start_s)
        await moment.come()
        if moment.silence is not None:
            return moment.silence
        if not moment.reached and not session.over:
            session.note("user", UserInterrupt(step, "missed"))
    if not session.over:
        await session.user.speak(stage.lines[step], step)
    return StepEnded(step)
