"""How loud sound is, in steps of 5 ms."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from voicetest.audio.chunk import INTERNAL, Samples

__all__ = ["FRAME", "FRAMES_A_SECOND", "SILENT", "Levels", "levels"]

Levels = NDArray[np.float32]

FRAMES_A_SECOND = 200
FRAME = INTERNAL.rate // FRAMES_A_SECOND
"""Samples of one step: 5 ms at 24 kHz."""
SILENT = -100.0
"""What digital silence counts as, in dBFS."""


def levels(sound: Samples) -> Levels:
    """Of each whole 5 ms of int16 (n,) at 24 kHz, in dBFS: a full-scale square wave is 0.

    It is the variance within the 5 ms that counts, so that a constant offset is silence.
    """
    whole = len(sound) // FRAME * FRAME
    wide = sound[:whole].astype(np.float32).reshape(-1, FRAME) / 32_768
    wide -= wide.mean(axis=1, keepdims=True)
    power = np.einsum("ij,ij->i", wide, wide) / FRAME
    found: Levels = 10 * np.log10(np.maximum(power, 10 ** (SILENT / 10)))
    return found.astype(np.float32)
