"""Arithmetic on waves: float64 of shape (n,) at 24 kHz, where full scale is 1."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from voicetest.audio.chunk import INTERNAL, Samples

__all__ = [
    "Wave",
    "band",
    "fast_size",
    "mix",
    "noise",
    "room",
    "seconds",
    "shaped",
    "to_samples",
    "to_wave",
]

Wave: TypeAlias = NDArray[np.float64]
FULL = 32_768.0
_TAIL_S = 0.1


def to_wave(samples: Samples) -> Wave:
    """The wave that int16 (n,) stands for."""
    return samples.astype(np.float64) / FULL


def to_samples(wave: Wave) -> Samples:
    """A wave as int16 (n,); what would leave the range of 16 bits is clipped."""
    return np.clip(np.rint(wave * FULL), -FULL, FULL - 1).astype(np.int16)


def seconds(count: int) -> Wave:
    """The time in seconds of each of `count` samples, from 0."""
    return np.arange(count) / INTERNAL.rate


def band(low: float, high: float, width: float) -> Callable[[Wave], Wave]:
    """The gain at frequencies in hertz of a band-pass: 1 from `low` to `high`, else 0.

    Its flanks are half a period of a cosine, `width` octaves wide and outside the band.
    """

    def gain(hertz: Wave) -> Wave:
        octaves = np.log2(np.maximum(hertz, 1e-3))
        below = np.clip((octaves - np.log2(low)) / width + 1, 0, 1)
        above = np.clip((np.log2(high) - octaves) / width + 1, 0, 1)
        both: Wave = 0.25 * (1 - np.cos(np.pi * below)) * (1 - np.cos(np.pi * above))
        return both

    return gain


def shaped(wave: Wave, gain: Callable[[Wave], Wave]) -> Wave:
    """A whole wave (n,) with each frequency in hertz multiplied by its gain: no delay, also (n,).

    The end does not leak into the beginning: a tenth of a second of silence lies between them.
    """
    size = fast_size(len(wave) + round(_TAIL_S * INTERNAL.rate))
    hertz: Wave = np.linspace(0, INTERNAL.rate / 2, size // 2 + 1, dtype=np.float64)
    spectrum = np.fft.rfft(wave, size) * gain(hertz)
    return np.fft.irfft(spectrum, size)[: len(wave)]


def noise(count: int, gain: Callable[[Wave], Wave], random: np.random.Generator) -> Wave:
    """Gaussian noise (count,) with that gain at each frequency in hertz, scaled to RMS 1."""
    wave = shaped(random.standard_normal(count), gain)
    return wave / max(float(np.sqrt(np.square(wave).mean())), 1e-12) if count else wave


def room(wave: Wave, decay_s: float, wet: float, random: np.random.Generator) -> Wave:
    """A wave as heard in a room: itself and `wet` times as loud its reverberation, also (n,).

    The room's response is noise that falls by 60 dB in `decay_s` seconds, softer at high
    frequencies (Moorer, "About This Reverberation Business", Computer Music Journal 3:2, 1979).
    """
    length = round(decay_s * INTERNAL.rate)
    tail = shaped(random.standard_normal(length), lambda hertz: 1 / (1 + hertz / 2_000))
    tail *= 10 ** (-3 * seconds(length) / decay_s)
    tail *= wet / np.sqrt(np.square(tail).sum())
    size = fast_size(len(wave) + length)
    echo = np.fft.irfft(np.fft.rfft(wave, size) * np.fft.rfft(tail, size), size)
    return wave + echo[: len(wave)]


def mix(into: Wave, at: int, wave: Wave) -> None:
    """Add a wave in place from sample `at`, which may be negative; what sticks out is left off."""
    start, end = max(0, at), min(len(into), at + len(wave))
    if start < end:
        into[start:end] += wave[start - at : end - at]


def fast_size(size: int) -> int:
    """The next length that is a power of two, or three quarters of one: quick to transform."""
    power = 1 << max(size - 1, 1).bit_length()
    return power * 3 // 4 if power * 3 // 4 >= size else power
