"""The platform's end of OpenAI's Realtime protocol, for an embedded agent."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypeAlias

from voicetest.audio.chunk import AudioChunk, AudioFormat
from voicetest.errors import ProtocolError
from voicetest.events import (
    Audio,
    Cleared,
    Event,
    Failed,
    Interrupted,
    ReplyRequested,
    Text,
    Transcript,
    UserTurnEnded,
)
from voicetest.protocols.base import Decoded
from voicetest.protocols.openai_realtime_answering import Answering
from voicetest.protocols.openai_realtime_created import created
from voicetest.protocols.openai_realtime_hearing import Hearing
from voicetest.protocols.openai_realtime_items import Items
from voicetest.protocols.openai_realtime_requests import read
from voicetest.protocols.openai_realtime_response import Message, Outbox
from voicetest.protocols.openai_realtime_session import (
    DEFAULT_MODEL,
    Problem,
    SessionSettings,
    default_session,
    detects_turns,
    hears,
    problem_of,
    speaks,
    transcribes,
    updated,
)
from voicetest.protocols.words import sound_bytes

__all__ = ["RealtimeServer"]

Fields: TypeAlias = Mapping[str, Any]

_LONGEST_APPEND = 15 * 1024 * 1024
"""Bytes of sound in one event."""
_SHORTEST_COMMIT_S = 0.1


class RealtimeServer:
    """One session; ids are counted, so that the same call gives the same bytes."""

    def __init__(
        self, settings: SessionSettings, model: str = DEFAULT_MODEL, quirks: Collection[str] = ()
    ) -> None:
        """`settings` hold until the client updates the session."""
        self._box = Outbox(quirks)
        self._session = default_session(settings, self._box.id("sess"), model)
        """Changed by each session.update."""
        self._items = Items()
        self._hearing = Hearing(self._box, self._items)
        self._answering = Answering(self._box, self._items, self._session)
        self._inputs: list[Event] = []
        """What the agent gets with the next response.create."""
        self._typed = 0
        """Typed turns that the agent will repeat, and that need no transcription."""

    @property
    def expired(self) -> bool:
        """Whether the session hit its limit: the connection is to be closed."""
        return self._answering.expired

    @property
    def hears(self) -> AudioFormat:
        """The format in which the user's sound comes."""
        return hears(self._session)

    @property
    def speaks(self) -> AudioFormat:
        """The format in which the model's sound leaves."""
        return speaks(self._session)

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
            case Failed(code, message) if self._answering.active is None:
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
        """What one event of the client means; what is wrong with it is answered by an error."""
        event, problem = read(message)
        if problem is not None:
            return self._refuse(problem, event)
        match event["type"]:
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
                return self._find(event, deleting=kind == "conversation.item.delete")

    def _refuse(self, problem: Problem, event: Fields) -> Decoded[Message]:
        return Decoded((), (self._box.error(problem, event.get("event_id")),))

    def _update(self, event: Fields) -> Decoded[Message]:
        session = event["session"]
        problem = problem_of(session) or self._stays(session)
        if problem is not None:
            return self._refuse(problem, event)
        # The model was chosen by the address and stays.
        self._session = updated(self._session, {**session, "model": self._session["model"]})
        self._answering.session = self._session
        return Decoded((), (self._box.event("session.updated", session=self._session),))

    def _stays(self, session: Fields) -> Problem | None:
        """Why the voice cannot be changed, if the update wants that."""
        now = self._session["audio"]["output"].get("voice")
        wanted = session.get("audio", {}).get("output", {}).get("voice", now)
        if wanted == now or not self._answering.spoke:
            return None
        words = "Cannot update a conversation's voice if assistant audio is present."
        return Problem("cannot_update_voice", words, "session.audio.output.voice")

    def _append(self, event: Fields) -> Decoded[Message]:
        wire = self.hears
        try:
            data = sound_bytes(event["audio"])
        except ProtocolError:
            words = "Invalid 'audio'. Expected base64-encoded audio bytes."
            return self._refuse(Problem("invalid_value", words, "audio"), event)
        if len(data) > _LONGEST_APPEND:
            return self._refuse(Problem("invalid_value", "Audio chunk too large.", "audio"), event)
        chunk = AudioChunk(data[: len(data) // wire.frame_bytes * wire.frame_bytes], wire)
        self._hearing.receive(chunk)
        return Decoded((Audio(chunk),) if chunk.data else ())

    def _commit(self, event: Fields) -> Decoded[Message]:
        pending_s = self._hearing.pending_s
        if pending_s < _SHORTEST_COMMIT_S:
            words = (
                "Error committing input audio buffer: buffer too small. Expected at least 100ms of "
                f"audio, but buffer only has {pending_s * 1_000:.2f}ms of audio."
            )
            return self._refuse(Problem("input_audio_buffer_commit_empty", words), event)
        if not self.detects_turns:
            self._inputs.append(UserTurnEnded())
        return Decoded((), tuple(self._hearing.commit()))

    def _create_item(self, event: Fields) -> Decoded[Message]:
        after = event.get("previous_item_id")
        found = created(event["item"], after, self._items, self.hears)
        if isinstance(found, Problem):
            return self._refuse(found, event)
        self._inputs += (
            each
            for each in found.events
            if not (self.detects_turns and isinstance(each, UserTurnEnded))
        )
        return Decoded((), tuple(self._hearing.item(found.item, after)))

    def _find(self, event: Fields, *, deleting: bool) -> Decoded[Message]:
        name = event["item_id"]
        item = self._items.get(name)
        if item is None:
            verb, word = ("delete", "deleting") if deleting else ("retrieve", "retrieving")
            words = f"Error {word} item: the item with id '{name[:60]}' does not exist."
            problem = Problem(f"item_{verb}_invalid_item_id", words, "item_id")
            return self._refuse(problem, event)
        if not deleting:
            return Decoded((), (self._box.event("conversation.item.retrieved", item=item),))
        self._items.remove(name)
        return Decoded((), (self._box.event("conversation.item.deleted", item_id=name),))

    def _truncate(self, event: Fields) -> Decoded[Message]:
        item, end_ms = event["item_id"], event["audio_end_ms"]
        lengths = self._answering.lengths
        length = lengths.get(item)
        if length is None:
            words = f"Error truncating item: the item with id '{item[:60]}' does not exist."
            problem = Problem("item_truncate_invalid_item_id", words, "item_id")
            return self._refuse(problem, event)
        if not 0 <= end_ms <= length:
            words = f"Audio content of {length}ms is already shorter than {str(end_ms)[:20]}ms"
            return self._refuse(Problem("invalid_value", words, "audio_end_ms"), event)
        lengths[item] = end_ms
        place = {"item_id": item, "content_index": event["content_index"], "audio_end_ms": end_ms}
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
        wanted = event.get("response") or {}
        changes = {key: wanted[key] for key in ("output_modalities",) if key in wanted}
        return Decoded(events, tuple(self._answering.begin(changes)))

    def _cancel(self, event: Fields) -> Decoded[Message]:
        stop = (Interrupted(),)
        active = self._answering.active
        if active is None or event.get("response_id", active) != active:
            words = "Cancellation failed: no active response found"
            problem = Problem("response_cancel_not_active", words)
            return Decoded(stop, self._refuse(problem, event).replies)
        return Decoded(stop, tuple(self._answering.cancel()))
