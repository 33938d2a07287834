"""The platform's end of OpenAI's Realtime protocol, for an embedded agent."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypeAlias

from voicetest.audio.chunk import INTERNAL, AudioChunk
from voicetest.errors import ProtocolError
from voicetest.events import (
    Audio,
    Cleared,
    Event,
    Failed,
    Interrupted,
    ReplyRequested,
    Text,
    ToolResult,
    Transcript,
    UserTurnEnded,
)
from voicetest.protocols.base import Decoded
from voicetest.protocols.example import parse_object
from voicetest.protocols.openai_realtime_answering import Answering
from voicetest.protocols.openai_realtime_fields import SHORTEST_COMMIT, as_text
from voicetest.protocols.openai_realtime_hearing import Hearing
from voicetest.protocols.openai_realtime_response import Message, Outbox
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


class RealtimeServer:
    """One session; ids are counted, so that the same call gives the same bytes."""

    def __init__(
        self, settings: SessionSettings, model: str = DEFAULT_MODEL, quirks: Collection[str] = ()
    ) -> None:
        """`settings` hold until the client updates the session."""
        self._box = Outbox(quirks)
        self._session = default_session(settings, self._box.id("sess"), model)
        """Changed by each session.update."""
        self._hearing = Hearing(self._box)
        self._answering = Answering(self._box)
        self._answering.voice = settings.voice
        self._inputs: list[Event] = []
        """What the agent gets with the next response.create."""
        self._typed = 0
        """Typed turns that the agent will repeat, and that need no transcription."""

    @property
    def expired(self) -> bool:
        """Whether the session hit its limit: the connection is to be closed."""
        return self._answering.expired

    @property
    def detects_turns(self) -> bool:
        """Whether the agent hears by itself when the user has finished."""
        return detects_turns(self._session)

    def start(self) -> Sequence[Message]:
        """The session as it is before the client says anything."""
        return (self._box.event("session.created", session=self._session),)

    def encode(self, event: Event) -> Sequence[Message]:
        """The events that say `event`."""
        match event:
            case _ if self.expired:
                return ()
            case Transcript("user", text):
                return self._understood(text)
            case Cleared():
                return self._hearing.speech_started()
            case Failed(code, message):
                return (self._box.error(Problem(code, message, kind="server_error")),)
            case _:
                return self._answering.encode(event)

    def _understood(self, text: str) -> Sequence[Message]:
        """The user's words; where the agent hears the end by itself, that as well."""
        if self._typed:
            self._typed -= 1
            return ()
        ended = self._hearing.speech_stopped() if self.detects_turns else ()
        words = self._hearing.understood(text) if transcribes(self._session) else ()
        if "late_transcripts" in self._box.quirks:
            self._answering.late += words
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

    def _refuse(self, problem: Problem, event: Fields) -> Decoded[Message]:
        return Decoded((), (self._box.error(problem, event.get("event_id")),))

    def _update(self, event: Fields) -> Decoded[Message]:
        session = event.get("session")
        problem = problem_of(session)
        if problem is not None or not isinstance(session, dict):
            return self._refuse(problem or Problem("invalid_value", "no session"), event)
        # The model was chosen by the address and stays.
        self._session = updated(self._session, {**session, "model": self._session["model"]})
        self._answering.voice = self._session["audio"]["output"].get("voice")
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
        lengths = self._answering.lengths
        length = lengths.get(item) if isinstance(item, str) else None
        if not isinstance(item, str) or length is None:
            words = "Invalid 'item_id': there is no such item of the assistant."
            return self._refuse(Problem("invalid_value", words, "item_id"), event)
        if type(end_ms) is not int or not 0 <= end_ms <= length:
            words = f"Audio content of {length}ms is already shorter than {str(end_ms)[:20]}ms"
            return self._refuse(Problem("invalid_value", words, "audio_end_ms"), event)
        lengths[item] = end_ms
        place = {"item_id": item, "content_index": 0, "audio_end_ms": end_ms}
        truncated = self._box.event("conversation.item.truncated", **place)
        return Decoded((Interrupted(item, end_ms / 1_000),), (truncated,))

    def _respond(self, event: Fields) -> Decoded[Message]:
        active = self._answering.active
        if active is not None:
            words = (
                f"Conversation already has an active response in progress: {active}. "
                "Wait until the response is finished before creating a new one."
            )
            problem = Problem("conversation_already_has_active_response", words)
            return self._refuse(problem, event)
        events = tuple(self._inputs) or (ReplyRequested(),)
        self._typed += sum(isinstance(event, Text) for event in events)
        self._inputs.clear()
        return Decoded(events, tuple(self._answering.begin()))

    def _cancel(self, event: Fields) -> Decoded[Message]:
        stop = (Interrupted(),)
        if self._answering.active is None:
            words = "Cancellation failed: no active response found"
            problem = Problem("response_cancel_not_active", words)
            return Decoded(stop, self._refuse(problem, event).replies)
        return Decoded(stop, tuple(self._answering.cancel()))
