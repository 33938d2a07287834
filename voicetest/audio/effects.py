"""What can be done to a line before it goes out."""

from __future__ import annotations

import numpy as np

from voicetest.audio.chunk import AudioChunk

__all__ = ["amplify"]


def amplify(audio: AudioChunk, decibels: float) -> AudioChunk:
    """PCM16 made louder or softer; what would leave the range of 16 bits is clipped."""
    if decibels == 0:
        return audio
    scaled = np.rint(audio.samples() * 10 ** (decibels / 20))
    return AudioChunk.of(np.clip(scaled, -32_768, 32_767).astype(np.int16), audio.format.rate)
