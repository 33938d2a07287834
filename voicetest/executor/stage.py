"""What a step may use while it runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from voicetest.call.line import Line
from voicetest.call.session import Session
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

    def take_turns(self) -> tuple[int, ...]:
        """The agent turns since the last step that listened; an open one is left for the next."""
        turns = self.session.turns
        covered = tuple(range(self.heard, len(turns.all)))
        self.heard = len(turns.all) if turns.open is None else turns.open.index
        return covered
