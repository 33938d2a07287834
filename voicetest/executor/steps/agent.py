"""`agent:`: listen until the agent has stopped and every positive expectation holds."""

from __future__ import annotations

from dataclasses import dataclass

from voicetest.call.timeline import EndReason, StepEnded, Waiting
from voicetest.call.turns import LiveTurn
from voicetest.checks.expectations import HANG_UP_S, Spoken, nothing_left_to_hear
from voicetest.checks.unheard import mark_unheard, unheard_between
from voicetest.checks.view import CallView, view
from voicetest.checks.wanted import still_wanted
from voicetest.events import ReplyRequested
from voicetest.executor.failures import (
    answer_failed,
    asked_since,
    empty_answer,
    ended_empty,
    gave_up,
)
from voicetest.executor.stage import Stage
from voicetest.scenario.expectations import Expectations

__all__ = ["listen"]

_UNTOLD_S = 2.0
"""A wait that is shorter is not worth a word."""


async def listen(
    stage: Stage,
    step: int,
    expected: Expectations,
    *,
    hears_out: bool = True,
    shares: bool = False,
) -> StepEnded:
    """Find the end of one agent step; what was heard in it is judged after the call.

    With `hears_out` false the agent need not have stopped: the next step speaks over it. With
    `shares` the next step listens too, and what the agent says after a pause is for that one.
    """
    listening = _Listening(stage, step, expected, stage.session.now, hears_out, shares)
    ended = await listening.run()
    await stage.transcriber.catch_up(stage.session)
    listening.blame_the_platform()
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
    shares: bool
    _seen: tuple[int, CallView] | None = None
    """How many entries the timeline had when it was looked at last, and what it was then."""

    async def run(self) -> StepEnded:
        session = self.stage.session
        if self.expected.stays_silent is not None:
            end = self.started + self.expected.stays_silent
            await session.until(lambda: session.over, end)
            return StepEnded(self.step)
        if self.stage.input_s is None and not self._answers():
            await session.say(ReplyRequested())
        limit = self._at_least(session.limits.response_timeout)
        await self._until(self.started + limit, turns_after=0)
        resumed = self.stage.resumed(self._patience)
        if not self._answers() and resumed is not None:
            self.stage.heard = resumed.index
            cause = "the agent only went on with what it was saying when the user began to speak"
            return StepEnded(self.step, resumed.reason, None, cause)
        if not self._answers():
            return self._unanswered(limit)
        self.stage.tell_of_sound_before(self._answers()[0], self.started)
        return await self._hear_out()

    def blame_the_platform(self) -> None:
        """Raise ConnectionFailed where what was expected did not come, and the platform says why.

        What it only reports beside an answer that was heard is no reason for what was said in it.
        """
        if self.expected.stays_silent is not None:
            return
        session = self.stage.session
        since = asked_since(self.stage, self.started)
        trouble = session.answers.trouble_since(since)
        broken_off = session.answers.failed_s >= since
        if trouble is None or (self._spoken and not broken_off):
            return
        if not self._satisfied() or not (self._spoken or self._wants_acts):
            raise answer_failed(trouble)

    @property
    def _spoken(self) -> bool:
        """Whether anything was heard of the agent in this step."""
        return any(turn.speech_start_s is not None for turn in self._answers())

    @property
    def _wants_acts(self) -> bool:
        """Whether the agent is to do something, for which it need not speak."""
        wanted = self.expected
        return wanted.calls_tool is not None or wanted.presses is not None or wanted.ends_call

    async def _hear_out(self) -> StepEnded:
        """Turn after turn until nothing more is expected, or nothing more comes."""
        session = self.stage.session
        while True:
            turn = self._answers()[-1]
            longest = session.limits.response_max_duration
            ceiling = self._at_least(session.limits.turn_timeout)
            await self._until(min(turn.opened_s + longest, self.started + ceiling))
            if self._spoken_enough():
                return StepEnded(self.step)
            if self._pauses():
                session.end_turn_at_pause()
            if turn.closed_s is None:
                return self._cut_off()
            await self.stage.transcriber.catch_up(session)
            if session.over or (self._satisfied() and not self._ended_empty()):
                return StepEnded(self.step, turn.reason)
            if self._gave_up():
                return empty_answer(self.stage, self.step)
            known = len(self._answers())
            patient_until = max(turn.closed_s + self._patience, self._at_least_until)
            await self._until(patient_until, turns_after=known)
            if len(self._answers()) == known:
                if self._gave_up():
                    return empty_answer(self.stage, self.step)
                return StepEnded(self.step, turn.reason, cause=self._heard().claimed)

    @property
    def _patience(self) -> float:
        """How long the step goes on listening after a turn for what it still expects."""
        own = self.expected.patience
        patience = self.stage.session.limits.patience if own is None else own
        return max(patience, HANG_UP_S) if self.expected.ends_call else patience

    @property
    def _at_least_until(self) -> float:
        """A step that gives the agent some time to speak listens for that time."""
        return self.started + (self.expected.within or 0.0)

    def _at_least(self, limit: float) -> float:
        """A limit of the call, unless the step itself is to wait for longer."""
        return max(limit, self.expected.within or 0.0, self.expected.patience or 0.0)

    def _pauses(self) -> bool:
        return self.shares and self.stage.session.agent_pauses

    async def _until(self, deadline: float, turns_after: int | None = None) -> None:
        """Wait for another answer than the first `turns_after`, or else for the open one to end."""
        session = self.stage.session

        def happened() -> bool:
            if session.over or self._idle() or self._gave_up():
                return True
            if turns_after is None:
                return session.turns.open is None or self._pauses() or self._spoken_enough()
            if not turns_after and self.stage.resumed(self._patience) is not None:
                return True
            return len(self._answers()) > turns_after

        if turns_after is not None and deadline - session.now > _UNTOLD_S:
            since = session.now
            if await session.until(happened, since + _UNTOLD_S):
                return
            wanted = still_wanted(self.expected, self._heard())
            limit = self._at_least_until - since
            limit = limit if limit > _UNTOLD_S else deadline - since
            session.note("voicetest", Waiting(self.step, wanted, since, limit))
        await session.until(happened, deadline, since=self.started)

    def _gave_up(self) -> bool:
        patience = max(self._patience, self.expected.within or 0.0)
        return not self._spoken and gave_up(self.stage, self.started, patience)

    def _ended_empty(self) -> bool:
        return not self._spoken and ended_empty(self.stage, self.started)

    def _spoken_enough(self) -> bool:
        """Whether the next step may speak over the open turn already."""
        turn = self.stage.session.turns.open
        if self.hears_out or turn is None or turn.speech_start_s is None:
            return False
        return self._satisfied()

    def _answers(self) -> list[LiveTurn]:
        return self.stage.answers()

    def _idle(self) -> bool:
        session = self.stage.session
        quiet_since = max(session.quiet_from_s, self.started)
        if quiet_since > session.now:
            return False
        return session.attended_since(quiet_since) >= self._at_least(session.limits.idle_timeout)

    def _idled(self) -> StepEnded:
        idle = self._at_least(self.stage.session.limits.idle_timeout)
        return StepEnded(self.step, EndReason.IDLE_TIMEOUT, idle, "no message of any kind")

    def _satisfied(self) -> bool:
        """Whether all that further listening could fulfil holds for what has been heard."""
        if nothing_left_to_hear(self.expected, Spoken((), ())):
            return True
        return nothing_left_to_hear(self.expected, self._heard())

    def _heard(self) -> Spoken:
        """What the agent has said and done in this step so far."""
        session = self.stage.session
        call = self._so_far()
        turns = call.agent_turns[self.stage.heard :]
        texts = [turn.text for turn in turns]
        if session.turns.open is not None and turns:
            texts[-1] = turns[-1].text_heard(session.heard_share)
        return Spoken(
            texts,
            [tool for turn in turns for tool in turn.tools],
            session.hung_up is not None,
            "".join(turn.keys for turn in turns),
            unheard_between(call, turns, self.started),
            self.expected.language or self.stage.language,
        )

    def _so_far(self) -> CallView:
        """The call as its timeline has it, which is walked through only when something is new."""
        session = self.stage.session
        known = len(session.timeline.entries)
        if self._seen is None or self._seen[0] != known:
            call = view(session.timeline.entries)
            audible = {t.index for t in call.agent_turns if t.speech_start_s is not None}
            mark_unheard(call, audible, carries_sound=session.carries_sound)
            self._seen = known, call
        return self._seen[1]

    def _unanswered(self, limit: float) -> StepEnded:
        session = self.stage.session
        if session.over:
            return StepEnded(self.step, EndReason.HUNG_UP)
        if self._gave_up():
            return empty_answer(self.stage, self.step)
        if session.attended_since(self.started) < limit:
            return self._idled()
        cause = self._heard().claimed or self.stage.never_spoke(self.started)
        return StepEnded(self.step, EndReason.FIRST_CHUNK_TIMEOUT, limit, cause)

    def _cut_off(self) -> StepEnded:
        session = self.stage.session
        if session.over:
            return StepEnded(self.step, EndReason.HUNG_UP)
        if self._idle():
            return self._idled()
        ceiling = self._at_least(session.limits.turn_timeout)
        if session.attended_since(self.started) >= ceiling:
            cause = "the agent was still not done"
            return StepEnded(self.step, EndReason.TURN_TIMEOUT, ceiling, cause)
        longest = session.limits.response_max_duration
        cause = "the agent was still speaking"
        return StepEnded(self.step, EndReason.MAX_DURATION, longest, cause)
