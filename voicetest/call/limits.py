"""Every bound of a call."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Limits"]


@dataclass(frozen=True)
class Limits:
    """All in seconds; the scenario format says what each one means to its user."""

    response_timeout: float
    tail_silence: float
    response_max_duration: float
    turn_timeout: float
    idle_timeout: float
    max_duration: float
    patience: float
    late_sound: float = 0.0
    jitter_buffer: float | None = None
    """None: what suits the line."""
