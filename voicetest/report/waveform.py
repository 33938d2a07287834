"""Both channels of a recording as the paths of a drawing, to scale on the call clock."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from voicetest.audio.peaks import peaks
from voicetest.audio.recording import UnreadableRecording
from voicetest.call.recorder import AGENT, USER

__all__ = ["COLUMNS", "HEIGHT", "Waveform", "waveform"]

COLUMNS = 600
"""At most this many, whatever the length of the call; short calls have one per 50 ms."""
HEIGHT = 40
"""Of one channel, from its middle line to either side half of it."""
_COLUMN_S = 0.05


@dataclass(frozen=True)
class Waveform:
    """Paths in a drawing of `columns` by `HEIGHT` each, the middle line at half the height."""

    columns: int
    user: str
    agent: str


def waveform(recording: Path, duration_s: float) -> Waveform | None:
    """Draw a recording; None for one that is empty or damaged."""
    columns = min(COLUMNS, max(math.ceil(duration_s / _COLUMN_S), 1))
    try:
        found = peaks(recording, columns)
    except (OSError, UnreadableRecording):
        return None
    if found.size == 0 or found.shape[1] != 2:
        return None
    heights = (found * (HEIGHT // 2) + 32767) // 32768
    user, agent = (_outline([int(h) for h in heights[:, channel]]) for channel in (USER, AGENT))
    return Waveform(len(found), user, agent)


def _outline(heights: list[int]) -> str:
    """The path around columns of these heights, above and below the middle line."""
    middle = HEIGHT // 2
    above = _steps(heights, middle, -1, 1)
    below = _steps(heights[::-1], middle, 1, -1)
    return f"M0 {middle}{above}V{middle}{below}Z"


def _steps(heights: list[int], middle: int, up: int, right: int) -> str:
    """Columns of one height are drawn as one: silence, which is most of a call, costs nothing."""
    drawn = []
    width = 0
    for index, height in enumerate(heights):
        width += right
        if index + 1 == len(heights) or heights[index + 1] != height:
            drawn.append(f"V{middle + up * height}h{width}")
            width = 0
    return "".join(drawn)
