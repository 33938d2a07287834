"""`user:` and `play:`: speak a prepared line, after the agent has finished."""

from __future__ import annotations

from voicetest.call.timeline import StepEnded
from voicetest.events import Warned
from voicetest.executor.stage import Stage

__all__ = ["speak"]

_BETWEEN_LINES_S = 0.3
"""Between two lines of the user with no agent step between them."""


async def speak(stage: Stage, step: int) -> StepEnded:
    """Wait for the agent to fall silent, at most `response_max_duration`, then speak."""
    session = stage.session
    quiet = await session.until(
        lambda: not session.turns.audible or session.over,
        session.now + session.limits.response_max_duration,
    )
    if session.over:
        return StepEnded(step)
    if not quiet:
        limit = session.limits.response_max_duration
        session.note("voicetest", Warned(f"spoke over the agent, which went on for {limit:g} s"))
    if stage.input_s is not None and session.user_speech_end_s is not None:
        free = session.user_speech_end_s + _BETWEEN_LINES_S
        await session.until(lambda: session.now >= free, free)
    await session.speak(stage.lines[step], step)
    stage.input_s = session.user_speech_start_s
    return StepEnded(step)
