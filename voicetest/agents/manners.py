"""How the embedded agent takes turns."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Manners"]


@dataclass(frozen=True)
class Manners:
    """All in seconds."""

    reply_delay: float = 0.0
    """From having heard the end of the user's turn to speaking."""
    yields_after: float = 0.3
    """How long the user must speak over the agent until it falls silent."""
