"""Noise of an agent's own: under its voice, or in the place of it."""

from __future__ import annotations

import numpy as np

from voicetest.audio.chunk import INTERNAL, AudioChunk
from voicetest.audio.waves import Wave, noise

__all__ = ["Hiss"]

_LOOP_S = 20.0
"""It begins again after so long; nobody notices it in noise."""
_FULL = 32_768.0


class Hiss:
    """Endless pink noise of one level in dBFS, the same in every call."""

    def __init__(self, level_db: float) -> None:
        count = round(_LOOP_S * INTERNAL.rate)
        wave = noise(count, lambda hertz: 1 / np.sqrt(np.maximum(hertz, 40)), _random())
        self._loop: Wave = wave * _FULL * 10 ** (level_db / 20)
        self._at = 0
        """How much of it was given, in samples."""

    def next(self, count: int) -> AudioChunk:
        """The noise that comes next, so many samples of it."""
        return _chunk(self._next(count))

    def under(self, voice: AudioChunk) -> AudioChunk:
        """A piece of the voice with the noise that comes next."""
        samples = voice.samples()
        return _chunk(samples + self._next(len(samples)))

    def _next(self, count: int) -> Wave:
        places = (self._at + np.arange(count)) % len(self._loop)
        self._at = (self._at + count) % len(self._loop)
        return self._loop[places]


def _random() -> np.random.Generator:
    return np.random.default_rng(40)


def _chunk(wave: Wave) -> AudioChunk:
    return AudioChunk.of(np.clip(np.rint(wave), -32_768, 32_767).astype(np.int16))
