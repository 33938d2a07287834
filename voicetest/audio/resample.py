"""Changes of sample rate: whole recordings, and sound that is still arriving."""

from __future__ import annotations

from functools import lru_cache
from math import gcd

import numpy as np
import soxr
from numpy.typing import NDArray

from voicetest.audio.chunk import Samples

__all__ = ["StreamingResampler", "resample"]

DELAY = 0.002
STOP_BAND = 50.0
LARGEST_PERIOD = 4_000_000
ROW = 48
"""Input or output samples, at least, in one row of the matrix product: shorter rows cost more."""


def resample(samples: Samples, rate_in: int, rate_out: int) -> Samples:
    """A whole recording, int16 (n,), from `rate_in` to `rate_out` hertz, in phase with the input.

    Not for a timed path: it sees all of the sound at once.
    """
    if rate_in == rate_out:
        return samples
    # soxr dithers int16 by a seed made of the time of day; floats stay deterministic.
    return _to_int16(soxr.resample(samples.astype(np.float64), rate_in, rate_out, quality="HQ"))


class StreamingResampler:
    """Changes the rate of sound as it arrives, at a constant delay of 2 ms.

    A windowed-sinc low-pass filter (Kaiser window) in as many phases as the ratio of the rates
    needs (Crochiere and Rabiner, Multirate Digital Signal Processing, chapter 3), evaluated as one
    matrix product over whole periods of that ratio. After n input samples exactly
    ceil(n * rate_out / rate_in) have come out, the same ones however the sound is cut.
    """

    def __init__(self, rate_in: int, rate_out: int) -> None:
        """Rates in hertz; raises ValueError for a pair whose ratio needs too large a table."""
        divisor = gcd(rate_in, rate_out)
        self._up, self._down = rate_out // divisor, rate_in // divisor
        if self._up * self._down > LARGEST_PERIOD:
            raise ValueError(f"no live resampling from {rate_in} to {rate_out} Hz: odd ratio")
        half = 0 if rate_in == rate_out else round(DELAY * rate_in)
        self._delay = half / rate_in
        self._memory = 2 * half
        periods = max(1, ROW // max(self._up, self._down))
        self._matrix = _matrix(rate_in, rate_out, half, periods)
        self._up, self._down = self._up * periods, self._down * periods
        self._taken = 0  # input samples since the period began; `_past` holds them
        self._past = np.zeros(self._memory, dtype=np.float64)

    @property
    def delay(self) -> float:
        """Seconds by which the output is later than the input."""
        return self._delay

    def process(self, samples: Samples) -> Samples:
        """The output that the next input samples, int16 (n,), make ready, int16 (m,)."""
        up, down = self._up, self._down
        total = self._taken + len(samples)
        if not samples.any() and not self._past.any():
            whole, taken = divmod(total, down)
            silence: Samples = np.zeros(
                -(-total * up // down) - -(-self._taken * up // down), dtype=np.int16
            )
            self._taken, self._past = taken, np.zeros(self._memory + taken, dtype=np.float64)
            return silence
        periods = -(-total // down)
        sound = np.zeros(self._memory + periods * down, dtype=np.float64)
        sound[: len(self._past)] = self._past
        sound[len(self._past) : self._memory + total] = samples
        # Rows that overlap: each begins `down` samples after the one before it.
        rows: NDArray[np.float64] = np.ndarray(
            (periods, self._memory + down),
            np.float64,
            sound,
            strides=(down * sound.itemsize, sound.itemsize),
        )
        # Later input has no weight in earlier output, so the unfilled end of a period is harmless.
        output = (rows @ self._matrix).reshape(-1)[
            -(-self._taken * up // down) : -(-total * up // down)
        ]
        whole, self._taken = divmod(total, down)
        self._past = sound[whole * down : self._memory + total].copy()
        return _to_int16(output)


@lru_cache(maxsize=8)
def _matrix(rate_in: int, rate_out: int, half: int, periods: int) -> NDArray[np.float64]:
    """That of `_period_matrix` for two rates in hertz; many calls have the same."""
    divisor = gcd(rate_in, rate_out)
    phases = _phases(rate_in, rate_out, rate_out // divisor, half)
    matrix = _period_matrix(phases, rate_in // divisor, periods)
    matrix.flags.writeable = False
    return matrix


def _phases(rate_in: int, rate_out: int, up: int, half: int) -> NDArray[np.float64]:
    """One row of coefficients for each phase, newest sample first, of which each sums to 1."""
    if not half:
        return np.ones((1, 1), dtype=np.float64)
    beta = 0.1102 * (STOP_BAND - 8.7)
    # Kaiser's estimate of the transition band of a filter that long, in cycles per input sample.
    transition = (STOP_BAND - 7.95) / (14.36 * 2 * half)
    cutoff = min(0.5, 0.5 * rate_out / rate_in) - transition / 2
    centred = np.arange(-half, half + 1)[None, :] + np.arange(up)[:, None] / up
    inside = np.clip(1 - (centred / (half + 1)) ** 2, 0, None)
    taps: NDArray[np.float64] = np.sinc(2 * cutoff * centred) * np.i0(beta * np.sqrt(inside))
    taps /= taps.sum(axis=1, keepdims=True)
    return taps


def _period_matrix(phases: NDArray[np.float64], down: int, periods: int) -> NDArray[np.float64]:
    """What turns `periods * down` input samples and those before them into as many periods."""
    up, width = phases.shape
    matrix = np.zeros((periods * down + width - 1, periods * up), dtype=np.float64)
    for output in range(periods * up):
        newest, phase = divmod(output * down, up)
        matrix[newest : newest + width, output] = phases[phase, ::-1]
    return matrix


def _to_int16(wide: NDArray[np.float64]) -> Samples:
    # A hair above, so that an exact half rounds the same way whatever the order of the sums was.
    rounded = np.rint(wide + 1e-6)
    np.minimum(rounded, 32_767, out=rounded)
    np.maximum(rounded, -32_768, out=rounded)
    samples: Samples = rounded.astype(np.int16)
    return samples
