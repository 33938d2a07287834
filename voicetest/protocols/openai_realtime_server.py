"""The platform's end of OpenAI's Realtime protocol, for an embedded agent."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypeAlias

from voicetest.audio.chunk import INTERNAL, AudioChunk
from voicetest.errors import ProtocolError
from voicetest.events import (
    AgentTurnEnded,
    AgentTurnStarted,
    Audio,
    Cleared,
    Event,
    Failed,
    Interrupted,
    ReplyRequested,
    Text,
    ToolCalled,
    ToolResult,
    Transcript,
    TranscriptDelta,
    UserTurnEnded,
)
from voicetest.protocols.base import CannotSend, Decoded
from voicetest.protocols.example import parse_object
from voicetest.protocols.openai_realtime_fields import SHORTEST_COMMIT, as_text
from voicetest.protocols.openai_realtime_hearing import Hearing
from voicetest.protocols.openai_realtime_response import Message, Outbox, Response
from voicetest.protocols.openai_realtime_session import (
    DEFAULT_MODEL,
    Problem,
    SessionSettings,
    default_session,
    detects_turns,
    problem_of,
    transcribes,
    updated,
)
from voicetest.protocols.words import sound_bytes

__all__ = ["RealtimeServer"]

Fields: TypeAlias = Mapping[str, Any]

_LONGEST_APPEND = 15 * 1024 * 1024
_STATUSES = frozenset({"completed", "cancelled", "failed", "incomplete"})
_EXPIRED = "Your session hit the maximum duration of 60 minutes."


class RealtimeServer:
    """One session; ids are counted, so that the same call gives the same bytes."""

    def __init__(
        self, settings: SessionSettings, model: str = DEFAULT_MODEL, quirks: Collection[str] = ()
    ) -> None:
        """`settings` hold until the client updates the session."""
        self.expired = False
        """Set when the session hit its limit: the connection is to be closed."""
        self._box = Outbox(quirks)
        self._session = default_session(settings, self._box.id("sess"), model)
        """Changed by each session.update."""
        self._conversation = self._box.id("conv")
        self._hearing = Hearing(self._box)
        self._inputs: list[Event] = []
        """What the agent gets with the next response.create."""
        self._typed = 0
        """Typed turns that the agent will repeat, and that need no transcription."""
        self._late: list[Message] = []
        """Transcriptions that are told after the response."""
        self._response: Response | None = None
        """The active one."""
        self._responses = 0
        self._in_turn = False
        """Set while the agent has a turn."""
        self._stale = False
        """Set when a response was cancelled; cleared when the agent ends that turn."""
        self._lengths: dict[str, int] = {}
        """Milliseconds of sound of each item of the agent."""

    @property
    def detects_turns(self) -> bool:
        """Whether the agent hears by itself when the user has finished."""
        return detects_turns(self._session)

    def start(self) -> Sequence[Message]:
        """The session as it is before the client says anything."""
        return (self._box.event("session.created", session=self._session),)

    def encode(self, event: Event) -> Sequence[Message]:
        """The events that say `event`."""
        if self.expired:
            return ()
        match event:
            case Transcript("user", text):
                return self._understood(text)
            case Cleared():
                return self._hearing.speech_started()
            case Failed(code, message):
                return (self._error(Problem(code, message), {}, "server_error"),)
            case AgentTurnEnded(reason):
                return self._end_turn(reason)
            case _ if self._stale:
                return ()
            case AgentTurnStarted():
                self._in_turn = True
                return self._open()
            case TranscriptDelta() | Transcript() | Audio() | ToolCalled() if self._fails:
                self._stale = True
                opened, why = self._open(), {"type": "server_error", "code": "server_error"}
                return (*opened, *self._close("failed", {"error": why}))
            case Transcript(_, text):
                return (*self._open(), *self._current.transcript(text))
            case TranscriptDelta(_, text):
                return (*self._open(), *self._current.words(text))
            case Audio(chunk):
                return self._speak(chunk.data) if chunk.data else ()
            case ToolCalled(call, name, arguments):
                said = (*self._open(), *self._current.call(call, name, arguments))
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

    def _open(self) -> Sequence[Message]:
        """Begin a response unless one is active."""
        if self._response is not None:
            return ()
        self._responses += 1
        voice = self._session["audio"]["output"].get("voice")
        self._response = Response(self._box, self._conversation, voice)
        return self._response.created()

    def _close(self, status: str, details: dict[str, Any] | None = None) -> Sequence[Message]:
        response, self._response = self._current, None
        messages = (*response.done(status, details), *self._late)
        self._lengths |= response.heard_ms
        self._late.clear()
        return messages

    def _end_turn(self, reason: str) -> Sequence[Message]:
        in_turn, stale = self._in_turn, self._stale
        self._in_turn = self._stale = False
        if self._response is None or stale or not in_turn:
            return ()  # its response has ended before
        status = reason if reason in _STATUSES else "cancelled" if reason else "completed"
        details = {"reason": "turn_detected"} if status == "cancelled" else None
        return self._close(status, details)

    def _speak(self, data: bytes) -> Sequence[Message]:
        opened, quirks = self._open(), self._box.quirks
        middle = len(data) // 2 // INTERNAL.frame_bytes * INTERNAL.frame_bytes
        if "error_mid_response" in quirks:
            problem = Problem("server_error", "The server had an error while processing.")
            error = self._error(problem, {}, "server_error")
            before, after = self._current.sound(data[:middle]), self._current.sound(data[middle:])
            return (*opened, *before, error, *after)
        if "session_expired" in quirks and self._responses == 2:
            self.expired = True
            error = self._error(Problem("session_expired", _EXPIRED), {})
            return (*opened, *self._current.sound(data[:middle]), error)
        return (*opened, *self._current.sound(data))

    def _understood(self, text: str) -> Sequence[Message]:
        """The user's words; where the agent hears the end by itself, that as well."""
        if self._typed:
            self._typed -= 1
            return ()
        ended = self._hearing.speech_stopped() if self.detects_turns else ()
        words = self._hearing.understood(text) if transcribes(self._session) else ()
        if "late_transcripts" in self._box.quirks:
            self._late += words
            return ended
        return (*ended, *words)

    def decode(self, message: Message) -> Decoded[Message]:
        """What one event of the client means; what is wrong with it is answered by an error.

        Raises ProtocolError for a message that is no JSON object.
        """
        event = parse_object(as_text(message))
        match event.get("type"):
            case "session.update":
                return self._update(event)
            case "input_audio_buffer.append":
                return self._append(event)
            case "input_audio_buffer.commit":
                return self._commit(event)
            case "input_audio_buffer.clear":
                return Decoded((), tuple(self._hearing.clear()))
            case "conversation.item.create":
                return self._create_item(event)
            case "conversation.item.truncate":
                return self._truncate(event)
            case "response.create":
                return self._respond(event)
            case "response.cancel":
                return self._cancel(event)
            case kind:
                problem = Problem("invalid_value", f"Invalid value: {str(kind)[:60]!r}.", "type")
                return self._refuse(problem, event)

    def _error(
        self, problem: Problem, event: Fields, kind: str = "invalid_request_error"
    ) -> Message:
        event_id = event.get("event_id")
        error = {
            "type": kind,
            "code": problem.code,
            "message": problem.message,
            "param": problem.param,
            "event_id": event_id if isinstance(event_id, str) else None,
        }
        return self._box.event("error", error=error)

    def _refuse(self, problem: Problem, event: Fields) -> Decoded[Message]:
        return Decoded((), (self._error(problem, event),))

    def _update(self, event: Fields) -> Decoded[Message]:
        session = event.get("session")
        problem = problem_of(session)
        if problem is not None or not isinstance(session, dict):
            return self._refuse(problem or Problem("invalid_value", "no session"), event)
        # The model was chosen by the address and stays.
        self._session = updated(self._session, {**session, "model": self._session["model"]})
        return Decoded((), (self._box.event("session.updated", session=self._session),))

    def _append(self, event: Fields) -> Decoded[Message]:
        try:
            data = sound_bytes(event.get("audio"))
        except ProtocolError:
            words = "Invalid 'audio'. Expected base64-encoded audio bytes."
            return self._refuse(Problem("invalid_value", words, "audio"), event)
        if len(data) > _LONGEST_APPEND:
            return self._refuse(Problem("invalid_value", "Audio chunk too large.", "audio"), event)
        whole = data[: len(data) // INTERNAL.frame_bytes * INTERNAL.frame_bytes]
        self._hearing.receive(len(whole))
        return Decoded((Audio(AudioChunk(whole)),) if whole else ())

    def _commit(self, event: Fields) -> Decoded[Message]:
        pending = self._hearing.pending
        if pending < SHORTEST_COMMIT:
            words = (
                "Error committing input audio buffer: buffer too small. Expected at least 100ms of "
                f"audio, but buffer only has {pending / INTERNAL.rate / 2 * 1_000:.2f}ms of audio."
            )
            return self._refuse(Problem("input_audio_buffer_commit_empty", words), event)
        if not self.detects_turns:
            self._inputs.append(UserTurnEnded())
        return Decoded((), tuple(self._hearing.commit()))

    def _create_item(self, event: Fields) -> Decoded[Message]:
        match event.get("item"):
            case {"type": "function_call_output", "call_id": str(call), "output": str(output)}:
                self._inputs.append(ToolResult(call, output))
                item = {"type": "function_call_output", "call_id": call, "output": output}
                return Decoded((), tuple(self._hearing.item(item)))
            case {
                "type": "message",
                "role": "user",
                "content": [{"type": "input_text", "text": str(text)}],
            }:
                self._inputs.append(Text(text))
                content = {"type": "input_text", "text": text}
                return Decoded((), tuple(self._hearing.user_item(content)))
            case {"type": "message", "role": "system" | "assistant"}:
                return Decoded()  # context; the agent has a dialogue of its own
            case _:
                words = "Invalid value for 'item': a text of the user or the output of a tool call."
                return self._refuse(Problem("invalid_value", words, "item"), event)

    def _truncate(self, event: Fields) -> Decoded[Message]:
        item, end_ms = event.get("item_id"), event.get("audio_end_ms")
        length = self._lengths.get(item) if isinstance(item, str) else None
        if not isinstance(item, str) or length is None:
            words = "Invalid 'item_id': there is no such item of the assistant."
            return self._refuse(Problem("invalid_value", words, "item_id"), event)
        if type(end_ms) is not int or not 0 <= end_ms <= length:
            words = f"Audio content of {length}ms is already shorter than {str(end_ms)[:20]}ms"
            return self._refuse(Problem("invalid_value", words, "audio_end_ms"), event)
        self._lengths[item] = end_ms
        place = {"item_id": item, "content_index": 0, "audio_end_ms": end_ms}
        truncated = self._box.event("conversation.item.truncated", **place)
        return Decoded((Interrupted(item, end_ms / 1_000),), (truncated,))

    def _respond(self, event: Fields) -> Decoded[Message]:
        if self._response is not None:
            words = (
                "Conversation already has an active response in progress: "
                f"{self._response.id}. Wait until the response is finished before creating a new "
                "one."
            )
            problem = Problem("conversation_already_has_active_response", words)
            return self._refuse(problem, event)
        events = tuple(self._inputs) or (ReplyRequested(),)
        self._typed += sum(isinstance(event, Text) for event in events)
        self._inputs.clear()
        return Decoded(events, tuple(self._open()))

    def _cancel(self, event: Fields) -> Decoded[Message]:
        stop = (Interrupted(),)
        if self._response is None:
            words = "Cancellation failed: no active response found"
            return Decoded(
                stop, (self._error(Problem("response_cancel_not_active", words), event),)
            )
        self._stale = True
        return Decoded(stop, tuple(self._close("cancelled", {"reason": "client_cancelled"})))
