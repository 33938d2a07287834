"""Where the sound of a clean line begins and ends."""

from __future__ import annotations

import numpy as np

from voicetest.audio.chunk import INTERNAL, Samples
from voicetest.audio.vad import Segment

__all__ = ["clean_edges"]

_FRAME_S = 0.01
_FRAME = round(INTERNAL.rate * _FRAME_S)
_RANGE_DB = 40.0


def clean_edges(samples: Samples) -> Segment:
    """First to last 10 ms frame within 40 dB of the loudest one, of int16 (n,) at 24 kHz.

    For sound without background, such as a synthesised line; all of it when it is silent.
    """
    whole = Segment(0.0, len(samples) / INTERNAL.rate)
    padded = np.pad(samples.astype(np.float64), (0, -len(samples) % _FRAME))
    power = np.square(padded.reshape(-1, _FRAME)).mean(axis=1)
    if not power.any():
        return whole
    loud = np.flatnonzero(power >= power.max() * 10 ** (-_RANGE_DB / 10))
    return Segment(float(loud[0]) * _FRAME_S, min(float(loud[-1] + 1) * _FRAME_S, whole.end))
