"""ElevenLabs Agents over their WebSocket: how one conversation is to be held."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from voicetest.protocols.base import Codec, End
from voicetest.protocols.elevenlabs_client import ElevenLabsClient
from voicetest.protocols.elevenlabs_messages import TurnCommit
from voicetest.protocols.elevenlabs_server import ElevenLabsServer

__all__ = ["ElevenLabs", "TurnCommit", "Variable"]

Variable = str | int | float | bool
"""What a dynamic variable of an agent may be."""


@dataclass(frozen=True)
class ElevenLabs:
    """What a call wants of an agent; its codecs are made from it, one for each connection."""

    commit: TurnCommit = TurnCommit.AUDIO
    tail_bytes: int = 16_000
    """Silence that ends a turn which is committed by silence."""
    system_prompt: str | None = None
    """In place of the agent's own, where the agent allows it."""
    first_message: str | None = None
    """In place of the agent's own; empty to let the user speak first."""
    variables: Mapping[str, Variable] = field(default_factory=dict)
    """The agent's dynamic variables."""

    def client(self) -> ElevenLabsClient:
        """A codec for the user's end."""
        override: dict[str, object] = {}
        if self.system_prompt is not None:
            override["prompt"] = {"prompt": self.system_prompt}
        if self.first_message is not None:
            override["first_message"] = self.first_message
        return ElevenLabsClient(
            self.commit, self.tail_bytes, override=override, variables=self.variables
        )

    def codec(self, end: End) -> Codec[bytes | str]:
        """A codec for one connection at that end of it."""
        if end is End.CLIENT:
            return self.client()
        return ElevenLabsServer(self.commit, self.tail_bytes)
