"""The protocol of an agent inside this process: its messages are the events themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from voicetest.audio.chunk import INTERNAL, AudioFormat
from voicetest.errors import ProtocolError
from voicetest.events import (
    AgentTurnEnded,
    AgentTurnStarted,
    Audio,
    Cleared,
    Dtmf,
    Event,
    Failed,
    Text,
    ToolCalled,
    ToolCancelled,
    ToolResult,
    Transcript,
    Warned,
)
from voicetest.protocols.base import Decoded, End, require

__all__ = ["InProcess"]

Events: TypeAlias = frozenset[type[Event]]

_FROM_CALLER: Events = frozenset({Audio, Text, Dtmf, ToolResult})
_FROM_AGENT: Events = frozenset(
    {
        Audio,
        AgentTurnStarted,
        AgentTurnEnded,
        Transcript,
        ToolCalled,
        ToolCancelled,
        Cleared,
        Dtmf,
        Warned,
        Failed,
    }
)


@dataclass(frozen=True)
class InProcess:
    """Passes events through; refuses those that no agent or caller could say."""

    end: End
    paced: bool = False
    continuous: bool = True
    hears_between_turns: bool = True
    speaks: AudioFormat = INTERNAL
    hears: AudioFormat = INTERNAL
    jitter_s: float = 0.0

    @property
    def sends(self) -> Events:
        """The events this end can send."""
        return _FROM_CALLER if self.end is End.CLIENT else _FROM_AGENT

    @property
    def receives(self) -> Events:
        """The events this end can receive."""
        return _FROM_AGENT if self.end is End.CLIENT else _FROM_CALLER

    def start(self) -> Sequence[Event]:
        """Nothing has to be said before the first event."""
        return ()

    def encode(self, event: Event) -> Sequence[Event]:
        """The event itself; raises CannotSend for one outside `sends`."""
        require(event, self.sends)
        return (event,)

    def decode(self, message: Event) -> Decoded[Event]:
        """The message itself; raises ProtocolError for one outside `receives`."""
        if type(message) not in self.receives:
            raise ProtocolError(f"the peer sent {type(message).__name__}, which it never may")
        return Decoded((message,))
