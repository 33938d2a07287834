"""One response of a Realtime server, from `response.created` to `response.done`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypeAlias

from voicetest.protocols.example import compact
from voicetest.protocols.openai_realtime_fields import LEGACY_NAMES
from voicetest.protocols.openai_realtime_items import Items
from voicetest.protocols.openai_realtime_session import Problem, modality, speaks
from voicetest.protocols.words import sound_text

__all__ = ["Message", "Outbox", "Response"]

Message: TypeAlias = bytes | str
Json: TypeAlias = dict[str, Any]

_DELTAS_A_SECOND = 5
_RENAMED = {new: old for old, new in LEGACY_NAMES.items()}
_LIMITS = [
    {"name": "requests", "limit": 5_000, "remaining": 4_999, "reset_seconds": 0.012},
    {"name": "tokens", "limit": 400_000, "remaining": 399_000, "reset_seconds": 0.15},
]


class Outbox:
    """Writes the events of one server, with ids that are counted."""

    def __init__(self, quirks: Collection[str]) -> None:
        self.quirks = quirks
        self._ids = 0

    def id(self, prefix: str) -> str:
        """A new id, such as item_000000000000000000001."""
        self._ids += 1
        return f"{prefix}_{self._ids:021d}"

    def event(self, kind: str, **fields: Any) -> Message:
        """One event."""
        name = _RENAMED.get(kind, kind) if "legacy_names" in self.quirks else kind
        return compact({"type": name, "event_id": self.id("event"), **fields})

    def error(self, problem: Problem, event_id: object = None) -> Message:
        """An error, about the client's event of that id."""
        error = {
            "type": problem.kind,
            "code": problem.code,
            "message": problem.message,
            "param": problem.param,
            "event_id": event_id if isinstance(event_id, str) else None,
        }
        return self.event("error", error=error)


class Response:
    """Each method gives the events that say it; a message item is opened where one is needed."""

    def __init__(
        self, box: Outbox, items: Items, conversation: str, session: Mapping[str, Any]
    ) -> None:
        """`session` is the configuration that holds for this response."""
        self.id = box.id("resp")
        self.heard_ms: dict[str, int] = {}
        """The length of the sound of each finished item."""
        self._box = box
        self._items = items
        self._conversation = conversation
        self._session = session
        self._typed = modality(session) == "text"
        self._wire = speaks(session)
        self._output: list[Json] = []
        """The finished items."""
        self._item = ""
        """The message item under way; empty while there is none."""
        self._text = ""
        """What its transcript shall be; set before its end."""
        self._pieces = ""
        """Its live words so far."""
        self._bytes = 0
        """Its sound so far."""

    def created(self) -> Sequence[Message]:
        """It begins."""
        return (self._box.event("response.created", response=self._object("in_progress")),)

    def words(self, text: str) -> Sequence[Message]:
        """Live words; after sound that has its whole text they are those of another item."""
        first = self._next_utterance()
        self._pieces += text
        kind = "response.output_text" if self._typed else "response.output_audio_transcript"
        return (*first, self._of_part(f"{kind}.delta", delta=text))

    def transcript(self, text: str) -> Sequence[Message]:
        """The whole text of the item, which is said at its end."""
        first = self._next_utterance()
        self._text = text
        return first

    def sound(self, data: bytes) -> Sequence[Message]:
        """Sound in deltas of 200 ms; an answer of text has none."""
        if self._typed:
            return ()
        messages = [*self._begin_item()]
        self._bytes += len(data)
        step = self._wire.rate // _DELTAS_A_SECOND * self._wire.frame_bytes
        for offset in range(0, len(data), step):
            piece = data[offset : offset + step]
            if "odd_deltas" in self._box.quirks:
                piece += b"\0"
            delta = sound_text(piece)
            messages.append(self._of_part("response.output_audio.delta", delta=delta))
        return messages

    def call(self, call: str, name: str, arguments: str) -> Sequence[Message]:
        """A tool call from its first to its last event."""
        messages = [*self._end_item("completed")]
        begun = self._call_item(call, name, "", "in_progress")
        item = begun["id"]
        messages += self._item_added(begun)
        place = {
            "response_id": self.id,
            "item_id": item,
            "output_index": len(self._output),
            "call_id": call,
        }
        kind = "response.function_call_arguments"
        messages.append(self._box.event(f"{kind}.delta", **place, delta=arguments))
        messages.append(self._box.event(f"{kind}.done", **place, name=name, arguments=arguments))
        done = begun | {"arguments": arguments, "status": "completed"}
        return (*messages, *self._item_done(done))

    def done(self, status: str, details: Json | None = None) -> Sequence[Message]:
        """It ends: what is open ends as well."""
        closing = self._end_item("completed" if status == "completed" else "incomplete")
        response = self._object(status)
        if status != "completed":
            response["status_details"] = {"type": status, **(details or {})}
        tokens = {"total_tokens": 0, "input_tokens": 0, "output_tokens": 0}
        return (
            *closing,
            self._box.event("response.done", response=response | {"usage": tokens}),
            self._box.event("rate_limits.updated", rate_limits=_LIMITS),
        )

    def _object(self, status: str) -> Json:
        output = self._session["audio"]["output"]
        return {
            "object": "realtime.response",
            "id": self.id,
            "status": status,
            "status_details": None,
            "output": list(self._output),
            "conversation_id": self._conversation,
            "output_modalities": self._session["output_modalities"],
            "max_output_tokens": "inf",
            "audio": {
                "output": {name: output.get(name) for name in ("format", "voice")},
            },
            "usage": None,
            "metadata": None,
        }

    def _of_part(self, kind: str, **fields: Any) -> Message:
        place = {
            "response_id": self.id,
            "item_id": self._item,
            "output_index": len(self._output),
            "content_index": 0,
        }
        return self._box.event(kind, **place, **fields)

    def _next_utterance(self) -> Sequence[Message]:
        spoken = self._bytes and self._text
        closing = self._end_item("completed") if spoken else ()
        return (*closing, *self._begin_item())

    def _begin_item(self) -> Sequence[Message]:
        if self._item:
            return ()
        self._item = self._box.id("item")
        return (
            *self._item_added(self._message("in_progress", [])),
            self._of_part("response.content_part.added", part=self._part("")),
        )

    def _part(self, text: str) -> Json:
        if self._typed:
            return {"type": "text", "text": text}
        return {"type": "audio", "transcript": text}

    def _end_item(self, status: str) -> Sequence[Message]:
        if not self._item:
            return ()
        text = self._text or self._pieces
        messages = [
            *self._all_said(text),
            self._of_part("response.content_part.done", part=self._part(text)),
        ]
        part = self._part(text)
        item = self._message(status, [part | {"type": f"output_{part['type']}"}])
        if not self._typed:
            samples = self._bytes // self._wire.frame_bytes
            self.heard_ms[self._item] = samples * 1_000 // self._wire.rate
        self._item = self._text = self._pieces = ""
        self._bytes = 0
        return (*messages, *self._item_done(item))

    def _all_said(self, text: str) -> Sequence[Message]:
        if self._typed:
            return (self._of_part("response.output_text.done", text=text),)
        return (
            self._of_part("response.output_audio.done"),
            self._of_part("response.output_audio_transcript.done", transcript=text),
        )

    def _message(self, status: str, content: Sequence[Mapping[str, Any]]) -> Json:
        return {
            "id": self._item,
            "object": "realtime.item",
            "type": "message",
            "status": status,
            "role": "assistant",
            "content": list(content),
        }

    def _call_item(self, call: str, name: str, arguments: str, status: str) -> Json:
        return {
            "id": self._box.id("item"),
            "object": "realtime.item",
            "type": "function_call",
            "status": status,
            "name": name,
            "call_id": call,
            "arguments": arguments,
        }

    def _item_added(self, item: Json) -> Sequence[Message]:
        place = {"response_id": self.id, "output_index": len(self._output)}
        before = self._items.put(item)
        return (
            self._box.event("response.output_item.added", **place, item=item),
            self._box.event("conversation.item.added", previous_item_id=before, item=item),
        )

    def _item_done(self, item: Json) -> Sequence[Message]:
        place = {"response_id": self.id, "output_index": len(self._output)}
        self._output.append(item)
        before = self._items.put(item)
        return (
            self._box.event("response.output_item.done", **place, item=item),
            self._box.event("conversation.item.done", previous_item_id=before, item=item),
        )
