"""RTVI's `bot-output`: the agent's text in segments, each followed while it is spoken."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from voicetest.events import Event, Transcript, TranscriptDelta

__all__ = ["BotOutput"]


class BotOutput:
    """What one bot is known to have said, and how to say it.

    A voice that knows its words reports a segment as new, then in progress after each word, then
    completed; one that does not only as completed. A speech-to-speech model has no segments, only
    pieces of text that were spoken.
    """

    def __init__(self) -> None:
        self._segment = 1
        """The segment that is being written or read."""
        self._spoken = ""
        """Its text so far."""
        self._unspoken = False
        """Whether the segment is known to have words left."""
        self._cut: dict[int, str] = {}
        """What was taken to be all that is said of a segment."""
        self._pieces: list[str] = []
        """The text of a turn without segments."""

    def continued(self, text: str) -> dict[str, Any]:
        """Data that says: the agent also spoke `text`; what follows is not known."""
        self._spoken += text
        return self._data(self._spoken, "in-progress")

    def completed(self, text: str) -> dict[str, Any]:
        """Data that says: the agent spoke `text`, which is a whole."""
        data = self._data(text, "completed")
        self._segment += 1
        self._spoken = ""
        return data

    def _data(self, text: str, status: str) -> dict[str, Any]:
        return {
            "text": text,
            "output_type": "sentence",
            "segment_id": self._segment,
            "will_be_spoken": True,
            "spoken_status": status,
            "spoken_progress": {"accumulated_text": text, "remaining_text": ""},
        }

    def read(self, text: str, data: Mapping[str, Any]) -> tuple[Event, ...]:
        """What `data`, whose text is `text`, adds to what the agent said."""
        if data.get("will_be_spoken") is not True:
            return self._read_piece(text) if data.get("spoken") is True else ()
        segment, status = data.get("segment_id"), data.get("spoken_status")
        # Segments are announced ahead, while an earlier one is still spoken.
        if status == "new":
            return ()
        if isinstance(segment, int) and segment != self._segment:
            self._segment, self._spoken, self._unspoken = segment, "", False
        if status == "completed":
            # `spoken` is what a voice without words adds; its segment is one further piece.
            whole = self._unspoken or data.get("spoken") is True
            further = self._further(text) if whole else ()
            self._spoken, self._unspoken = "", False
            replaced = self._cut.pop(self._segment, None)
            return (*further, Transcript("agent", text, replaced))
        progress = data.get("spoken_progress")
        if status != "in-progress" or not isinstance(progress, Mapping):
            return ()
        self._unspoken = bool(progress.get("remaining_text"))
        return self._further(str(progress.get("accumulated_text", "")))

    def _further(self, spoken: str) -> tuple[Event, ...]:
        """What `spoken` has beyond the text so far."""
        further = spoken.removeprefix(self._spoken)
        self._spoken = spoken
        return (TranscriptDelta("agent", further),) if further else ()

    def _read_piece(self, text: str) -> tuple[Event, ...]:
        self._pieces.append(text)
        return (TranscriptDelta("agent", text),)

    def cut_short(self) -> tuple[Event, ...]:
        """What was said of the segment at which the agent stopped, or of a turn without any."""
        said = "".join(self._pieces).strip()
        self._pieces.clear()
        if self._unspoken:
            self._unspoken = False
            said = self._cut[self._segment] = self._spoken.strip()
        return (Transcript("agent", said),) if said else ()
