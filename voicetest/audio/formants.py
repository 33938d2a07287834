"""Where the resonances of a voice lie, which shows at what rate it was recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from voicetest.audio.chunk import INTERNAL, Samples
from voicetest.audio.resample import resample

__all__ = ["Formants", "formants"]

_TOP = 3_800
"""Hertz up to which resonances are looked for: what telephones carry."""
_ORDER = 10
"""Of linear prediction: two for each kilohertz and two (Markel and Gray, 1976)."""
_RATE = 2 * _TOP
_WIDTH, _HOP = round(0.03 * _RATE), round(0.015 * _RATE)
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
    frames = np.concatenate([np.empty((0, _WIDTH)), *map(_frames, stretches)])
    step = max(1, len(frames) // _MOST)
    found = [three for roots in _roots(frames[::step]) if (three := _resonances(roots)) is not None]
    if len(found) < _ENOUGH:
        return None
    first, second, third = np.median(np.array(found), axis=0).tolist()
    return Formants(first, second, third)


def _frames(samples: Samples) -> NDArray[np.float64]:
    """Windows (n, _WIDTH) of the louder parts, with the higher ones of their partials raised."""
    narrow = resample(samples, INTERNAL.rate, _RATE).astype(np.float64)
    if len(narrow) < _RATE // 10:
        return np.empty((0, _WIDTH))
    raised = narrow[1:] - 0.95 * narrow[:-1]
    cut = sliding_window_view(raised[:-1], _WIDTH)[::_HOP] * np.hamming(_WIDTH)
    power = _products(cut, 0)
    louder: NDArray[np.float64] = cut[power > power.max() * 0.01]
    return louder


def _products(frames: NDArray[np.float64], lag: int) -> NDArray[np.float64]:
    """What each frame is in common with itself `lag` samples later."""
    here, later = frames[:, None, : frames.shape[1] - lag], frames[:, lag:, None]
    products: NDArray[np.float64] = (here @ later)[:, 0, 0]
    return products


def _roots(frames: NDArray[np.float64]) -> NDArray[np.complex128]:
    """Those of the linear prediction of each frame that is not silent, (n, _ORDER)."""
    lags = np.stack([_products(frames, lag) for lag in range(_ORDER + 1)], axis=1)
    lags[:, 0] *= 1.0001
    lags = lags[lags[:, 0] > 0]
    apart = np.abs(np.subtract.outer(np.arange(_ORDER), np.arange(_ORDER)))
    predictors = np.linalg.solve(lags[:, apart], lags[:, 1:, None])[:, :, 0]
    # As np.roots finds them, which takes one polynomial at a time.
    companions = np.zeros((len(lags), _ORDER, _ORDER))
    companions[:, np.arange(1, _ORDER), np.arange(_ORDER - 1)] = 1
    companions[:, 0] = predictors
    return np.linalg.eigvals(companions).astype(np.complex128)


def _resonances(roots: NDArray[np.complex128]) -> tuple[float, float, float] | None:
    """The lowest three that are narrow."""
    roots = roots[roots.imag > 0.01]
    hertz = np.angle(roots) * _TOP / np.pi
    width = -np.log(np.abs(roots)) * 2 * _TOP / np.pi
    kept = np.sort(hertz[(width < 400) & (hertz > 200) & (hertz < _TOP - 150)])
    return (float(kept[0]), float(kept[1]), float(kept[2])) if len(kept) > 2 else None
