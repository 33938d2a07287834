"""What no healthy line does to sound: clipping, drop-outs, loops."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from voicetest.audio.chunk import INTERNAL, Samples

__all__ = ["Defect", "find_defects"]

_FRAME = INTERNAL.rate // 100
_LIMIT = 32_700
_CLIPPED_RUN = 4
"""Samples in a row at the limit that a loud but clean wave never has."""
_DROPOUT = (0.01, 0.2)
"""Digital silence this long, in seconds, that begins or ends in the midst of a wave."""
_STEP = 100
"""A synthetic voice has digital silence too, before plosives, and fades to less than 10 there."""
_LOUD = 300.0
"""Root mean square of what is looked at for loops (-41 dBFS)."""
_LOOP = 0.06
"""The shortest piece, in seconds, that is taken for a loop when it comes again."""
_LONGEST_LOOP = 0.5


@dataclass(frozen=True)
class Defect:
    """One thing wrong with the sound, `at_s` seconds after its first sample."""

    kind: Literal["clipping", "drop-out", "loop"]
    at_s: float


def find_defects(samples: Samples) -> Sequence[Defect]:
    """Everything wrong with int16 (n,) at 24 kHz, in order of time; each kind once per 0.5 s."""
    found = sorted(
        (*_clipping(samples), *_dropouts(samples), *_loops(samples)), key=lambda d: d.at_s
    )
    kept: list[Defect] = []
    for defect in found:
        if not any(k.kind == defect.kind and defect.at_s - k.at_s < 0.5 for k in kept[-3:]):
            kept.append(defect)
    return kept


def _runs(mask: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Iterator[tuple[int, int]]:
    """Start and end of each stretch of True."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], mask, [False])).astype(np.int8)))
    yield from zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)


def _clipping(samples: Samples) -> Iterator[Defect]:
    at_limit = np.abs(samples.astype(np.int32)) >= _LIMIT
    for start, end in _runs(at_limit):
        if end - start >= _CLIPPED_RUN:
            yield Defect("clipping", start / INTERNAL.rate)


def _dropouts(samples: Samples) -> Iterator[Defect]:
    shortest, longest = (round(seconds * INTERNAL.rate) for seconds in _DROPOUT)
    for start, end in _runs(samples == 0):
        inside = start > 0 and end < len(samples)
        if inside and shortest <= end - start <= longest:
            step = max(abs(int(samples[start - 1])), abs(int(samples[end])))
            if step >= _STEP:
                yield Defect("drop-out", start / INTERNAL.rate)


def _level(samples: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
    return float(np.sqrt(np.mean(samples**2)))


def _loops(samples: Samples) -> Iterator[Defect]:
    """Pieces that come again at once, sample for sample, which speech never does."""
    size, reach = round(_LOOP * INTERNAL.rate), round(_LONGEST_LOOP * INTERNAL.rate)
    data = samples.astype("<i2").tobytes()
    for at in range(0, len(samples) - size, _FRAME):
        probe = samples[at : at + _FRAME]
        if _level(probe.astype(np.float64)) < _LOUD:
            continue
        again = data.find(probe.tobytes(), 2 * (at + 1), 2 * (at + reach + _FRAME))
        if again < 0 or again % 2:
            continue
        distance = again // 2 - at
        if distance >= size and data[2 * at : again] == data[again : again + 2 * distance]:
            yield Defect("loop", again / 2 / INTERNAL.rate)
