"""What a Realtime server sends of its agent: one response after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from voicetest.audio.chunk import AudioChunk
from voicetest.events import (
    AgentTurnEnded,
    AgentTurnStarted,
    Audio,
    Event,
    Failed,
    ToolCalled,
    Transcript,
    TranscriptDelta,
)
from voicetest.protocols.base import CannotSend
from voicetest.protocols.openai_realtime_items import Items
from voicetest.protocols.openai_realtime_response import Message, Outbox, Response
from voicetest.protocols.openai_realtime_session import Problem

__all__ = ["Answering"]

_STATUSES = frozenset({"completed", "cancelled", "failed", "incomplete"})
_SERVER_ERROR = "The server had an error while processing your request."
_EXPIRED = "Your session hit the maximum duration of 60 minutes."


class Answering:
    """Makes responses of the agent's turns; a turn with tool calls has one response for each."""

    def __init__(self, box: Outbox, items: Items, session: Mapping[str, Any]) -> None:
        self.session = session
        """The configuration; set by the server when it is updated."""
        self.spoke = False
        """Set by the first sound: from then on the voice stays."""
        self.expired = False
        """Set when the session hit its limit: nothing more is said."""
        self.late: list[Message] = []
        """What is to be said after the response; added to by the server."""
        self.lengths: dict[str, int] = {}
        """Milliseconds of sound of each finished item."""
        self._box = box
        self._items = items
        self._conversation = box.id("conv")
        self._response: Response | None = None
        """The active one."""
        self._responses = 0
        self._in_turn = False
        """Set while the agent has a turn."""
        self._stale = False
        """Set when a response was cancelled; cleared when the agent ends that turn."""

    @property
    def active(self) -> str | None:
        """The id of the response under way."""
        return None if self._response is None else self._response.id

    def encode(self, event: Event) -> Sequence[Message]:
        """The events that say what the agent does."""
        match event:
            case AgentTurnEnded(reason):
                return self._end_turn(reason)
            case _ if self._stale or self.expired:
                return ()
            case AgentTurnStarted():
                self._in_turn = True
                return self.begin()
            case _ if self._fails:
                self._stale = True
                begun = self.begin()
                return (*begun, *self._fail("server_error", _SERVER_ERROR))
            case Failed(code, message):
                self._stale = True
                return self._fail(code, message)
            case Transcript(_, text):
                return (*self.begin(), *self._current.transcript(text))
            case TranscriptDelta(_, text):
                return (*self.begin(), *self._current.words(text))
            case Audio(chunk):
                return self._speak(chunk) if chunk.data else ()
            case ToolCalled(call, name, arguments):
                said = (*self.begin(), *self._current.call(call, name, arguments))
                # The result belongs to the next response, so this one is done.
                return (*said, *self._close("completed"))
            case _:
                raise CannotSend(f"a Realtime server cannot say {type(event).__name__}")

    @property
    def _current(self) -> Response:
        if self._response is None:
            raise CannotSend("there is no active response")
        return self._response

    @property
    def _fails(self) -> bool:
        """Whether the response that is active, or would be begun now, is to fail."""
        number = self._responses + (self._response is None)
        return "response_failed" in self._box.quirks and number == 2

    def begin(self, changes: Mapping[str, Any] | None = None) -> Sequence[Message]:
        """Begin a response unless one is active; `changes` are those of its own configuration."""
        if self._response is not None:
            return ()
        self._responses += 1
        session = {**self.session, **(changes or {})}
        self._response = Response(self._box, self._items, self._conversation, session)
        return self._response.created()

    def _fail(self, code: str, message: str) -> Sequence[Message]:
        """End the active response: no other event says what is wrong."""
        kind = "server_error" if code == "server_error" else "invalid_request_error"
        error = {"type": kind, "code": code} | ({"message": message} if message else {})
        return self._close("failed", {"error": error})

    def cancel(self) -> Sequence[Message]:
        """End the active response: what the agent still says of it is not sent."""
        self._stale = True
        return self._close("cancelled", {"reason": "client_cancelled"})

    def _close(self, status: str, details: dict[str, Any] | None = None) -> Sequence[Message]:
        response, self._response = self._current, None
        messages = (*response.done(status, details), *self.late)
        self.lengths |= response.heard_ms
        self.late.clear()
        return messages

    def _end_turn(self, reason: str) -> Sequence[Message]:
        in_turn, stale = self._in_turn, self._stale or self.expired
        self._in_turn = self._stale = False
        if self._response is None or stale or not in_turn:
            return ()  # its response has ended before
        status = reason if reason in _STATUSES else "cancelled" if reason else "completed"
        details = {"reason": "turn_detected"} if status == "cancelled" else None
        return self._close(status, details)

    def _speak(self, chunk: AudioChunk) -> Sequence[Message]:
        self.spoke = True
        begun, quirks, say, data = self.begin(), self._box.quirks, self._current.sound, chunk.data
        middle = len(data) // 2 // chunk.format.frame_bytes * chunk.format.frame_bytes
        if "error_mid_response" in quirks:
            error = self._box.error(Problem("server_error", _SERVER_ERROR, kind="server_error"))
            return (*begun, *say(data[:middle]), error, *say(data[middle:]))
        if "session_expired" in quirks and self._responses == 2:
            self.expired = True
            error = self._box.error(Problem("session_expired", _EXPIRED))
            return (*begun, *say(data[:middle]), error)
        return (*begun, *say(data))
