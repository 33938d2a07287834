"""Clipping: waves whose tops are cut off flat, at the limit or before sound was made softer."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from voicetest.audio.chunk import INTERNAL, Samples
from voicetest.audio.stretches import runs

__all__ = ["find_clipping"]

_LIMIT = 32_700
_RUN = 4
"""Samples in a row at the limit that a loud but clean wave never has."""
_LOUD = 2_000
"""A softer voice is not looked at (-24 dBFS)."""
_FEET, _TOP, _TALL = 0.5, 0.74, 0.8
"""Shares of the highest sample: where a top is measured, twice, and what it reaches at least."""
_FLAT = 0.84
"""How wide a top is above, against below; 0.71 for a sine. Filters leave ripples on a flat one."""
_WIDE = 6
"""Samples that a top has at least: a shorter one has no shape."""
_MANY, _SHARE = 10, 0.065
"""So many flat tops, and such a share of all, no clean voice has (5 and 0.05 were seen)."""


def find_clipping(samples: Samples) -> list[float]:
    """Where, in seconds, int16 (n,) at 24 kHz is clipped."""
    at_limit = np.abs(samples.astype(np.int32)) >= _LIMIT
    found = [start for start, end in runs(at_limit) if end - start >= _RUN]
    tops = [top for up in (1, -1) for top in _tops(samples.astype(np.int32) * up)]
    flat = [start for start, is_flat in tops if is_flat]
    if len(flat) >= _MANY and len(flat) >= _SHARE * len(tops):
        found += flat
    return [start / INTERNAL.rate for start in sorted(found)]


def _tops(sound: np.ndarray[tuple[int], np.dtype[np.int32]]) -> Iterator[tuple[int, bool]]:
    """Where each high top begins, and whether it is flat."""
    if not len(sound):
        return
    count = max(1, len(sound) // 20_000)
    highest = float(np.partition(sound, -count)[-count])
    if highest < _LOUD:
        return
    spans = np.array(list(runs(sound > _FEET * highest)))
    # Of each span and of what is between it and the next one: the rest is not as high.
    most = np.maximum.reduceat(sound, spans[:, 0])
    wide = np.add.reduceat((sound > _TOP * highest).astype(np.int64), spans[:, 0])
    long = spans[:, 1] - spans[:, 0]
    tall = most >= _TALL * highest
    flat = (wide >= _WIDE) & (wide >= _FLAT * long)
    yield from zip(spans[tall, 0].tolist(), flat[tall].tolist(), strict=True)
