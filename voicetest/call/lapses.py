"""Where voicetest's own lateness goes beyond its bounds: a lapse, of which nobody can be blamed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

__all__ = ["BOUNDS", "Bounds", "Lapse", "LapseKind", "described", "merged"]

LapseKind = Literal["stood_still", "late", "always_late", "dropped", "inserted"]


@dataclass(frozen=True)
class Bounds:
    """How far voicetest may be off before it blames nobody; seconds."""

    late_s: float = 0.25
    """A frame that is later than this begins a lapse."""
    always_late_s: float = 0.1
    """Where too many of the frames that begin no lapse are later than this, all the call is one."""
    always_late_share: float = 0.05
    """How many of all frames are too many."""
    playout_s: float = 0.1
    """Shorter pieces that playout left out of what the agent sent, or put in, are no matter."""
    playout_share: float = 0.05
    """How much of a call may be left out in longer ones, or put into speech, for being late."""


BOUNDS = Bounds()
_OF_TIME: frozenset[LapseKind] = frozenset({"stood_still", "late"})
"""What people understand at once; the others follow from it."""


@dataclass(frozen=True)
class Lapse:
    """From `start_s` to `end_s` of the call voicetest was off by as much as `seconds`."""

    start_s: float
    end_s: float
    seconds: float
    kind: LapseKind


def merged(spans: Iterable[tuple[float, float, float]]) -> list[tuple[float, float, float]]:
    """Spans of start, end and size, in order of start; those that touch become one of the most."""
    found: list[tuple[float, float, float]] = []
    for start, end, size in spans:
        if found and start <= found[-1][1]:
            before = found[-1]
            found[-1] = (before[0], max(before[1], end), max(before[2], size))
        else:
            found.append((start, end, size))
    return found


def described(lapses: Sequence[Lapse]) -> str:
    """The worst of them in plain words, and how many more there are; empty without any."""
    if not lapses:
        return ""
    worst = max(lapses, key=lambda lapse: (lapse.kind in _OF_TIME, lapse.seconds))
    others = len(lapses) - 1
    more = f", and was late {others} more time{'s' if others > 1 else ''}" if others else ""
    return f"{_words(worst)}{more}"


def _words(lapse: Lapse) -> str:
    amount, at = f"{lapse.seconds:.1f} s", f"{max(lapse.start_s, 0.0):.1f} s"
    when = f"at {at}" if lapse.end_s > 0 else "while dialling"
    match lapse.kind:
        case "stood_still":
            return f"this machine stood still for {amount} {when}"
        case "late":
            return f"this machine was up to {amount} late from {at} to {lapse.end_s:.1f} s"
        case "always_late":
            return f"this machine was up to {amount} late throughout the call"
        case "dropped":
            return f"this machine was late, and {amount} of the agent's sound were left out"
        case "inserted":
            return f"this machine was late, and put gaps of {amount} into the agent's sound"
