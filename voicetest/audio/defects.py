"""What no healthy line does to sound: clipping, drop-outs, loops."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from voicetest.audio.chunk import Samples
from voicetest.audio.clipping import find_clipping
from voicetest.audio.gaps import Voice, dropouts, study
from voicetest.audio.repeats import find_repeats

__all__ = ["Defect", "Findings", "find_defects", "look", "settle"]


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
    clipped = [Defect("clipping", at) for at in find_clipping(samples)]
    repeated = [Defect("loop", at) for at in find_repeats(samples)]
    return Findings((*clipped, *repeated), study(samples))


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
