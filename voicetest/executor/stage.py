"""What a step may use while it runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from voicetest.call.line import Line
from voicetest.call.session import Session
from voicetest.call.turns import LiveTurn
from voicetest.executor.player import Player
from voicetest.executor.transcribe import TurnTranscriber

__all__ = ["Stage"]


@dataclass
class Stage:
    """The live call as the script sees it."""

    session: Session
    lines: Mapping[int, Line]
    """The prepared line of each step that speaks, by step."""
    transcriber: TurnTranscriber
    players: Mapping[int, Player] = field(default_factory=dict)
    """Who makes up the lines of each step that has none, by step."""
    heard: int = 0
    """Agent turns before this one belong to earlier steps; set by each step that listens."""
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

    def take_turns(self) -> tuple[int, ...]:
        """The agent turns since the last step that listened; an open one is left for the next."""
        turns = self.session.turns
        covered = tuple(range(self.heard, len(turns.all)))
        self.heard = len(turns.all) if turns.open is None else turns.open.index
        return covered
