"""Where the agent's turns begin and end, decided live from its sound and its platform's events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from voicetest.audio.chunk import INTERNAL, Samples
from voicetest.audio.vad import voiced
from voicetest.call.timeline import (
    EndReason,
    SpeechStarted,
    SpeechStopped,
    Timeline,
    TurnClosed,
    TurnOpened,
)

__all__ = ["PAUSE_S", "YIELD_S", "AgentTurns", "LiveTurn"]

_SUBFRAME = INTERNAL.rate // 100
PAUSE_S = 0.3
"""The agent counts as silent after this much; shorter gaps are between words."""
ANSWER_S = 0.6
"""After a shorter gap the agent goes on with what it was saying; sentences are 0.5 s apart."""
YIELD_S = 1.0
"""An agent that stops within this after the user's speech has yielded to it."""


@dataclass
class LiveTurn:
    """One turn of the agent as known so far, in seconds on the call clock."""

    index: int
    opened_s: float
    speech_start_s: float | None = None
    """Set by the first audible frame."""
    speech_end_s: float | None = None
    """Set by each audible frame."""
    closed_s: float | None = None
    """Set when the turn ends."""
    reason: EndReason | None = None
    """Set when the turn ends."""


class AgentTurns:
    """Follows the agent's turns; every change goes to the timeline."""

    def __init__(
        self, timeline: Timeline, *, platform_ends_turns: bool, tail_s: float, late_s: float = 0.0
    ) -> None:
        """`late_s`: so many seconds after its announced end and its last sound a turn is over."""
        self._timeline = timeline
        self._platform_ends_turns = platform_ends_turns
        self._tail_s = tail_s
        self._late_s = late_s
        self._turns: list[LiveTurn] = []
        self._sound_until = float("-inf")
        """End of the last audible frame."""
        self._audible = False
        self._end_announced: float | None = None
        """When the platform said that the open turn is over; cleared when it closes or goes on."""
        self._interrupted: float | None = None
        """When the platform threw away the rest of the open turn; cleared when it closes."""
        self._last_sign = float("-inf")
        """When the open turn last gave a sign of life."""
        self._words = 0
        """Words of the open or the next turn that have arrived; cleared when a turn closes."""
        self._received_s = 0.0
        """Sound of the open or the next turn that has arrived; cleared when a turn closes."""
        self._over_since: float | None = None
        """Set when the user began to speak over the open turn; cleared when it closes."""
        self._over_until: float | None = None
        """Set when that speech of the user ended; cleared when the turn closes."""

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

    def silent_for(self, now: float) -> float:
        """Seconds since the agent's last sound was heard."""
        return now - self._sound_until

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

    def receive(self, *, words: int = 0, sound_s: float = 0.0) -> None:
        """Live words, or seconds of sound, arrived; they may still have to be played."""
        self._words += words
        self._received_s += sound_s

    @property
    def begins_on_arrival(self) -> bool:
        """Whether sound that arrives now begins a turn, so that its announced end is not missed."""
        return self._platform_ends_turns and self.open is None

    def words_heard(self, now: float) -> int:
        """Words of the open turn that have been played, if they are spread evenly over it."""
        return int(self._words * self.heard_share(now))

    def heard_share(self, now: float) -> float:
        """How much of the sound of the open turn that has arrived has been played, 0 to 1."""
        turn = self.open
        if turn is None or turn.speech_start_s is None or not self._received_s:
            return 0.0
        return min(1.0, (now - turn.speech_start_s) / self._received_s)

    def announce_end(self, now: float) -> None:
        """The platform says that the open turn is over."""
        self._end_announced = now if self.open is not None else None

    def cleared(self, now: float) -> None:
        """The platform threw away what was not heard of the open turn."""
        self._interrupted = now if self.open is not None else None

    def user_begins(self, now: float) -> None:
        """The user begins a turn: an agent turn that is silent is over, another may yield."""
        if self._audible:
            self._over_since, self._over_until = now, None
        elif self.open is not None and self.open.speech_end_s is not None:
            if self._platform_ends_turns:
                return
            self.close(now, EndReason.TAIL_SILENCE, now - self._sound_until)

    def user_ends(self, now: float) -> None:
        """The user's turn is over."""
        if self._over_since is not None:
            self._over_until = now

    @property
    def _yielded(self) -> bool:
        """Whether the open turn fell silent because the user spoke over it, as far as known."""
        if self._over_since is None or self._sound_until < self._over_since:
            return False
        return self._over_until is None or self._sound_until <= self._over_until + YIELD_S

    def hear(self, frame: Samples, start_s: float, user_speech_end_s: float | None) -> None:
        """The listener heard `frame`, int16 of shape (n,), from `start_s` on."""
        for offset in range(0, len(frame), _SUBFRAME):
            piece = frame[offset : offset + _SUBFRAME]
            if not voiced(piece):
                continue
            at = start_s + offset / INTERNAL.rate
            if at - self._sound_until >= ANSWER_S and self._answers_interruption(at):
                self.close(at, EndReason.INTERRUPTED)
            turn = self.sign(at)
            if turn.speech_start_s is None:
                turn.speech_start_s = at
            if not self._audible:
                self._audible = True
                latency = None if user_speech_end_s is None else at - user_speech_end_s
                self._timeline.add(at, "agent", SpeechStarted("agent", latency))
            self._sound_until = at + len(piece) / INTERNAL.rate
            turn.speech_end_s = self._sound_until
            self._last_sign = self._sound_until

    def _answers_interruption(self, at: float) -> bool:
        """Whether sound at `at` is a new answer, after the user spoke over the open turn."""
        if self._platform_ends_turns or self._over_until is None:
            return False
        return self._yielded and at > self._over_until

    def settle(self, now: float, *, drained: bool) -> None:
        """Close what is over at `now`; `drained` says that nothing is left to be heard."""
        if self._audible and now - self._sound_until >= PAUSE_S:
            self._stop()
        if self.open is None or not drained:
            return
        if self._interrupted is not None:
            if now - max(self._interrupted, self._sound_until) >= self._late_s:
                self.close(now, EndReason.INTERRUPTED)
        elif self._end_announced is not None:
            if now - max(self._end_announced, self._sound_until) >= self._late_s:
                # What is told to stop says so; elsewhere, falling silent under the user tells it.
                reason = EndReason.INTERRUPTED if self._yielded else EndReason.TURN_ENDED
                self.close(now, reason)
        elif not self._platform_ends_turns and now - self._last_sign >= self._tail_s:
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
        turn.closed_s, turn.reason = now, reason
        self._end_announced = self._interrupted = None
        self._words, self._received_s = 0, 0.0
        self._over_since = self._over_until = None
        self._timeline.add(now, "agent", TurnClosed(turn.index, reason, limit_s, cause))

    def _stop(self) -> None:
        if self._audible:
            self._audible = False
            self._timeline.add(self._sound_until, "agent", SpeechStopped("agent"))
