"""Where the agent's turns begin and end, decided live from its speech and its platform's events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from voicetest.call.hearing import Speech
from voicetest.call.timeline import (
    EndReason,
    SpeechStarted,
    SpeechStopped,
    Timeline,
    TurnClosed,
    TurnOpened,
    TurnResumed,
)
from voicetest.call.users_line import BACKCHANNEL_S, UsersLine

__all__ = ["PAUSE_S", "YIELD_S", "AgentTurns", "LiveTurn"]

PAUSE_S = 0.3
"""The agent counts as silent after this much; shorter gaps are between words."""
ANSWER_S = 0.6
"""After a shorter gap the agent goes on with what it was saying; sentences are 0.5 s apart."""
YIELD_S = 1.0
"""An agent that stops within this after the user's speech has yielded to it."""
_KNOWN_S = 0.15
"""Speech is known to be speech so soon after it began."""
_UNDECIDED_S = 0.4
"""How long the end of a turn may wait for the word whether what is heard is speech."""
_BEYOND_S = 0.2
"""Speech that goes on for longer after the end of its turn is of the next one; in noise its end is
found to be earlier once it is past, by up to 150 ms."""


@dataclass
class LiveTurn:
    """One turn of the agent as known so far, in seconds on the call clock."""

    index: int
    opened_s: float
    speech_start_s: float | None = None
    """Set when speech is found in it: where that began."""
    speech_end_s: float | None = None
    """Set as its speech goes on."""
    closed_s: float | None = None
    """Set when the turn ends; cleared when the agent resumes it."""
    reason: EndReason | None = None
    """Set when the turn ends."""
    resumed_s: float | None = None
    """Set when the agent goes on with it although the user has begun to speak."""


class AgentTurns:
    """Follows the agent's turns; every change goes to the timeline.

    Speech is known some 0.1 s after it began: what follows from it is dated back to its beginning.
    """

    def __init__(
        self, timeline: Timeline, *, platform_ends_turns: bool, tail_s: float, late_s: float = 0.0
    ) -> None:
        """`late_s`: so many seconds after its announced end and its last sound a turn is over."""
        self._timeline = timeline
        self._platform_ends_turns = platform_ends_turns
        self._tail_s = tail_s
        self._late_s = late_s + _KNOWN_S if late_s else 0.0
        self._turns: list[LiveTurn] = []
        self._until = float("-inf")
        """Where the last speech ended, or how far that which goes on is known."""
        self._going_on = False
        """Whether the agent was speaking when it was last listened to."""
        self._owner: LiveTurn | None = None
        """The turn of the last speech; None while it is not known whether it is of one."""
        self._found: float | None = None
        """Where speech began that is newly known to be of a turn; set anew each time."""
        self._audible = False
        self._held: float | None = None
        """Where speech began within a line of the user; set while it may be a backchannel."""
        self._line: UsersLine | None = None
        """The last line of the user that is a turn; set when it begins."""
        self._end_announced: float | None = None
        """When all of the open turn is heard that the platform calls over; cleared with it."""
        self._end_before_begin = float("-inf")
        """Set when a platform says that a turn is over of which nothing has been heard yet."""
        self._interrupted: float | None = None
        """When the platform threw away the rest of the open turn; cleared when it closes."""
        self._last_sign = float("-inf")
        """When the open turn last gave a sign of life."""
        self._words = 0
        """Words of the open or the next turn that have arrived; cleared when a turn closes."""

    @property
    def all(self) -> Sequence[LiveTurn]:
        """Every turn so far, the open one included."""
        return self._turns

    @property
    def open(self) -> LiveTurn | None:
        """The turn that has not ended."""
        last = self._turns[-1] if self._turns else None
        return last if last is not None and last.closed_s is None else None

    @property
    def audible(self) -> bool:
        """Whether the agent is speaking, pauses shorter than 0.3 s included."""
        return self._audible

    @property
    def goes_on(self) -> bool:
        """Whether the agent speaks, and nothing but its silence can end that."""
        told = self._end_announced is not None or self._interrupted is not None
        owned = self._owner is not None and self._owner.closed_s is None
        return self._going_on and self._audible and not told and (owned or self._held is not None)

    @property
    def due_s(self) -> float:
        """When silence alone may end something, at the earliest; infinity for never."""
        if self._end_announced is not None or self._interrupted is not None:
            return float("-inf")
        stops = self._until + PAUSE_S + _KNOWN_S if self._audible else float("inf")
        ends_by_silence = self.open is not None and not self._platform_ends_turns
        return min(stops, self._last_sign + self._tail_s if ends_by_silence else float("inf"))

    def silent_for(self, now: float) -> float:
        """Seconds since the agent's last speech ended; 0 while it goes on."""
        return 0.0 if self._going_on else now - self._until

    def sign(self, now: float) -> LiveTurn:
        """The agent did something that belongs to a turn: the open one, or a new one."""
        self._last_sign = now
        current = self.open
        if current is None:
            current = LiveTurn(len(self._turns), now)
            self._turns.append(current)
            self._timeline.add(now, "agent", TurnOpened(current.index))
        return current

    def begin(self, now: float) -> None:
        """The platform says that a turn begins; while one may still end late, it goes on."""
        self.sign(now)
        if self._end_announced is not None and now - self._end_announced < self._late_s:
            self._end_announced = None

    def receive(self, words: int) -> None:
        """Live words arrived; they may still have to be heard."""
        self._words += words

    def words_heard(self, now: float, left_s: float) -> int:
        """Words of the open turn that have been heard, if they are spread evenly over it."""
        return int(self._words * self.heard_share(now, left_s))

    def heard_share(self, now: float, left_s: float) -> float:
        """How much of the open turn that has arrived was heard, 0 to 1; `left_s` s were not."""
        turn = self.open
        if turn is None or turn.speech_start_s is None:
            return 0.0
        heard = now - turn.speech_start_s
        return heard / (heard + left_s) if heard > 0 else 0.0

    def announce_end(self, heard_s: float) -> None:
        """The platform says that the turn is over; all of it will have been heard at `heard_s`."""
        if self.open is not None:
            self._end_announced = heard_s
        else:
            self._end_before_begin = heard_s

    def cleared(self, now: float) -> None:
        """The platform threw away what was not heard of the open turn."""
        self._interrupted = now if self.open is not None else None

    def user_begins(self, start_s: float, end_s: float) -> None:
        """The user begins a turn, to end at `end_s`: an agent turn that is silent is over."""
        self._line = UsersLine(start_s, end_s, over_agent=self._audible)
        turn = self.open
        if self._audible or turn is None or turn.speech_end_s is None:
            return
        if not self._platform_ends_turns:
            self.close(start_s, EndReason.TAIL_SILENCE, start_s - self._until)

    def user_ends(self, end_s: float) -> None:
        """The user's turn is over."""
        if self._line is not None:
            self._line.end_s, self._line.over = end_s, True

    @property
    def _yielded(self) -> bool:
        """Whether the open turn fell silent because the user spoke over it, as far as known."""
        line = self._line
        if line is None or not line.over_agent or self._until < line.start_s:
            return False
        return not line.over or self._until <= line.end_s + YIELD_S

    def follow(self, speech: Speech | None, user_speech_end_s: float | None) -> float | None:
        """The current speech of the agent, or the last, as it is known now.

        Gives where it began if it is now known to be of a turn.
        """
        if speech is None:
            return None
        self._found = None
        if speech.start_s >= self._until:
            self._begin_speech(speech.start_s, user_speech_end_s)
        elif (end := self._end_spoken_beyond(speech)) is not None:
            self._speak_in(self._opened(end), end, user_speech_end_s)
        self._until, self._going_on = speech.end_s, speech.going_on
        if self._held is not None:
            self._decide_held(user_speech_end_s)
        if self._owner is not None:
            self._owner.speech_end_s = speech.end_s
            self._last_sign = max(self._last_sign, speech.end_s)
        return self._found

    def _end_spoken_beyond(self, speech: Speech) -> float | None:
        """The end of the turn after which the agent speaks on without a pause, if it does."""
        end = None if self._owner is None else self._owner.closed_s
        return end if end is not None and speech.end_s > end + _BEYOND_S else None

    def _begin_speech(self, at: float, user_speech_end_s: float | None) -> None:
        line, gap = self._line, at - self._until
        if self._held is not None:
            if gap < PAUSE_S:
                return
            self._decide_held(user_speech_end_s, ended=True)
        if gap >= ANSWER_S and self._answers_interruption(at):
            self.close(at, EndReason.INTERRUPTED)
        if self.open is None:
            if self._resumes(at):
                self._resume(self._turns[-1], at)
            elif line is not None and line.covers(at):
                self._held, self._owner, self._audible = at, None, True
                return
        self._speak_in(self.open or self._opened(at), at, user_speech_end_s)

    def _opened(self, at: float) -> LiveTurn:
        turn = self.sign(at)
        if self._platform_ends_turns and at <= self._end_before_begin + self._late_s:
            self._end_announced = self._end_before_begin
        self._end_before_begin = float("-inf")
        return turn

    def _speak_in(self, turn: LiveTurn, at: float, user_speech_end_s: float | None) -> None:
        self._found = at
        if turn.speech_start_s is None:
            turn.speech_start_s = at
        if turn is not self._owner or not self._audible:
            self._audible = True
            latency = None if user_speech_end_s is None else at - user_speech_end_s
            self._timeline.add(at, "agent", SpeechStarted("agent", latency))
        self._owner = turn

    def _decide_held(self, user_speech_end_s: float | None, *, ended: bool = False) -> None:
        """Whether what was said within a line of the user was a backchannel, if that is known."""
        start, line = self._held, self._line
        if start is None or line is None:
            return
        if line.heard_out(self._until) or self._until - start > BACKCHANNEL_S:
            self._held = None
            self._speak_in(self._opened(start), start, user_speech_end_s)
        elif ended:
            self._held, self._audible = None, False
            self._timeline.add(start, "agent", SpeechStarted("agent", None))
            self._timeline.add(self._until, "agent", SpeechStopped("agent"))

    def _resumes(self, at: float) -> bool:
        """Whether the user spoke into a pause of the agent, which now goes on."""
        last = self._turns[-1] if self._turns else None
        if last is None or last.speech_end_s is None or self._line is None:
            return False
        if self._platform_ends_turns or last.reason is not EndReason.TAIL_SILENCE:
            return False
        return self._line.collides(last.speech_end_s, at)

    def _resume(self, turn: LiveTurn, at: float) -> None:
        turn.closed_s = turn.reason = None
        turn.resumed_s = at
        self._last_sign = at
        self._timeline.add(at, "agent", TurnResumed(turn.index))

    def _answers_interruption(self, at: float) -> bool:
        """Whether speech at `at` is a new answer, after the user spoke over the open turn."""
        if self._platform_ends_turns or self._line is None or self.open is None:
            return False
        return self._yielded and self._line.over and at > self._line.end_s

    def settle(self, now: float, *, drained: bool, undecided: bool = False) -> None:
        """Close what is over at `now`.

        `drained` says that nothing is left to be heard, `undecided` that what was heard last may
        turn out to be the beginning of speech.
        """
        if self._audible and self.silent_for(now) >= PAUSE_S + _KNOWN_S:
            self._decide_held(None, ended=True)
            self._stop()
        turn = self.open
        if turn is None:
            return
        if self._interrupted is not None:
            if now - max(self._interrupted, self._until) >= self._late_s:
                self.close(now, EndReason.INTERRUPTED)
        elif self._end_announced is not None:
            heard_out_s = self._end_announced
            if undecided and turn.speech_start_s is None:
                heard_out_s += _UNDECIDED_S
            late = now - max(self._end_announced, self._until) < self._late_s
            if now > heard_out_s and not late:
                # What is told to stop says so; elsewhere, falling silent under the user tells it.
                reason = EndReason.INTERRUPTED if self._yielded else EndReason.TURN_ENDED
                self.close(now, reason)
        elif not self._platform_ends_turns and drained and not self._going_on:
            silent_s = now - self._last_sign
            if silent_s >= self._tail_s + (_UNDECIDED_S if undecided else 0):
                reason = EndReason.INTERRUPTED if self._yielded else EndReason.TAIL_SILENCE
                self.close(now, reason, self._tail_s)

    def close(
        self, now: float, reason: EndReason, limit_s: float | None = None, cause: str = ""
    ) -> None:
        """End the open turn, if there is one."""
        turn = self.open
        if turn is None:
            return
        self._stop()
        now = max(now, turn.opened_s)  # an end may lie in a frame that was late
        turn.closed_s, turn.reason = now, reason
        self._end_announced = self._interrupted = None
        self._words = 0
        if self._line is not None:
            self._line.over_agent = False
        self._timeline.add(now, "agent", TurnClosed(turn.index, reason, limit_s, cause))

    def _stop(self) -> None:
        if self._audible:
            self._audible = False
            self._timeline.add(self._until, "agent", SpeechStopped("agent"))
