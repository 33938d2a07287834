"""The Gemini Live API: the BidiGenerateContent WebSocket of Google's speech-to-speech models.

Facts are those of google-genai 3.4.0 and of the documentation in September 2026.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from voicetest.audio.chunk import AudioFormat, Encoding
from voicetest.events import (
    AgentTurnEnded,
    Audio,
    Cleared,
    Event,
    Ready,
    ReplyRequested,
    Status,
    Text,
    ToolCalled,
    ToolCancelled,
    ToolResult,
    Transcript,
    TranscriptDelta,
    UserTurnEnded,
    UserTurnStarted,
)
from voicetest.protocols.base import Decoded, End, require
from voicetest.protocols.example import compact
from voicetest.protocols.gemini_live_client import GeminiLiveClient
from voicetest.protocols.gemini_live_message import Json, opened, snake_cased
from voicetest.protocols.gemini_live_server import GeminiLiveServer
from voicetest.protocols.gemini_live_setup import Setup

__all__ = ["GeminiLive"]

Message: TypeAlias = bytes | str
Events: TypeAlias = frozenset[type[Event]]

_SPEAKS = AudioFormat(Encoding.PCM16, 24_000)
_HEARS = AudioFormat(Encoding.PCM16, 16_000)

_TYPED: Events = frozenset({Audio, Text, ReplyRequested, ToolResult})
_MARKED: Events = frozenset({UserTurnStarted, UserTurnEnded})
_FROM_MODEL: Events = frozenset(
    {
        AgentTurnEnded,
        Audio,
        Cleared,
        Status,
        ToolCalled,
        ToolCancelled,
        Transcript,
        TranscriptDelta,
    }
)
_READY: Events = frozenset({Ready})


class GeminiLive:
    """One session: the client says in `setup` what it wants, the server does so.

    Nothing tells the model to stop: the start of the user's turn does, and the server says so.
    """

    def __init__(
        self,
        end: End,
        setup: Setup | None = None,
        quirks: frozenset[str] = frozenset(),
        version: str = "v1",
    ) -> None:
        """`quirks` and `version` are the server's, which learns the setup from its client."""
        self.end = end
        self.speaks = _SPEAKS
        self.hears = _HEARS
        self.paced = False
        self.jitter_s = 0.0
        self._setup = setup or Setup()
        self._snake_cased = "snake_case" in quirks
        self._client = GeminiLiveClient(self._setup.automatic, _SPEAKS, _HEARS)
        self._server = GeminiLiveServer(self._setup.automatic, _SPEAKS, _HEARS, quirks, version)

    @property
    def refusal(self) -> int:
        """The close code for what the server refused last."""
        return self._server.refusal

    @property
    def continuous(self) -> bool:
        """Only a model that finds the user's turns itself has to hear the silence after them."""
        return self._setup.automatic if self.end is End.CLIENT else self._server.automatic

    @property
    def hears_between_turns(self) -> bool:
        """Only who finds the user's turns listens all the time."""
        return self.continuous

    @property
    def sends(self) -> Events:
        """The events this end can send."""
        return self._from_client if self.end is End.CLIENT else _FROM_MODEL

    @property
    def receives(self) -> Events:
        """The events this end can receive."""
        return _READY | (_FROM_MODEL if self.end is End.CLIENT else self._from_client)

    @property
    def _from_client(self) -> Events:
        return _TYPED if self.continuous else _TYPED | _MARKED

    def start(self) -> Sequence[Message]:
        """The client says what it wants; nothing else may be sent before the answer."""
        return (compact(self._setup.message()),) if self.end is End.CLIENT else ()

    def encode(self, event: Event) -> Sequence[Message]:
        """What says `event`; raises CannotSend for an event outside `sends`.

        Sound outside a turn of the user says nothing where turns are marked.
        """
        require(event, self.sends)
        if self.end is End.CLIENT:
            return tuple(compact(message) for message in self._client.say(event))
        return tuple(self._frame(message) for message in self._server.say(event))

    def decode(self, message: Message) -> Decoded[Message]:
        """What `message` means; raises ProtocolError for what the API does not have."""
        fields = opened(message)
        if self.end is End.CLIENT:
            heard = tuple(self._client.hear(fields))
            return Decoded(heard, tuple(compact(message) for message in self._client.owed()))
        events, replies = self._server.hear(fields)
        return Decoded(tuple(events), tuple(self._frame(reply) for reply in replies))

    def _frame(self, message: Json) -> bytes:
        """A message of the server: JSON in a binary frame."""
        return compact(snake_cased(message) if self._snake_cased else message).encode()
