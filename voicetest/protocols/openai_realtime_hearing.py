"""What a Realtime server says of the user: what it received, committed and understood."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from voicetest.audio.chunk import INTERNAL, AudioChunk
from voicetest.protocols.openai_realtime_items import Items
from voicetest.protocols.openai_realtime_response import Message, Outbox

__all__ = ["Hearing"]


class Hearing:
    """The input audio buffer of one session, and the items that are made of it."""

    def __init__(self, box: Outbox, items: Items) -> None:
        self._box = box
        self._items = items
        self._received = self._committed = 0
        """24,000ths of a second of the user's sound: all of it, and up to the last commit."""
        self._unheard = ""
        """The latest item while its words are not known; else empty."""
        self._speaking = ""
        """The item of speech that has begun; empty while the user is silent."""

    @property
    def pending_s(self) -> float:
        """Seconds of sound that were not committed."""
        return (self._received - self._committed) / INTERNAL.rate

    def receive(self, chunk: AudioChunk) -> None:
        """Sound has come."""
        self._received += chunk.frames * INTERNAL.rate // chunk.format.rate

    def clear(self) -> Sequence[Message]:
        """Forget what was not committed."""
        self._received = self._committed
        return (self._box.event("input_audio_buffer.cleared"),)

    def commit(self, item: str = "") -> Sequence[Message]:
        """Make an item of what has come, with a new id if it has none."""
        item = item or self._box.id("item")
        self._committed = self._received
        self._unheard = item
        content = [{"type": "input_audio", "transcript": None}]
        said = {"id": item, "type": "message", "role": "user", "content": content}
        before = self._items.put(said)
        committed = self._box.event(
            "input_audio_buffer.committed", previous_item_id=before, item_id=item
        )
        return (committed, *self.item(said))

    def speech_started(self) -> Sequence[Message]:
        """The user begins to speak, as far as it is not known yet."""
        if self._speaking:
            return ()
        self._speaking = self._box.id("item")
        started = self._box.event(
            "input_audio_buffer.speech_started",
            audio_start_ms=_milliseconds(self._committed),
            item_id=self._speaking,
        )
        return (started,)

    def speech_stopped(self) -> Sequence[Message]:
        """The user has finished, and what was said is an item."""
        began = self.speech_started()
        item, self._speaking = self._speaking, ""
        stopped = self._box.event(
            "input_audio_buffer.speech_stopped",
            audio_end_ms=_milliseconds(self._received),
            item_id=item,
        )
        return (*began, stopped, *self.commit(item))

    def understood(self, text: str) -> Sequence[Message]:
        """The words of the latest item."""
        item, self._unheard = self._unheard or self._box.id("item"), ""
        words = self._box.event(
            "conversation.item.input_audio_transcription.completed",
            item_id=item,
            content_index=0,
            transcript=text,
            usage={"type": "duration", "seconds": 1.0},
        )
        return (words,)

    def item(self, fields: Mapping[str, Any], after: str | None = None) -> Sequence[Message]:
        """An item is now part of the conversation: at its end, or after another."""
        name = fields.get("id") or self._box.id("item")
        item = {"object": "realtime.item", "status": "completed", **fields, "id": name}
        before = self._items.put(item, after)
        return (
            self._box.event("conversation.item.added", previous_item_id=before, item=item),
            self._box.event("conversation.item.done", previous_item_id=before, item=item),
        )


def _milliseconds(samples: int) -> int:
    return samples * 1_000 // INTERNAL.rate
