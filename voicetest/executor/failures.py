"""Answers that never come, because the agent's platform ended them with nothing in them."""

from __future__ import annotations

from voicetest.call.timeline import EndReason, StepEnded
from voicetest.errors import ConnectionFailed
from voicetest.events import Failed
from voicetest.executor.stage import Stage

__all__ = ["answer_failed", "asked_since", "empty_answer", "ended_empty", "gave_up"]


def answer_failed(why: Failed) -> ConnectionFailed:
    """The error of an answer that did not come because of what the platform reports."""
    said = " ".join(part for part in (why.code, why.message) if part)
    return ConnectionFailed(f"the answer failed: {said or 'its platform does not say why'}")


def asked_since(stage: Stage, started: float) -> float:
    """From when on what the platform reports is about answers that a step waits for.

    `started` is when the step began; all times are seconds on the call clock.
    """
    if stage.input_s is not None:
        return stage.input_s
    return started if stage.heard else 0.0


def ended_empty(stage: Stage, started: float) -> bool:
    """Whether the latest answer to what the user said was ended with nothing in it."""
    session = stage.session
    since = asked_since(stage, started)
    if stage.input_s is not None and session.user.speech_end_s is not None:
        # Who takes a pause for the end gives up an answer when the user speaks on.
        since = session.user.speech_end_s
    return session.answers.empty_s is not None and session.answers.empty_s >= since


def gave_up(stage: Stage, started: float, patience: float) -> bool:
    """Whether that was so, and no other answer is to be expected.

    An agent that hears all the time may still answer by itself, within `patience` seconds.
    """
    session = stage.session
    ended = session.answers.empty_s
    if ended is None or session.turns.open is not None or not ended_empty(stage, started):
        return False
    return session.attended_since(ended) >= (patience if session.continuous else 0.0)


def empty_answer(stage: Stage, step: int) -> StepEnded:
    """The end of a step that waited for such an answer."""
    reason = stage.session.answers.empty_reason
    said = f" and says '{reason}'" if reason else ""
    cause = f"the platform ended the answer with nothing in it{said}"
    return StepEnded(step, EndReason.EMPTY_ANSWER, None, cause)
