"""OpenAI's Realtime API over a WebSocket, in the shape of its general availability.

Wire facts: openai-python 2.54 (`openai.types.realtime`) and the platform's documentation.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TypeAlias

from voicetest.audio.chunk import INTERNAL, AudioFormat
from voicetest.events import (
    AgentTurnEnded,
    AgentTurnStarted,
    Audio,
    Cleared,
    Event,
    Failed,
    Interrupted,
    Ready,
    ReplyRequested,
    Text,
    ToolCalled,
    ToolResult,
    Transcript,
    TranscriptDelta,
    UserTurnEnded,
)
from voicetest.protocols.base import Decoded, End, require
from voicetest.protocols.openai_realtime_client import RealtimeClient
from voicetest.protocols.openai_realtime_server import RealtimeServer
from voicetest.protocols.openai_realtime_session import DEFAULT_MODEL, SessionSettings

__all__ = ["OpenAIRealtime"]

Message: TypeAlias = bytes | str
Events: TypeAlias = frozenset[type[Event]]

_FROM_CLIENT: Events = frozenset({Audio, Text, ReplyRequested, Interrupted, ToolResult})
_FROM_SERVER: Events = frozenset(
    {Audio, AgentTurnStarted, AgentTurnEnded, Transcript, TranscriptDelta, ToolCalled, Failed}
)


class OpenAIRealtime:
    """One session at one end; what it carries depends on who finds the end of the user's turn.

    Without turn detection the client says when the user has finished, and silence between lines is
    not sent. With it the line is continuous, and the server says when the user begins to speak.
    """

    paced = False
    jitter_s = 0.0

    def __init__(
        self,
        end: End,
        settings: SessionSettings | None = None,
        *,
        model: str = DEFAULT_MODEL,
        quirks: Collection[str] = (),
    ) -> None:
        """At the server's end `settings` hold until the client asks for others.

        `model` and `quirks` are the server's.
        """
        self.end = end
        self._settings = settings or SessionSettings()
        self._server = RealtimeServer(self._settings, model, quirks)
        self._client = RealtimeClient(self._settings)

    @property
    def speaks(self) -> AudioFormat:
        """PCM at 24 kHz, unless the client wants that of telephones."""
        return self._server.speaks if self.end is End.SERVER else INTERNAL

    @property
    def hears(self) -> AudioFormat:
        """PCM at 24 kHz, unless the client wants that of telephones."""
        return self._server.hears if self.end is End.SERVER else INTERNAL

    @property
    def continuous(self) -> bool:
        """Whether the far side finds the user's turns by itself."""
        if self.end is End.SERVER:
            return self._server.detects_turns
        return self._settings.turn_detection != "none"

    @property
    def expired(self) -> bool:
        """Whether the server's session is over, so that the connection is to be closed."""
        return self._server.expired

    @property
    def hears_between_turns(self) -> bool:
        """Only who finds the user's turns listens all the time."""
        return self.continuous

    @property
    def sends(self) -> Events:
        """The events this end can send."""
        return self._of_client if self.end is End.CLIENT else self._of_server

    @property
    def receives(self) -> Events:
        """The events this end can receive."""
        return self._of_server | {Ready} if self.end is End.CLIENT else self._of_client

    @property
    def _of_client(self) -> Events:
        return _FROM_CLIENT if self.continuous else _FROM_CLIENT | {UserTurnEnded}

    @property
    def _of_server(self) -> Events:
        return _FROM_SERVER | {Cleared} if self.continuous else _FROM_SERVER

    def start(self) -> Sequence[Message]:
        """The server says what the session is, the client what it shall be."""
        return self._client.start() if self.end is End.CLIENT else self._server.start()

    def encode(self, event: Event) -> Sequence[Message]:
        """The messages that say `event`; raises CannotSend for an event outside `sends`."""
        require(event, self.sends)
        if self.end is End.CLIENT:
            return self._client.encode(event)
        return self._server.encode(event)

    def decode(self, message: Message) -> Decoded[Message]:
        """What one event means; raises ProtocolError for one that is not whole."""
        if self.end is End.CLIENT:
            return self._client.decode(message)
        return self._server.decode(message)
