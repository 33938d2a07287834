"""What is kept of what a peer says in a call: so much and no more, whatever it sends."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from voicetest.audio.chunk import INTERNAL
from voicetest.errors import ProtocolError
from voicetest.events import Event, Status, ToolCalled
from voicetest.transports.allowance import Allowance
from voicetest.transports.room import Room, Share

__all__ = ["LONGEST_TEXT", "Bounds"]

MOST_AHEAD_S = 600.0
"""Seconds of sound that may wait to be heard."""
LONGEST_TEXT = 100_000
"""Characters of one text that are kept."""
_EVENTS = (5_000, 50)
"""At once, and a second for as long as the call lasts: a token each 20 ms."""
_TOOL_CALLS = (1_000, 5)
_CHARACTERS = (2_000_000, 4_000)
_ROOM = Room(48 << 20, 15 * INTERNAL.rate * 2)
"""What may wait in all calls together, in bytes: 17 minutes, and 15 s for each."""


class Bounds:
    """The bounds of one call; times are seconds on its clock."""

    def __init__(self) -> None:
        self._events = Allowance(*_EVENTS)
        self._tool_calls = Allowance(*_TOOL_CALLS)
        self._characters = Allowance(*_CHARACTERS)
        self._share = Share(_ROOM)

    def hold_sound(self, ahead: int) -> None:
        """So many samples wait to be heard; raises ProtocolError if those are too many."""
        if ahead > MOST_AHEAD_S * INTERNAL.rate:
            raise ProtocolError(
                f"the agent is over {MOST_AHEAD_S:g} s of sound ahead of what is heard: it sends "
                "sound without end, or much faster than it is spoken"
            )
        if not self._share.hold(2 * ahead):
            raise ProtocolError(
                f"the agent is {ahead / INTERNAL.rate:.0f} s of sound ahead of what is heard, and "
                "the calls of this run together more than 15 minutes: send sound as it is spoken, "
                "or run fewer calls (--jobs)"
            )

    def within(self, event: Event, now: float) -> Event:
        """The event with its texts cut to what is kept; raises ProtocolError for one too many."""
        kept, size = _cut(event)
        if not self._events.spend(1, now):
            raise ProtocolError(
                f"the agent sent over {_EVENTS[0]} messages, many more than a call has: it sends "
                f"them without end (the last was {type(event).__name__})"
            )
        if isinstance(event, ToolCalled) and not self._tool_calls.spend(1, now):
            raise ProtocolError(f"the agent called tools over {_TOOL_CALLS[0]} times")
        if not self._characters.spend(size, now):
            raise ProtocolError(
                f"the agent sent texts of over {_CHARACTERS[0] // 1_000_000} million characters, "
                "much more than anybody says in a call"
            )
        return kept

    def close(self) -> None:
        """Nothing is kept any more."""
        self._share.hold(0)


def _cut(event: Event) -> tuple[Event, int]:
    """The event with no text too long, and how many characters are left."""
    cut: dict[str, Any] = {}
    size = 0
    for field in fields(event):
        value = getattr(event, field.name)
        if isinstance(value, str):
            size += min(len(value), LONGEST_TEXT)
            if len(value) > LONGEST_TEXT:
                cut[field.name] = value[:LONGEST_TEXT] + _note(len(value))
    if isinstance(event, Status) and event.fields:
        length = len(repr(event.fields))
        size += min(length, LONGEST_TEXT)
        if length > LONGEST_TEXT:
            cut["fields"] = {"cut": _note(length)}
    return (replace(event, **cut) if cut else event), size


def _note(length: int) -> str:
    return f" … (cut: {length} characters came, {LONGEST_TEXT} are kept)"
