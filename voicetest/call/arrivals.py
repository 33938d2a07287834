"""When the sound arrived that is heard at a position."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from voicetest.audio.chunk import INTERNAL

__all__ = ["Arrivals"]

_MEMORY = INTERNAL.rate * 5
"""Speech is known to be speech long before this much of it was heard."""


@dataclass
class _Span:
    start: int
    end: int
    at: int


class Arrivals:
    """Remembers of the last 5 s of what was heard when it had come; all in samples at 24 kHz."""

    def __init__(self) -> None:
        self._spans: deque[_Span] = deque()

    def heard(self, start: int, frames: int, at: int) -> None:
        """What arrived at `at` was heard from `start` on; calls come in order."""
        last = self._spans[-1] if self._spans else None
        if last is not None and last.at == at and last.end == start:
            last.end += frames
        else:
            self._spans.append(_Span(start, start + frames, at))
        while self._spans[0].end < start - _MEMORY:
            self._spans.popleft()

    def of(self, position: int) -> int:
        """When that arrived which is heard at `position`; there, if nothing was."""
        for span in reversed(self._spans):
            if span.start <= position < span.end:
                return span.at
        return position
