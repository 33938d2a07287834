"""The moment at which something is said, or makes a sound, over the agent."""

from __future__ import annotations

from dataclasses import dataclass

from voicetest.call.microphone import FRAME_S
from voicetest.call.timeline import EndReason, StepEnded
from voicetest.call.turns import LiveTurn
from voicetest.events import ReplyRequested
from voicetest.executor.failures import answer_failed, asked_since, empty_answer, gave_up
from voicetest.executor.stage import Stage

__all__ = ["Moment"]


@dataclass
class Moment:
    """The moment at which the agent has been heard for `after` seconds, or so many words."""

    stage: Stage
    step: int
    after: float
    words: int | None = None
    lead_s: float = 0.0
    """From the beginning of what will be said to its speech."""
    reached: bool = False
    """Set when the moment has come; an agent that finished before leaves it unset."""
    silence: StepEnded | None = None
    """Set when the agent never began to speak, which ends the call."""

    async def come(self) -> None:
        """Wait for the moment, or until it can come no more; bounded by the limits of the call."""
        stage, session = self.stage, self.stage.session
        started = session.now
        limit = session.limits.response_timeout
        if stage.input_s is None and stage.heard and not self.turn():
            limit = session.limits.patience  # nothing is asked of the agent: it may stay silent
        if stage.input_s is None and not stage.heard and not self.turn():
            await session.say(ReplyRequested())

        def given_up() -> bool:
            return gave_up(stage, started, session.limits.patience)

        await session.until(
            lambda: bool(self.turn()) or session.over or given_up(), started + limit
        )
        turn = self.turn()
        if turn is None:
            trouble = session.answers.trouble_since(asked_since(stage, started))
            if trouble is not None:
                raise answer_failed(trouble)
            if given_up():
                self.silence = empty_answer(stage, self.step)
            elif not session.over and limit == session.limits.response_timeout:
                cause = stage.never_spoke(started)
                self.silence = StepEnded(self.step, EndReason.FIRST_CHUNK_TIMEOUT, limit, cause)
            return

        def happened() -> bool:
            return session.over or turn.closed_s is not None or self._due(turn)

        await session.until(happened, started + session.limits.turn_timeout)
        self.reached = turn.closed_s is None and self._due(turn)

    def turn(self) -> LiveTurn | None:
        """The first turn with sound that no earlier step has heard to its end."""
        answers = (turn for turn in self.stage.answers() if turn.speech_start_s is not None)
        return next(answers, None)

    def _due(self, turn: LiveTurn) -> bool:
        session = self.stage.session
        if turn.speech_start_s is None or not session.turns.audible:
            return False
        if self.words is not None:
            return session.words_heard >= self.words
        # The line's speech begins one frame and its own lead-in after this look at the clock.
        begins = session.now + FRAME_S + self.lead_s
        return begins - turn.speech_start_s >= self.after
