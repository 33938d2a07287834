"""What a room of LiveKit can carry between a caller and an agent."""

from __future__ import annotations

from dataclasses import dataclass

from voicetest.audio.chunk import AudioFormat, Encoding
from voicetest.events import (
    AgentTurnEnded,
    AgentTurnStarted,
    Audio,
    Dtmf,
    Event,
    Hangup,
    Text,
    ToolCalled,
    ToolCancelled,
    ToolResult,
    Transcript,
    TranscriptDelta,
)

__all__ = ["SIMULATED_KEY", "SIMULATED_SECRET", "WIRE", "LiveKitLine"]

WIRE = AudioFormat(Encoding.PCM16, 48_000)
"""What goes into the encoder and comes out of the decoder; between them it is Opus."""

SIMULATED_KEY = "simulated"
SIMULATED_SECRET = "no-secret-but-long-enough-to-sign-with"  # noqa: S105  # of nothing
"""What a simulated server knows its callers by."""

_SENT = frozenset({Audio, Text, Dtmf, ToolResult})
_TURNS: frozenset[type[Event]] = frozenset({AgentTurnStarted, AgentTurnEnded})
_HEARD = frozenset({Audio, TranscriptDelta, Transcript, ToolCalled, ToolCancelled, Dtmf, Hangup})


@dataclass(frozen=True)
class LiveKitLine:
    """The caller's end; an agent that does not publish its state has turns that end in silence."""

    states: bool = True
    """Whether the agent publishes its state, as those made with LiveKit's framework do."""
    speaks: AudioFormat = WIRE
    hears: AudioFormat = WIRE
    continuous: bool = True
    hears_between_turns: bool = True
    paced: bool = True
    jitter_s: float = 0.0

    @property
    def sends(self) -> frozenset[type[Event]]:
        """The events that can be sent."""
        return _SENT

    @property
    def receives(self) -> frozenset[type[Event]]:
        """The events that may arrive."""
        return _HEARD | _TURNS if self.states else _HEARD
