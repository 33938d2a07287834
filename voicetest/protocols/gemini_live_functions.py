"""The functions that a model has called and that nobody has answered yet."""

from __future__ import annotations

__all__ = ["Unanswered"]

_UNDER_WAY_S = 0.4
"""Of sound that may be under way when a function is called."""


class Unanswered:
    """Counts the sound that comes while each of them waits."""

    def __init__(self) -> None:
        self._sound_s: dict[str, float] = {}

    def begin(self, call: str) -> None:
        """A function was called."""
        self._sound_s[call] = 0.0

    def end(self, call: str) -> None:
        """It was answered, or is no longer wanted."""
        self._sound_s.pop(call, None)

    def hear(self, seconds: float) -> bool:
        """Sound has come; whether the microphone should have been held long before."""
        for call in self._sound_s:
            self._sound_s[call] += seconds
        return max(self._sound_s.values(), default=0.0) > _UNDER_WAY_S
