"""What the far side said of its answers: that one ended with nothing in it, or went wrong."""

from __future__ import annotations

from voicetest.events import (
    AgentTurnEnded,
    AgentTurnStarted,
    Cleared,
    Dtmf,
    Event,
    Failed,
    Interrupted,
    ReplyRequested,
    Text,
    ToolCalled,
    Transcript,
    TranscriptDelta,
    UserTurnEnded,
)

__all__ = ["FAILED", "Answers"]

FAILED = "failed"
"""The reason of an `AgentTurnEnded` with which a platform takes the blame for an answer."""


class Answers:
    """Follows the platform's answers; times are seconds on the call clock."""

    def __init__(self) -> None:
        self.empty_s: float | None = None
        """When an answer ended in which nothing was; cleared by the first sign of another one."""
        self.empty_reason = ""
        """What the platform said of that end."""
        self.failed_s = float("-inf")
        """When the platform last said that an answer had failed."""
        self._trouble: list[tuple[float, Failed]] = []
        """All that it reported as going wrong."""
        self._begun = False
        """Set when something of the answer under way came; cleared at its end."""
        self._under_way = False
        """Set when the platform says that an answer begins; cleared at its end."""
        self._superseded = False
        """Set when the answer under way is to give way to another one; cleared at its end."""

    @property
    def begun(self) -> bool:
        """Whether something came of an answer whose end was not announced."""
        return self._begun

    def sounded(self) -> None:
        """Sound of the answer under way came."""
        self._begun = True
        self.empty_s = None

    def told(self, event: Event) -> None:
        """What the far side is told; an answer that is stopped may be empty, or asked for anew."""
        match event:
            case Interrupted():
                self._superseded = True
            case UserTurnEnded() | Text() | ReplyRequested():
                self._superseded = self._under_way
                # Of the answer before, sound may come after its end.
                self._begun = self._begun and self._under_way
            case _:
                pass

    def take_in(self, event: Event, now: float) -> None:
        """Whatever the far side said besides sound."""
        match event:
            case TranscriptDelta(by="agent") | Transcript(by="agent") | ToolCalled() | Dtmf():
                self.sounded()
            case AgentTurnStarted():
                self.empty_s = None
                self._under_way, self._begun, self._superseded = True, False, False
            case Cleared():
                self._superseded = True
            case Failed():
                self._trouble.append((now, event))
            case AgentTurnEnded(reason):
                self._end(reason, now)
            case _:
                pass

    def _end(self, reason: str, now: float) -> None:
        if reason == FAILED:
            self.failed_s = now
        if not self._begun and not self._superseded:
            self.empty_s, self.empty_reason = now, reason
        self._begun = self._under_way = self._superseded = False

    def trouble_since(self, start: float) -> Failed | None:
        """What last went wrong since `start` seconds, as the platform says."""
        return next((what for at, what in reversed(self._trouble) if at >= start), None)
