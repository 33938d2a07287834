"""`agent:`: listen until the agent has stopped and every positive expectation holds."""

from __future__ import annotations

from dataclasses import dataclass

from voicetest.call.timeline import EndReason, StepEnded
from voicetest.call.turns import LiveTurn
from voicetest.checks.expectations import HANG_UP_S, Spoken, nothing_left_to_hear
from voicetest.checks.view import view
from voicetest.events import ReplyRequested
from voicetest.executor.stage import Stage
from voicetest.scenario.expectations import Expectations

__all__ = ["listen"]


async def listen(
    stage: Stage, step: int, expected: Expectations, *, hears_out: bool = True
) -> StepEnded:
    """Find the end of one agent step; what was heard in it is judged after the call.

    With `hears_out` false the agent need not have stopped: the next step speaks over it.
    """
    ended = await _Listening(stage, step, expected, stage.session.now, hears_out).run()
    await stage.transcriber.catch_up(stage.session)
    stage.input_s = None
    return StepEnded(step, ended.reason, ended.limit_s, ended.cause, stage.take_turns())


@dataclass
class _Listening:
    """One agent step under way."""

    stage: Stage
    step: int
    expected: Expectations
    started: float
    hears_out: bool

    async def run(self) -> StepEnded:
        session = self.stage.session
        if self.expected.stays_silent is not None:
            end = self.started + self.expected.stays_silent
            await session.until(lambda: session.over, end)
            return StepEnded(self.step)
        if self.stage.input_s is None and not self._answers():
            await session.say(ReplyRequested())
        limit = session.limits.response_timeout
        await self._until(self.started + limit, turns_after=0)
        if not self._answers():
            return self._unanswered(limit)
        return await self._hear_out()

    async def _hear_out(self) -> StepEnded:
        """Turn after turn until nothing more is expected, or nothing more comes."""
        session = self.stage.session
        while True:
            turn = self._answers()[-1]
            longest = session.limits.response_max_duration
            ceiling = session.limits.turn_timeout
            await self._until(min(turn.opened_s + longest, self.started + ceiling))
            if self._spoken_enough():
                return StepEnded(self.step)
            if turn.closed_s is None:
                return self._cut_off()
            await self.stage.transcriber.catch_up(session)
            if self._satisfied() or session.over:
                return StepEnded(self.step, turn.reason)
            patience = session.limits.patience
            if self.expected.ends_call:
                patience = max(patience, HANG_UP_S)
            known = len(self._answers())
            await self._until(turn.closed_s + patience, turns_after=known)
            if len(self._answers()) == known:
                return StepEnded(self.step, turn.reason)

    async def _until(self, deadline: float, turns_after: int | None = None) -> None:
        """Wait for another answer than the first `turns_after`, or else for the open one to end."""
        session = self.stage.session

        def happened() -> bool:
            if session.over or self._idle():
                return True
            if turns_after is None:
                return session.turns.open is None or self._spoken_enough()
            return len(self._answers()) > turns_after

        await session.until(happened, deadline)

    def _spoken_enough(self) -> bool:
        """Whether the next step may speak over the open turn already."""
        turn = self.stage.session.turns.open
        if self.hears_out or turn is None or turn.speech_start_s is None:
            return False
        return self._satisfied()

    def _answers(self) -> list[LiveTurn]:
        """The turns that no earlier step listened to and that began after the user's last line."""
        since = self.stage.input_s
        unheard = self.stage.session.turns.all[self.stage.heard :]
        return [turn for turn in unheard if since is None or turn.opened_s >= since]

    def _idle(self) -> bool:
        session = self.stage.session
        quiet_since = max(session.last_message_s, self.started)
        return session.now - quiet_since >= session.limits.idle_timeout

    def _satisfied(self) -> bool:
        """Whether all that further listening could fulfil holds for what has been heard."""
        session = self.stage.session
        if nothing_left_to_hear(self.expected, Spoken((), ())):
            return True
        call = view(session.timeline.entries)
        turns = call.agent_turns[self.stage.heard :]
        texts = [turn.text for turn in turns]
        if session.turns.open is not None and turns:
            texts[-1] = turns[-1].text_heard(session.turns.heard_share(session.now))
        spoken = Spoken(
            texts,
            [tool for turn in turns for tool in turn.tools],
            session.hung_up is not None,
            "".join(turn.keys for turn in turns),
        )
        return nothing_left_to_hear(self.expected, spoken)

    def _unanswered(self, limit: float) -> StepEnded:
        session = self.stage.session
        if session.over:
            return StepEnded(self.step, EndReason.HUNG_UP)
        if session.now - self.started < limit:
            idle = session.limits.idle_timeout
            return StepEnded(self.step, EndReason.IDLE_TIMEOUT, idle, "no message of any kind")
        cause = "the agent never spoke"
        return StepEnded(self.step, EndReason.FIRST_CHUNK_TIMEOUT, limit, cause)

    def _cut_off(self) -> StepEnded:
        session = self.stage.session
        if session.over:
            return StepEnded(self.step, EndReason.HUNG_UP)
        if self._idle():
            idle = session.limits.idle_timeout
            return StepEnded(self.step, EndReason.IDLE_TIMEOUT, idle, "no message of any kind")
        ceiling = session.limits.turn_timeout
        if session.now - self.started >= ceiling:
            cause = "the agent was still not done"
            return StepEnded(self.step, EndReason.TURN_TIMEOUT, ceiling, cause)
        longest = session.limits.response_max_duration
        cause = "the agent was still speaking"
        return StepEnded(self.step, EndReason.MAX_DURATION, longest, cause)
