"""`dtmf:`: press keys, by messages where the line has them, else as tones."""

from __future__ import annotations

from voicetest.call.timeline import StepEnded
from voicetest.executor.stage import Stage
from voicetest.scenario.steps import DtmfStep

__all__ = ["press"]


async def press(stage: Stage, step: int, wanted: DtmfStep) -> StepEnded:
    """Press the keys at once, whether the agent is speaking or not."""
    session = stage.session
    line = stage.lines[step]
    if wanted.mode != "inband" and session.presses_natively:
        await session.user.press(line, step)
    else:
        await session.user.speak(line, step)
    stage.input_s = session.user.speech_start_s
    return StepEnded(step)
