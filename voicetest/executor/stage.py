"""What a step may use while it runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from voicetest.call.line import Line
from voicetest.call.session import Session
from voicetest.call.turns import LiveTurn
from voicetest.events import Warned
from voicetest.executor.player import Player
from voicetest.executor.transcribe import TurnTranscriber

__all__ = ["Stage"]


_LONG_S = 1.0
"""What sounds for less before an answer is not worth a warning."""


@dataclass
class Stage:
    """The live call as the script sees it."""

    session: Session
    lines: Mapping[int, Line]
    """The prepared line of each step that speaks, by step."""
    transcriber: TurnTranscriber
    language: str = "en"
    """Of the call (BCP 47)."""
    players: Mapping[int, Player] = field(default_factory=dict)
    """Who makes up the lines of each step that has none, by step."""
    heard: int = 0
    """Agent turns before this one belong to earlier steps; set by each step that listens."""
    _told: set[str] = field(default_factory=set)
    """The kinds of sound that a warning was about."""
    input_s: float | None = None
    """Start of the user's last line since an agent step; set by lines, cleared by agent steps."""

    def answers(self) -> list[LiveTurn]:
        """The turns that no earlier step listened to and that answer the user's last line.

        What was said within the line and ended before it answers nothing.
        """
        unheard = self.session.turns.all[self.heard :]
        if self.input_s is None:
            return list(unheard)
        asked_s = self.session.user.speech_end_s or self.input_s
        return [
            turn
            for turn in unheard
            if turn.opened_s >= self.input_s
            and (turn.speech_end_s is None or turn.speech_end_s > asked_s)
        ]

    def resumed(self, patience: float) -> LiveTurn | None:
        """The turn that the user's last line cut into, once it is over and nothing came for long.

        The agent went on with it; whoever waits for another answer may wait for ever.
        """
        last = self.session.turns.all[-1] if self.session.turns.all else None
        if last is None or last.resumed_s is None or last.closed_s is None or self.input_s is None:
            return None
        since_line = last.resumed_s > self.input_s and last.index < self.heard
        return last if since_line and self.session.now - last.closed_s >= patience else None

    def never_spoke(self, since: float) -> str:
        """The cause of a wait since then in which no speech came, with what was heard instead."""
        instead = self.session.hearing.besides_speech(since)
        return "the agent never spoke" + (f": {instead}, no speech" if instead else "")

    def tell_of_sound_before(self, answer: LiveTurn, since: float) -> None:
        """Warn, once for each kind, of what sounded for long before an answer and was none."""
        if answer.speech_start_s is None:
            return
        heard = self.session.hearing.besides_speech(since, answer.speech_start_s)
        if heard is not None and heard.seconds >= _LONG_S and heard.kind not in self._told:
            self._told.add(heard.kind)
            words = f"sound without speech is no answer: {heard} before the agent spoke"
            self.session.note("voicetest", Warned(words))

    def take_turns(self) -> tuple[int, ...]:
        """The agent turns since the last step that listened; an open one is left for the next."""
        turns = self.session.turns
        covered = tuple(range(self.heard, len(turns.all)))
        self.heard = len(turns.all) if turns.open is None else turns.open.index
        return covered
