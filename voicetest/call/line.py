"""What the script has the user put on the line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

__all__ = ["AWAITED", "SPOKEN", "TURNS", "Line", "LineKind"]

LineKind = Literal["user", "play", "interrupt", "backchannel", "noise", "dtmf", "text", "improvise"]
TURNS: frozenset[LineKind] = frozenset({"user", "play", "interrupt", "improvise"})
"""Lines that are a turn of the user."""
SPOKEN: frozenset[LineKind] = TURNS | {"backchannel"}
"""Lines that are speech."""
AWAITED: frozenset[LineKind] = TURNS | {"dtmf", "text"}
"""Lines that the agent should answer."""


@dataclass(frozen=True)
class Line:
    """A line of the script, ready to go out; it stays on disk until it is spoken."""

    kind: LineKind
    text: str
    clean: Path
    """Mono WAV at 24 kHz: the line before effects and line."""
    wire: Path
    """The same with effects, not shorter."""
    speech_start_s: float
    """Where speech begins in it, in seconds."""
    speech_end_s: float
    """Where speech or tones end in it."""
    keys: str = ""
    """What a line of keys presses."""
    said: str | None = None
    """Its words where the voice departed from the text."""
