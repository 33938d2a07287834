"""`silence:`: stay on the line without a word, for a set time."""

from __future__ import annotations

from voicetest.call.timeline import StepEnded
from voicetest.checks.expectations import expects_words
from voicetest.executor.stage import Stage
from voicetest.scenario.steps import SilenceStep

__all__ = ["stay_silent"]


async def stay_silent(stage: Stage, step: int, silence: SilenceStep) -> StepEnded:
    """Wait; a silence that expects something of the agent's words covers the turns in it."""
    session = stage.session
    end = session.now + silence.silence
    await session.until(lambda: session.over, end)
    if not expects_words(silence):
        return StepEnded(step)
    await stage.transcriber.catch_up(session)
    stage.input_s = None
    return StepEnded(step, turns=stage.take_turns())
