"""`text:`: a typed turn."""

from __future__ import annotations

from voicetest.call.timeline import StepEnded
from voicetest.executor.stage import Stage
from voicetest.scenario.steps import TextStep

__all__ = ["write"]


async def write(stage: Stage, step: int, wanted: TextStep) -> StepEnded:
    """Send the text at once, whether the agent is speaking or not."""
    session = stage.session
    await session.user.type_text(wanted.text, step)
    stage.input_s = session.user.speech_start_s
    return StepEnded(step)
