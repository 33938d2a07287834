"""`user:` and `play:`: speak a prepared line, after the agent has finished."""

from __future__ import annotations

from voicetest.call.line import Line
from voicetest.call.session import Session
from voicetest.call.timeline import StepEnded
from voicetest.call.turns import PAUSE_S
from voicetest.events import Warned
from voicetest.executor.stage import Stage

__all__ = ["speak"]

_BETWEEN_LINES_S = 0.3
"""Between two lines of the user with no agent step between them."""


async def speak(stage: Stage, step: int, line: Line) -> StepEnded:
    """Wait for the agent to fall silent, at most `response_max_duration`, then speak."""
    session = stage.session
    if session.turns.audible:
        await _wait_for_silence(session)
    if session.over:
        return StepEnded(step)
    if stage.input_s is not None and session.user.speech_end_s is not None:
        free = session.user.speech_end_s + _BETWEEN_LINES_S
        await session.until(lambda: session.now >= free, free)
    await session.user.speak(line, step)
    stage.input_s = session.user.speech_start_s
    return StepEnded(step)


async def _wait_for_silence(session: Session) -> None:
    limit = session.limits.response_max_duration
    quiet = await session.until(
        lambda: session.turns.silent_for(session.now) >= PAUSE_S or session.over,
        session.now + limit,
    )
    if not quiet:
        session.note("voicetest", Warned(f"spoke over the agent, which went on for {limit:g} s"))
