"""`improvise:`: a language model plays the user, turn by turn."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

from voicetest.call.line import Line
from voicetest.call.timeline import EndReason, Improvised, StepEnded, UserInterrupt
from voicetest.call.turns import LiveTurn
from voicetest.checks.view import view
from voicetest.executor.conversation import conversation
from voicetest.executor.player import Player
from voicetest.executor.stage import Stage
from voicetest.executor.steps.agent import listen
from voicetest.executor.steps.moment import Moment
from voicetest.executor.steps.over import cut_in
from voicetest.executor.steps.user import speak
from voicetest.executor.user_mind import Said
from voicetest.executor.user_prompt import Occasion
from voicetest.scenario.expectations import Expectations

__all__ = ["improvise"]

_WORDS_S = 2.0
"""How long the words of an answer that was heard may come after it."""
_AFRESH = 2
"""How often a line is thrown away because the agent went on while it was made."""
_UNANSWERED = frozenset(
    {EndReason.FIRST_CHUNK_TIMEOUT, EndReason.IDLE_TIMEOUT, EndReason.TURN_TIMEOUT}
)


async def improvise(stage: Stage, step: int) -> StepEnded:
    """Speak and hear the answer, until the user is done or has said all lines it may say.

    Every answer is heard but the one to a parting line, which is left to the next step.
    """
    return await _Improvising(stage, step, stage.players[step]).run()


@dataclass
class _Improvising:
    """One `improvise` step under way."""

    stage: Stage
    step: int
    player: Player
    lines: int = 0
    """How many lines were said."""
    heard: list[int] = field(default_factory=list)
    """The agent's turns that were listened to."""

    async def run(self) -> StepEnded:
        session = self.stage.session
        wanted = self.player.mind.wanted
        interrupted: LiveTurn | None = None
        while not session.over and self.lines < wanted.turns:
            said, line = await self._next_line(cuts_in=interrupted is not None)
            if said.done and interrupted is not None:
                await self._listen()
            if line is not None:
                await self._say(line, None if said.done else interrupted)
            if said.done:
                return self._ended(Improvised(self.step, "done", said.reason))
            silence, interrupted = await self._hear()
            if silence is not None:
                return replace(silence, turns=tuple(self.heard))
        return await self._stopped()

    async def _next_line(self, *, cuts_in: bool) -> tuple[Said, Line | None]:
        """What the user says next, to all that the agent has said by then."""
        session = self.stage.session
        occasion: Occasion = "interruption" if cuts_in else "turn"
        for left in range(_AFRESH, -1, -1):
            known = len(session.turns.all)
            said = await self.player.mind.next(conversation(session), occasion)
            text = " ".join(said.say.split())
            line = await self.player.line(text, self.lines + 1) if text else None
            if cuts_in or not left or len(session.turns.all) == known:
                break
            await self._listen()
        return said, line

    async def _say(self, line: Line, interrupted: LiveTurn | None) -> None:
        session = self.stage.session
        self.lines += 1
        if interrupted is None:
            await speak(self.stage, self.step, line)
        elif interrupted.closed_s is None:
            self.heard.append(interrupted.index)
            await cut_in(self.stage, self.step, line, native=session.interrupts_natively)
        else:
            await self._listen()
            session.note("user", UserInterrupt(self.step, "missed"))
            await speak(self.stage, self.step, line)

    async def _hear(self) -> tuple[StepEnded | None, LiveTurn | None]:
        """The end of the step if there is no answer, and the answer that is to be interrupted."""
        after = self.player.cuts_in_after(self.lines)
        if after is not None and self.lines < self.player.mind.wanted.turns:
            moment = Moment(self.stage, self.step, after)
            await moment.come()
            if moment.silence is not None:
                return moment.silence, None
            if moment.reached:
                return None, moment.turn()
        ended = await self._listen()
        return (ended if ended.reason in _UNANSWERED else None), None

    async def _listen(self) -> StepEnded:
        """Hear the agent out, and wait for the words of what it said."""
        session = self.stage.session
        ended = await listen(self.stage, self.step, Expectations())
        self.heard.extend(ended.turns)
        known = -1

        def worded() -> bool:
            nonlocal known
            if len(session.timeline.entries) == known:
                return False
            known = len(session.timeline.entries)
            turns = view(session.timeline.entries).agent_turns
            return all(turns[n].text or turns[n].speech_start_s is None for n in ended.turns)

        await session.until(worded, session.now + _WORDS_S)
        return ended

    async def _stopped(self) -> StepEnded:
        """The agent hung up, or all lines are said: whether the user has what it wanted."""
        session = self.stage.session
        ended: Literal["hung_up", "turns"] = "hung_up" if session.over else "turns"
        if self.player.mind.wanted.until is None:
            return self._ended(Improvised(self.step, ended, ""))
        said = await self.player.mind.next(conversation(session), "end")
        return self._ended(Improvised(self.step, "done" if said.done else ended, said.reason))

    def _ended(self, how: Improvised) -> StepEnded:
        self.stage.session.note("voicetest", how)
        return StepEnded(self.step, turns=tuple(self.heard))
