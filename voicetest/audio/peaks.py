"""The outline of a recording, for drawing it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from voicetest.audio.recording import extent, read_blocks

__all__ = ["peaks"]


def peaks(path: Path, columns: int) -> NDArray[np.int32]:
    """The largest amplitude in each of `columns` equal spans, int32 of shape (columns, channels).

    The file is read in blocks, so that a long one takes no more memory; one with fewer frames than
    `columns` has a column per frame. Raises OSError or UnreadableRecording.
    """
    frames, channels, _ = extent(path)
    columns = min(columns, frames)
    found = np.zeros((columns, channels), dtype=np.int32)
    edges = np.arange(columns) * frames // max(columns, 1)
    at = 0
    for block in read_blocks(path):
        end = at + len(block)
        first = int(np.searchsorted(edges, at, side="right")) - 1
        last = int(np.searchsorted(edges, end, side="left"))
        starts = np.maximum(edges[first:last] - at, 0)
        highest = np.maximum.reduceat(np.abs(block.astype(np.int32)), starts, axis=0)
        found[first:last] = np.maximum(found[first:last], highest)
        at = end
    return found
