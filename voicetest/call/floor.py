"""How loud a line is when nobody speaks on it, learnt from what comes over it."""

from __future__ import annotations

from collections import deque

import numpy as np

from voicetest.audio.chunk import INTERNAL, Samples

__all__ = ["MEMORY", "Floor"]

_BLOCK = INTERNAL.rate // 10
"""Levels are means over 100 ms: shorter dips are inside words."""
_BLOCKS = 50
"""Blocks that are remembered."""
MEMORY = _BLOCKS * _BLOCK
"""What was heard so many samples ago is forgotten: 5 s."""
_KNOWN = 15
"""Blocks after which a line is known: until then all that is audible stands out."""
_ABOVE = 10**0.8
"""What stands out is 8 dB above the quietest block: noise varies by a few decibels."""
_AUDIBLE = 32_768.0**2 * 10 ** (-50 / 10)
"""-50 dBFS: what is below never stands out."""


class Floor:
    """The power of the quietest 100 ms of the last 5 s, of sound that is fed in order."""

    def __init__(self) -> None:
        self._blocks: deque[float] = deque(maxlen=_BLOCKS)
        """Mean power of each whole block."""
        self._energy = 0.0
        """Of the block that is not full yet."""
        self._samples = 0
        """How many samples that block has."""

    def feed(self, samples: Samples) -> None:
        """The next samples, int16 of shape (n,) at 24 kHz."""
        wide = samples.astype(np.float64)
        while len(wide):
            part, wide = np.split(wide, [_BLOCK - self._samples])
            self.add(float(np.dot(part, part)), len(part))

    def add(self, energy: float, samples: int) -> None:
        """The same of samples that lie within one block, with the sum of their squares."""
        self._energy += energy
        self._samples += samples
        if self._samples == _BLOCK:
            self._blocks.append(self._energy / _BLOCK)
            self._energy, self._samples = 0.0, 0

    def ends_within(self, samples: int) -> bool:
        """Whether the block that is not full yet ends within so many samples, and not with them."""
        return self._samples + samples > _BLOCK

    def stands_out(self, samples: Samples) -> bool:
        """Whether int16 of shape (n,) is more than the line's own noise."""
        wide = samples.astype(np.float64)
        return self.is_above(float(np.dot(wide, wide)), len(wide))

    def is_above(self, energy: float, samples: int) -> bool:
        """The same of the sum of the squares of so many samples."""
        known = len(self._blocks) >= _KNOWN
        threshold = max(_AUDIBLE, min(self._blocks) * _ABOVE if known else 0.0)
        return energy > threshold * samples
