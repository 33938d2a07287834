"""`interrupt:`, `backchannel:` and `noise:`: sound over an agent that is speaking."""

from __future__ import annotations

from dataclasses import dataclass, replace

from voicetest.call.microphone import FRAME_S
from voicetest.call.timeline import EndReason, StepEnded, UserInterrupt
from voicetest.call.turns import LiveTurn
from voicetest.events import ReplyRequested
from voicetest.executor.stage import Stage
from voicetest.executor.steps.user import speak
from voicetest.scenario.steps import BackchannelStep, InterruptStep, NoiseStep

__all__ = ["make_noise", "speak_over"]


async def speak_over(stage: Stage, step: int, wanted: InterruptStep | BackchannelStep) -> StepEnded:
    """Wait until the agent has been speaking for long enough, then speak over it.

    An agent that has finished before is answered in an ordinary turn of the user.
    """
    words = wanted.after_words if isinstance(wanted, InterruptStep) else None
    moment = _Moment(stage, step, wanted.after, words)
    await moment.come()
    session = stage.session
    if session.over:
        return StepEnded(step)
    if moment.silence is not None:
        return moment.silence
    if not moment.reached:
        session.note("user", UserInterrupt(step, "missed"))
        stage.lines[step] = replace(stage.lines[step], kind="user")
        return await speak(stage, step)
    turn = session.turns.open
    if isinstance(wanted, BackchannelStep):
        await session.user.speak(stage.lines[step], step)
        return StepEnded(step)
    native = wanted.mode != "voice" and session.interrupts_natively
    mode = UserInterrupt(step, "native" if native else "voice", turn.index if turn else None)
    session.note("user", mode)
    if native:
        await session.interrupt()
    await session.user.speak(stage.lines[step], step)
    stage.input_s = session.user.speech_start_s
    if turn is not None:
        stage.heard = max(stage.heard, turn.index + 1)
    return StepEnded(step)


async def make_noise(stage: Stage, step: int, wanted: NoiseStep) -> StepEnded:
    """Make the sound at once, or when the agent has been speaking for long enough."""
    session = stage.session
    if wanted.after is not None:
        moment = _Moment(stage, step, wanted.after)
        await moment.come()
        if moment.silence is not None:
            return moment.silence
        if not moment.reached and not session.over:
            session.note("user", UserInterrupt(step, "missed"))
    if not session.over:
        await session.user.speak(stage.lines[step], step)
    return StepEnded(step)


@dataclass
class _Moment:
    """The moment at which the agent has been heard for `after` seconds, or so many words."""

    stage: Stage
    step: int
    after: float
    words: int | None = None
    reached: bool = False
    """Set when the moment has come; an agent that finished before leaves it unset."""
    silence: StepEnded | None = None
    """Set when the agent never began to speak, which ends the call."""

    async def come(self) -> None:
        """Wait for the moment, or until it can come no more; bounded by the limits of the call."""
        stage, session = self.stage, self.stage.session
        started = session.now
        limit = session.limits.response_timeout
        if stage.input_s is None and stage.heard and not self._turn():
            limit = session.limits.patience  # nothing is asked of the agent: it may stay silent
        if stage.input_s is None and not stage.heard and not self._turn():
            await session.say(ReplyRequested())
        await session.until(lambda: bool(self._turn()) or session.over, started + limit)
        turn = self._turn()
        if turn is None:
            if not session.over and limit == session.limits.response_timeout:
                cause = "the agent never spoke"
                self.silence = StepEnded(self.step, EndReason.FIRST_CHUNK_TIMEOUT, limit, cause)
            return

        def happened() -> bool:
            return session.over or turn.closed_s is not None or self._due(turn)

        await session.until(happened, started + session.limits.turn_timeout)
        self.reached = turn.closed_s is None and self._due(turn)

    def _turn(self) -> LiveTurn | None:
        """The first turn with sound that no earlier step has heard to its end."""
        stage = self.stage
        for turn in stage.session.turns.all[stage.heard :]:
            answers = stage.input_s is None or turn.opened_s >= stage.input_s
            if answers and turn.speech_start_s is not None:
                return turn
        return None

    def _due(self, turn: LiveTurn) -> bool:
        session = self.stage.session
        if turn.speech_start_s is None or not session.turns.audible:
            return False
        if self.words is not None:
            return session.turns.words_heard(session.now) >= self.words
        # The line's speech begins one frame and its own lead-in after this look at the clock.
        begins = session.now + FRAME_S + self.stage.lines[self.step].speech_start_s
        return begins - turn.speech_start_s >= self.after
