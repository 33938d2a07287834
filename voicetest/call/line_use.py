"""What came over the line: sound, messages, and messages that say nothing to a call."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from voicetest.call.timeline import LineUsed, MessagesIgnored
from voicetest.events import Ignored, Warned

__all__ = ["LineUse"]

_MOST_TOLD = 10
"""Shapes of which one is told; a peer that sends ever others is told of no further."""
_MOST_SHAPES = 50
"""Shapes that are counted each on its own."""
_OTHERS = "other messages"


@dataclass
class _Count:
    shape: str
    why: str
    known: bool
    count: int = 0


@dataclass
class LineUse:
    """Counted as it comes, for the end of the call; a shape that means nothing is told once."""

    carries_sound: bool
    messages: int = 0
    """Events, but sound."""
    sound_s: float = 0.0
    _ignored: dict[str, _Count] = field(default_factory=dict)

    def ignore(self, message: Ignored) -> Warned | None:
        """Count one; a warning for the first of its shape, unless the protocol has such ones."""
        full = len(self._ignored) >= _MOST_SHAPES and message.shape not in self._ignored
        shape = _OTHERS if full else message.shape
        new = shape not in self._ignored
        counted = self._ignored.setdefault(shape, _Count(shape, message.why, message.known))
        counted.count += 1
        told = sum(not one.known for one in self._ignored.values())
        if not new or message.known or told > _MOST_TOLD:
            return None
        return Warned(f"messages such as {shape} {message.why}; they are ignored")

    def in_all(self) -> Iterator[LineUsed | MessagesIgnored]:
        """What came in the whole call."""
        yield LineUsed(self.messages, self.sound_s, self.carries_sound)
        for one in sorted(self._ignored.values(), key=lambda one: (one.known, -one.count)):
            yield MessagesIgnored(one.shape, one.count, one.why, one.known)
