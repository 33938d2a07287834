"""Where the resonances of a voice lie, which shows at what rate it was recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from voicetest.audio.chunk import INTERNAL, Samples
from voicetest.audio.resample import resample

__all__ = ["Formants", "formants"]

_TOP = 3_800
"""Hertz up to which resonances are looked for: what telephones carry."""
_ORDER = 10
"""Of linear prediction: two for each kilohertz and two (Markel and Gray, 1976)."""
_WIDTH, _HOP = 0.03, 0.015
_ENOUGH = 30
"""Frames with three resonances that a median needs: half a second."""
_MOST = 1_000
"""Frames of a long call that are looked at, spread evenly."""


@dataclass(frozen=True)
class Formants:
    """The medians of the first three resonances in hertz."""

    first: float
    second: float
    third: float


def formants(stretches: Sequence[Samples]) -> Formants | None:
    """Those of one speaker's speech, int16 (n,) at 24 kHz each; None for too little of it."""
    frames = [frame for stretch in stretches for frame in _frames(stretch)]
    step = max(1, len(frames) // _MOST)
    found = [three for frame in frames[::step] if (three := _resonances(frame)) is not None]
    if len(found) < _ENOUGH:
        return None
    first, second, third = np.median(np.array(found), axis=0).tolist()
    return Formants(first, second, third)


def _frames(samples: Samples) -> list[NDArray[np.float64]]:
    """Windows of the louder parts, with the higher ones of their partials raised."""
    rate = 2 * _TOP
    narrow = resample(samples, INTERNAL.rate, rate).astype(np.float64)
    if len(narrow) < rate // 10:
        return []
    raised = narrow[1:] - 0.95 * narrow[:-1]
    width, hop = round(_WIDTH * rate), round(_HOP * rate)
    window = np.hamming(width)
    cut = [raised[at : at + width] * window for at in range(0, len(raised) - width, hop)]
    power = np.array([float(frame @ frame) for frame in cut])
    return [frame for frame, p in zip(cut, power, strict=True) if p > power.max() * 0.01]


def _resonances(frame: NDArray[np.float64]) -> tuple[float, float, float] | None:
    """The lowest three that are narrow, by the roots of linear prediction."""
    lags = np.array([float(frame[: len(frame) - lag] @ frame[lag:]) for lag in range(_ORDER + 1)])
    lags[0] *= 1.0001
    if lags[0] <= 0:
        return None
    apart = np.abs(np.subtract.outer(np.arange(_ORDER), np.arange(_ORDER)))
    predictor = np.linalg.solve(lags[apart], lags[1:])
    roots = np.roots(np.concatenate(([1.0], -predictor)))
    roots = roots[roots.imag > 0.01]
    hertz = np.angle(roots) * _TOP / np.pi
    width = -np.log(np.abs(roots)) * 2 * _TOP / np.pi
    kept = np.sort(hertz[(width < 400) & (hertz > 200) & (hertz < _TOP - 150)])
    return (float(kept[0]), float(kept[1]), float(kept[2])) if len(kept) > 2 else None
