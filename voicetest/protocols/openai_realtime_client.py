"""The caller's end of OpenAI's Realtime protocol."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
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
    Ready,
    ReplyRequested,
    Text,
    ToolResult,
    Transcript,
    TranscriptDelta,
    UserTurnEnded,
    Warned,
)
from voicetest.protocols.base import CannotSend, Decoded
from voicetest.protocols.example import compact, parse_object
from voicetest.protocols.openai_realtime_calls import FunctionCalls
from voicetest.protocols.openai_realtime_fields import (
    LEGACY_NAMES,
    SHORTEST_COMMIT,
    as_text,
    part,
    text_of,
)
from voicetest.protocols.openai_realtime_session import SessionSettings
from voicetest.protocols.vocabulary import OPENAI
from voicetest.protocols.words import sound_bytes, sound_text

__all__ = ["RealtimeClient"]

Message: TypeAlias = bytes | str
Fields: TypeAlias = Mapping[str, Any]

_FATAL = frozenset({"session_expired", "invalid_api_key"})
_NOTHING_TO_CANCEL = "response_cancel_not_active"
_ALREADY_SPEAKING = "conversation_already_has_active_response"
_ANSWERLESS = frozenset({"insufficient_quota", "rate_limit_exceeded", "server_error"})
"""Errors after which a response that was asked for does not begin, whatever they are about."""


class RealtimeClient:
    """One session; what may not be said while a response is active is said after it."""

    def __init__(self, settings: SessionSettings) -> None:
        self._settings = settings
        """What the session is asked to be; changed when the platform refuses a part of it."""
        self._session = ""
        """Set by the first event of the server."""
        self._ready = False
        self._uncommitted = 0
        """Bytes of the user's sound; counted where the client says when a turn is over."""
        self._active: str | None = None
        """The response under way; set by `response.created`, cleared by `response.done`."""
        self._requested = ""
        """The id of the request for a response; cleared when one begins or ends, or is refused."""
        self._requests = 0
        """How many were made."""
        self._owed = False
        """Set when a response is wanted that may only be requested after the active one."""
        self._dropped: set[str] = set()
        """The responses that were cancelled: what still comes of them is not heard."""
        self._drops_next = False
        """Set when a response is cancelled that has not begun."""
        self._calls = FunctionCalls()
        self._user_speaks = False
        """Set when the platform hears the user begin; cleared when it answers."""
        self._results: dict[str, Message] = {}
        """Results that wait until the response that asked for them is done."""
        self._in_turn = False
        """Set by the first response of a turn; cleared when the last one is done."""
        self._heard: dict[str, int] = {}
        """Bytes of sound of the agent's latest turn, by item."""
        self._warned: set[str] = set()

    def start(self) -> Sequence[Message]:
        """The session as it shall be."""
        return (self._update(),)

    def _update(self) -> Message:
        return compact({"type": "session.update", "session": self._settings.written()})

    def encode(self, event: Event) -> Sequence[Message]:
        """The messages that say `event`."""
        match event:
            case Audio(chunk):
                return self._append(chunk.data) if chunk.data else ()
            case UserTurnEnded():
                return (*self._commit(), *self._request())
            case ReplyRequested():
                busy = self._active is not None or self._requested or self._uncommitted
                return () if busy else self._request()
            case Text(text):
                content = [{"type": "input_text", "text": text}]
                item = {"type": "message", "role": "user", "content": content}
                return (_item(item), *self._request())
            case Interrupted(_, heard_s):
                return self._interrupt(heard_s)
            case ToolResult():
                return self._answer(event)
            case _:
                raise CannotSend(f"a Realtime client cannot say {type(event).__name__}")

    def _append(self, data: bytes) -> Sequence[Message]:
        if self._settings.turn_detection == "none":
            self._uncommitted += len(data)
        return (f'{{"type":"input_audio_buffer.append","audio":"{sound_text(data)}"}}',)

    def _commit(self) -> Sequence[Message]:
        lacking = max(SHORTEST_COMMIT - self._uncommitted, 0)
        padding = self._append(bytes(lacking)) if lacking else ()
        self._uncommitted = 0
        return (*padding, compact({"type": "input_audio_buffer.commit"}))

    def _request(self) -> Sequence[Message]:
        """Ask for a response: now, or when the active one is done."""
        if self._active is not None:
            self._owed = True
            return ()
        self._requests += 1
        self._requested = f"request_{self._requests}"
        return (compact({"type": "response.create", "event_id": self._requested}),)

    def _answer(self, result: ToolResult) -> Sequence[Message]:
        """The result of a call, and a request to go on with it unless the user speaks already."""
        if self._calls.is_cancelled(result.id):
            return ()
        self._calls.answered(result.id)
        output = compact({"error": result.content}) if result.failed else result.content
        item = _item({"type": "function_call_output", "call_id": result.id, "output": output})
        if self._active is not None:
            self._results[result.id] = item
            return ()
        # The end of the user's turn is what is answered next, with this result known.
        waits = self._calls.unanswered or self._uncommitted or self._user_speaks
        return (item,) if waits else (item, *self._request())

    def _interrupt(self, heard_s: float | None) -> Sequence[Message]:
        messages: list[Message] = []
        if self._active is not None:
            self._dropped.add(self._active)
        elif self._requested:
            self._drops_next = True
        cuts = () if heard_s is None else tuple(self._cuts(heard_s))
        if self._active is not None or self._requested or not cuts:
            messages.append(compact({"type": "response.cancel"}))
        for item, heard_ms in cuts:
            cut = {"item_id": item, "content_index": 0, "audio_end_ms": heard_ms}
            messages.append(compact({"type": "conversation.item.truncate", **cut}))
        return messages

    def _cuts(self, heard_s: float) -> Sequence[tuple[str, int]]:
        """The items of the latest turn that were not heard to their end, with the ms heard."""
        found = []
        left = round(heard_s * 1_000)
        for item, size in self._heard.items():
            length = _milliseconds(size)
            if left < length:
                found.append((item, max(left, 0)))
                self._heard[item] = max(left, 0) * INTERNAL.rate // 1_000 * INTERNAL.frame_bytes
            left -= length
        return found

    def decode(self, message: Message) -> Decoded[Message]:
        """What one event of the server means; raises ProtocolError for one that is not whole."""
        event = parse_object(as_text(message))
        written = event.get("type")
        if not isinstance(written, str):
            raise ProtocolError("the peer sent an event without a type")
        kind = LEGACY_NAMES.get(written, written)
        decoded = self._meaning(kind, event)
        if kind == written or written in self._warned:
            return decoded
        self._warned.add(written)
        words = f"the platform uses the old name {written} for {kind}"
        return replace(decoded, events=(Warned(words), *decoded.events))

    def _meaning(self, kind: str, event: Fields) -> Decoded[Message]:
        match kind:
            case "session.created":
                self._session = str(part(kind, event, "session").get("id", ""))
            case "session.updated" if not self._ready:
                self._ready = True
                return Decoded((Ready(self._session, INTERNAL, INTERNAL),))
            case "error":
                return self._error(part(kind, event, "error"))
            case "response.created":
                return Decoded(self._begin(text_of(kind, part(kind, event, "response"), "id")))
            case "response.done":
                return self._end(part(kind, event, "response"))
            case "input_audio_buffer.speech_started":
                self._user_speaks = True
                if self._active is not None:
                    self._dropped.add(self._active)
                return Decoded((Cleared(),))
            case "conversation.item.input_audio_transcription.completed":
                text = text_of(kind, event, "transcript")
                return Decoded((Transcript("user", text),) if text.strip() else ())
            case "conversation.item.input_audio_transcription.failed":
                return self._warn("the platform could not transcribe the user's words")
            case _ if kind.startswith("response."):
                return Decoded(self._of_response(kind, event))
        return Decoded(OPENAI.ignored(kind, event))

    def _of_response(self, kind: str, event: Fields) -> tuple[Event, ...]:
        dropped = str(event.get("response_id")) in self._dropped
        match kind:
            case "response.output_audio_transcript.done" | "response.output_text.done":
                name = "text" if kind == "response.output_text.done" else "transcript"
                text = text_of(kind, event, name)
                said = Transcript("agent", text, written=name == "text")
                return (said,) if text.strip() else ()
            case _ if dropped:
                return ()
            case "response.output_audio.delta":
                return self._sound(kind, event)
            case "response.output_audio_transcript.delta":
                text = text_of(kind, event, "delta")
                return (TranscriptDelta("agent", text),) if text else ()
            case "response.output_item.added" | "response.output_item.done":
                item = part(kind, event, "item")
                if item.get("type") != "function_call":
                    return ()
                if kind == "response.output_item.done":
                    return self._call(item, last=True)
                self._calls.added(item)
            case "response.function_call_arguments.delta":
                self._calls.continued(event)
            case "response.function_call_arguments.done":
                return self._call(event, last=False)
        return ()

    def _sound(self, kind: str, event: Fields) -> tuple[Event, ...]:
        data = sound_bytes(text_of(kind, event, "delta"))
        # Deltas with half a sample at their end have been seen; it is lost.
        whole = data[: len(data) // INTERNAL.frame_bytes * INTERNAL.frame_bytes]
        item = str(event.get("item_id", ""))
        self._heard[item] = self._heard.get(item, 0) + len(whole)
        return (Audio(AudioChunk(whole)),) if whole else ()

    def _call(self, source: Fields, *, last: bool) -> tuple[Event, ...]:
        called = self._calls.finished(source, last=last)
        if called is None:
            return ()
        return (called,)

    def _begin(self, response: str) -> tuple[Event, ...]:
        self._active, self._requested, self._user_speaks = response, "", False
        self._calls.begin()
        if self._drops_next:
            self._dropped.add(response)
            self._drops_next = False
        if self._in_turn:
            return ()
        self._in_turn = True
        self._heard.clear()
        return (AgentTurnStarted(),)

    def _end(self, response: Fields) -> Decoded[Message]:
        """The end of a response, which is that of the turn unless a tool's result goes on."""
        events: list[Event] = []
        status = str(response.get("status") or "completed")
        if status != "completed":
            events += self._calls.take_back()
        elif str(response.get("id")) not in self._dropped:
            events += self._last_calls(response.get("output"))
        called = self._calls.called
        self._active, self._requested = None, ""
        details = response.get("status_details")
        error = details.get("error") if isinstance(details, dict) else None
        if status == "failed":
            events.append(_failed(error if isinstance(error, dict) else {}, status))
        if not called:
            self._in_turn = False
            events.append(AgentTurnEnded(_reason(status, details)))
        results = self._results.items()
        replies = tuple(item for call, item in results if not self._calls.is_cancelled(call))
        wanted = self._owed or (replies and not self._calls.unanswered)
        self._results.clear()
        self._owed = False
        return Decoded(tuple(events), (*replies, *self._request()) if wanted else replies)

    def _last_calls(self, output: object) -> Sequence[Event]:
        items = output if isinstance(output, list) else []
        calls = [i for i in items if isinstance(i, dict) and i.get("type") == "function_call"]
        return [event for item in calls for event in self._call(item, last=True)]

    def _error(self, error: Fields) -> Decoded[Message]:
        failed = _failed(error, "error")
        if not self._ready:
            about = f"{error.get('param') or ''} {failed.message}"
            if "transcription" in about and self._settings.transcription is not None:
                self._settings = replace(self._settings, transcription=None)
                words = f"the user's words will not be reported: {failed.message}"
                return Decoded((Warned(words[:250]),), (self._update(),))
            if "session.type" in about and self._settings.typed:
                self._settings = replace(self._settings, typed=False)
                words = f"the session does not say its type: {failed.message}"
                return Decoded((Warned(words[:250]),), (self._update(),))
            return Decoded((replace(failed, fatal=True),))
        if failed.code == _NOTHING_TO_CANCEL:
            self._drops_next = False
            return Decoded()  # it was done before it was told to stop
        if failed.code == _ALREADY_SPEAKING:
            self._owed = self._active is not None
            self._requested = ""
            return Decoded((failed,))
        return Decoded((failed, *self._refused(error, failed.code)))

    def _refused(self, error: Fields, code: str) -> tuple[Event, ...]:
        """The end of a response that was asked for and will not begin."""
        about = error.get("event_id")
        named = about == self._requested
        if not self._requested or self._active is not None or not (named or about is None):
            return ()
        self._requested = ""
        if not named and code not in _ANSWERLESS:
            return ()
        self._in_turn = False
        return (AgentTurnEnded("failed"),)

    def _warn(self, words: str) -> Decoded[Message]:
        if words in self._warned:
            return Decoded()
        self._warned.add(words)
        return Decoded((Warned(words),))


def _item(item: Fields) -> Message:
    return compact({"type": "conversation.item.create", "item": item})


def _failed(error: Fields, otherwise: str) -> Failed:
    code = str(error.get("code") or error.get("type") or otherwise)
    return Failed(code, str(error.get("message") or ""), fatal=code in _FATAL)


def _reason(status: str, details: object) -> str:
    """How a response ended, with what stopped it short."""
    why = details.get("reason") if isinstance(details, dict) else None
    return f"{status}: {why}" if status == "incomplete" and isinstance(why, str) else status


def _milliseconds(size: int) -> int:
    return size // INTERNAL.frame_bytes * 1_000 // INTERNAL.rate
