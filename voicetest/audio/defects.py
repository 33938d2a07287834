"""What no healthy line does to sound: clipping, drop-outs, loops."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from voicetest.audio.chunk import INTERNAL, Samples
from voicetest.audio.gaps import Voice, dropouts, study
from voicetest.audio.stretches import runs

__all__ = ["Defect", "Findings", "find_defects", "look", "settle"]

_FRAME = INTERNAL.rate // 100
_LIMIT = 32_700
_CLIPPED_RUN = 4
"""Samples in a row at the limit that a loud but clean wave never has."""
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


@dataclass(frozen=True)
class Findings:
    """What one stretch of speech has; whether its lapses are defects, the others decide."""

    defects: tuple[Defect, ...]
    voice: Voice


def look(samples: Samples) -> Findings:
    """All there is to find in int16 (n,) at 24 kHz."""
    return Findings((*_clipping(samples), *_loops(samples)), study(samples))


def settle(stretches: Sequence[Findings]) -> list[Sequence[Defect]]:
    """What is wrong with each stretch of one speaker, in order; each kind once per 0.5 s."""
    lapses = dropouts([stretch.voice for stretch in stretches])
    return [
        _thinned((*stretch.defects, *(Defect("drop-out", lapse.at_s) for lapse in found)))
        for stretch, found in zip(stretches, lapses, strict=True)
    ]


def find_defects(samples: Samples) -> Sequence[Defect]:
    """Everything wrong with int16 (n,) at 24 kHz by itself, in order of time."""
    return settle([look(samples)])[0]


def _thinned(found: Sequence[Defect]) -> Sequence[Defect]:
    kept: list[Defect] = []
    for defect in sorted(found, key=lambda defect: defect.at_s):
        if not any(k.kind == defect.kind and defect.at_s - k.at_s < 0.5 for k in kept[-3:]):
            kept.append(defect)
    return kept


def _clipping(samples: Samples) -> Iterator[Defect]:
    at_limit = np.abs(samples.astype(np.int32)) >= _LIMIT
    for start, end in runs(at_limit):
        if end - start >= _CLIPPED_RUN:
            yield Defect("clipping", start / INTERNAL.rate)


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
