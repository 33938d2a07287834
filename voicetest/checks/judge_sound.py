"""The sound of a call as a judge gets it."""

from __future__ import annotations

import base64
import io
import wave
from pathlib import Path

import numpy as np

from voicetest.audio.chunk import INTERNAL
from voicetest.audio.recording import read_span
from voicetest.audio.resample import resample

__all__ = ["LONGEST_S", "sound"]

LONGEST_S = 600.0
"""Seconds of sound that are sent at most: 19 MB, about what providers take."""
_RATE = 16_000


def sound(recording: Path, until_s: float) -> str:
    """Both parties on one channel at 16 kHz, up to a moment: a WAV file in base64."""
    both = read_span(recording, 0, round(until_s * INTERNAL.rate)).astype(np.int32).sum(axis=1)
    mixed = resample(np.clip(both, -32768, 32767).astype(np.int16), INTERNAL.rate, _RATE)
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(_RATE)
        writer.writeframes(mixed.astype("<i2").tobytes())
    return base64.b64encode(file.getvalue()).decode()
