"""Loops: pieces of speech that come again at once, which no speaker can do."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from voicetest.audio.chunk import INTERNAL, Samples
from voicetest.audio.resample import resample
from voicetest.audio.stretches import runs

__all__ = ["find_repeats"]

_RATE = 8_000
"""Where pieces are looked for; they are compared at the full rate."""
_WINDOW = _RATE * 40 // 1000
_HOP = _RATE * 20 // 1000
_LAGS = (0.055, 0.5)
"""After how many seconds a piece may come again, which is how long it is too."""
_LOUD = 300.0
"""Root mean square of what is looked at (-41 dBFS)."""
_ALIKE = 0.92
"""The least normalised cross-correlation of what is compared at the full rate."""
_NEAR = _RATE * 2 // 1000
"""Samples around the best lag that are no other lag."""
_TONAL = 0.001
"""How much less than the best the others have to be, for sound that is no tone."""
_SAME_DB = -14.0
"""How far below the sound the difference of a piece and its repeat is: codecs leave some."""
_PIECE, _SIZE = 4 * _HOP, 1024
"""Lags that are looked at together, and the size of the transform that takes them."""
_AT_ONCE = 64
"""Windows that are looked at together."""
_ROUNDING = 1e-5
"""What that may be off by, as a share of the sound in a transform and in a window."""
_BLOCK = INTERNAL.rate // 200
_EDGES = 3
"""Blocks of 5 ms at the ends of a piece that need not be the same."""
_FRACTIONS = (-0.5, -0.25, 0.0, 0.25, 0.5)
"""Parts of a sample by which a lag may be off, where the line has another rate."""


def find_repeats(samples: Samples) -> list[float]:
    """Where, in seconds, a piece of int16 (n,) at 24 kHz begins again."""
    found: list[float] = []
    if len(samples) < 2 * _BLOCK:
        return found
    # What is near the upper end of the band cannot be compared at parts of a sample.
    wide = np.convolve(samples.astype(np.float64), np.array([1, 4, 6, 4, 1]) / 16, "same")
    for at, lag in _candidates(resample(samples, INTERNAL.rate, _RATE).astype(np.float64)):
        scale = INTERNAL.rate // _RATE
        again = _compared(wide, at * scale, lag * scale)
        if again is not None and not (found and again - found[-1] < _LAGS[0]):
            found.append(again)
    return found


def _candidates(sound: NDArray[np.float64]) -> Iterator[tuple[int, int]]:
    """Where a window is much like what comes later, and how many samples later."""
    least, most = (round(lag * _RATE) for lag in _LAGS)
    power = np.concatenate(([0.0], np.cumsum(sound**2)))
    size = 1 << (2 * _WINDOW + most).bit_length()
    for at in _promising(sound, power):
        energy = power[at + _WINDOW] - power[at]
        reach = min(most, len(sound) - _WINDOW - at)
        here = np.fft.rfft(sound[at : at + _WINDOW], size)
        later = np.fft.rfft(sound[at : at + reach + _WINDOW], size)
        alike = np.fft.irfft(later * here.conj(), size)[least:reach]
        starts = at + np.arange(least, reach)
        norm = np.sqrt(energy * np.maximum(power[starts + _WINDOW] - power[starts], 1.0))
        alike = alike / norm
        if len(alike) and alike.max() >= _ALIKE:
            best = int(np.argmax(alike))
            others = np.delete(alike, slice(max(best - _NEAR, 0), best + _NEAR + 1))
            # A tone is like itself after each of its periods.
            if len(others) >= _HOP and 1 - others.max() > 2 * (1 - alike[best]) + _TONAL:
                yield at, least + best


def _promising(sound: NDArray[np.float64], power: NDArray[np.float64]) -> Iterator[int]:
    """Where a window is about as much like what comes later as has to be, or more.

    All windows are compared with pieces of `_PIECE` lags at once and not as exactly, which takes a
    tenth of the time.
    """
    least, most = (round(lag * _RATE) for lag in _LAGS)
    starts = np.arange(0, len(sound) - _WINDOW - least, _HOP)
    starts = starts[power[starts + _WINDOW] - power[starts] >= _WINDOW * _LOUD**2]
    if not len(starts):
        return
    padded = np.concatenate((sound, np.zeros(most + 2 * _SIZE)))
    total = np.concatenate((power, np.full(len(padded) - len(sound), power[-1])))
    level = np.full(len(padded), np.inf, np.float32)
    level[: len(sound) - _WINDOW] = np.sqrt(
        np.maximum(power[_WINDOW:-1] - power[: -_WINDOW - 1], 1)
    )
    for first in range(0, len(starts), _AT_ONCE):
        some = starts[first : first + _AT_ONCE]
        places = (some - some[0]) // _HOP
        whole = sliding_window_view(padded, _SIZE)[some[0] : some[-1] + most + _HOP : _HOP]
        spectra = np.fft.rfft(whole).astype(np.complex64)
        here = padded[some[:, None] + np.arange(_WINDOW)]
        windows = np.fft.rfft(here, _SIZE).conj().astype(np.complex64)
        energy = total[some + _WINDOW] - total[some]
        best = np.zeros(len(some))
        for lag in range(0, most, _PIECE):
            low, high = max(least - lag, 0), min(most - lag, _PIECE)
            alike = np.fft.irfft(spectra[places + lag // _HOP] * windows, _SIZE)[:, low:high]
            wide = total[some + lag + _SIZE] - total[some + lag]
            alike += (_ROUNDING * np.sqrt(energy * wide)).astype(np.float32)[:, None]
            alike /= sliding_window_view(level, high - low)[some + lag + low]
            np.maximum(best, alike.max(axis=1), out=best)
        yield from some[best >= _ALIKE * np.sqrt(energy)].tolist()


def _compared(sound: NDArray[np.float64], at: int, lag: int) -> float | None:
    """Where the piece around `at` begins again after about `lag` samples, if all of it does."""
    margin = lag + 2 * _BLOCK
    first, last = max(at - margin, 2), min(at + 2 * margin, len(sound) - lag - 4)
    if last - first < lag:
        return None
    here = sound[first:last]
    begin = max(at, first)
    end = min(begin + 40 * INTERNAL.rate // 1000, last)
    centre, wholes = sound[begin:end], range(lag - 2, lag + 3)
    begins, ends = begin + wholes[0], end + wholes[-1]
    later = np.stack([_later(sound, begins, ends, part) for part in _FRACTIONS])
    rests = centre - sliding_window_view(later, len(centre), axis=1)
    nearest = int(np.argmin((rests**2).sum(axis=2).T))
    whole, part = wholes[nearest // len(_FRACTIONS)], _FRACTIONS[nearest % len(_FRACTIONS)]
    blocks = len(here) // _BLOCK
    energy = (here[: blocks * _BLOCK].reshape(blocks, _BLOCK) ** 2).sum(axis=1)
    found = here - _later(sound, first + whole, last + whole, part)
    rest = (found[: blocks * _BLOCK].reshape(blocks, _BLOCK) ** 2).sum(axis=1)
    loudest = energy.max() * 1e-4
    same = rest <= np.maximum(energy, loudest) * 10 ** (_SAME_DB / 10)
    place = (at - first) // _BLOCK + 2
    for start, end in runs(same):
        if start <= place < end and (end - start + _EDGES) * _BLOCK >= lag:
            return (first + start * _BLOCK + lag) / INTERNAL.rate
    return None


def _later(sound: NDArray[np.float64], start: int, end: int, part: float) -> NDArray[np.float64]:
    """The samples from `start` to `end`, a part of one later, by a cubic through four."""
    whole = 1 if part < 0 else 0
    t = part + whole
    a, b, c, d = (sound[start - whole + k : end - whole + k] for k in (-1, 0, 1, 2))
    if t == 0:
        return b
    slope = (c - a) / 2, (d - b) / 2
    cubic: NDArray[np.float64] = (
        (2 * t**3 - 3 * t**2 + 1) * b
        + (t**3 - 2 * t**2 + t) * slope[0]
        + (3 * t**2 - 2 * t**3) * c
        + (t**3 - t**2) * slope[1]
    )
    return cubic
