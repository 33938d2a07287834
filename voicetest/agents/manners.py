"""How the embedded agent takes turns."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Manners", "Reprompt"]


@dataclass(frozen=True)
class Reprompt:
    """After so many seconds in which nobody spoke the agent says `text`, `times` in a row."""

    after: float
    text: str
    times: int


@dataclass(frozen=True)
class Manners:
    """All in seconds."""

    reply_delay: float = 0.0
    """From having heard the end of the user's turn to speaking."""
    yields_after: float = 0.3
    """How long the user must speak over the agent until it falls silent."""
    reprompt: Reprompt | None = None
    """How it speaks up when nobody does; None to wait for ever."""
    yields_to_markers: bool = False
    """Whether it falls silent as soon as the user's turn is announced, before any speech."""
    ends_when_heard: bool = False
    """Whether it announces the end of its turn when that was heard, not when it was sent."""
    generates: float | None = None
    """How many times as fast as speech its sound is made, for a line that takes it as it is made;
    None for all at once."""
