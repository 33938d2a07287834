"""A stretch of a recording."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Segment"]


@dataclass(frozen=True)
class Segment:
    """A stretch of speech, in seconds from the first sample."""

    start: float
    end: float
