"""A crowd that talks without saying anything: speech-like sound without words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from voicetest.audio.chunk import INTERNAL
from voicetest.audio.waves import Wave, fast_size, mix

__all__ = ["babble"]

RATE = INTERNAL.rate // 2
"""A crowd has little above 6 kHz, and so takes half the time."""
HOP = 120  # 10 ms
WINDOW = 3 * HOP
SIZE = 4 * HOP  # leaves 10 ms for the formants to ring
STEPS_A_SECOND = 100

VOWELS = np.array(
    [
        (270, 2290, 3010),
        (390, 1990, 2550),
        (530, 1840, 2480),
        (660, 1720, 2410),
        (730, 1090, 2440),
        (570, 840, 2410),
        (440, 1020, 2240),
        (300, 870, 2240),
        (640, 1190, 2390),
        (490, 1350, 1690),
    ],
    dtype=np.float64,
)
"""Formants in hertz of ten vowels of men (Peterson and Barney, JASA 24, 1952, table II)."""
BANDWIDTHS = np.array([80.0, 100.0, 140.0, 250.0])
FOURTH = 3_500.0
LOWEST, HIGHEST = 90.0, 250.0
"""Limits of the pitch in hertz."""
SLOWEST, FASTEST = 3.0, 5.0
"""Syllables a second."""


def babble(count: int, talkers: int, random: np.random.Generator) -> Wave:
    """`count` samples of so many talkers at once, none as loud as the next; RMS about 1.

    Each is a train of glottal pulses of wandering pitch through four moving formants, in syllables
    with a hiss before some, in phrases with pauses between.
    """
    crowd = np.zeros(-(-count // 2))
    for _ in range(talkers):
        voice = _talker(len(crowd), random)
        power = float(np.square(voice).mean()) if count else 0.0
        crowd += voice * random.uniform(0.5, 1) / np.sqrt(max(power, 1e-12))
    wave: Wave = _doubled(crowd)[:count] / (np.sqrt(talkers) * 0.75)
    return wave


@dataclass(frozen=True)
class _Course:
    """What one talker does, in steps of 10 ms: arrays of shape (steps,), formants (steps, 3)."""

    voiced: Wave
    hiss: Wave
    pitch: Wave
    formants: NDArray[np.float64]


def _talker(count: int, random: np.random.Generator) -> Wave:
    steps = -(-count // HOP) + 4
    course = _course(steps, random)
    at = np.arange(steps * HOP) / HOP
    phase = np.cumsum(np.interp(at, np.arange(steps), course.pitch)) / RATE
    throat = _pulses(phase % 1)
    breath = random.standard_normal(len(at))
    hertz: Wave = np.linspace(0, RATE / 2, SIZE // 2 + 1, dtype=np.float64)
    teeth = hertz**2 / (hertz**2 + 3_500.0**2)
    vowels = _spectra(throat + 0.02 * breath)
    vowels *= _resonances(course.formants, hertz)
    spectra = course.voiced[:, None] * vowels + course.hiss[:, None] * _spectra(breath) * teeth
    return _overlapped(spectra)[:count]


def _course(steps: int, random: np.random.Generator) -> _Course:
    """Phrases of some syllables, a pause after each; the talker may be anywhere in one at 0."""
    voiced, hiss = np.zeros(steps), np.zeros(steps)
    pitch = np.zeros(steps)
    targets: list[tuple[float, NDArray[np.float64]]] = []
    usual = random.uniform(LOWEST * 1.15, HIGHEST / 1.25)
    size = 1 + 0.18 * (usual - LOWEST) / (HIGHEST - LOWEST)  # a higher voice, a shorter throat
    step = -random.uniform(0, 2) * STEPS_A_SECOND
    while step < steps:
        syllables = int(random.integers(4, 13))
        tune = random.uniform(1.0, 1.2)
        for place in range(syllables):
            long = STEPS_A_SECOND / random.uniform(SLOWEST, FASTEST)
            begin = round(step)
            bump = np.sin(np.pi * (np.arange(round(long * 0.85)) + 0.5) / round(long * 0.85)) ** 0.7
            mix(voiced, begin, bump * random.uniform(0.4, 1))
            if random.random() < 0.5:
                burst = np.hanning(round(random.uniform(5, 12)) + 2)[1:-1]
                mix(hiss, begin - len(burst) // 2, burst * random.uniform(0.3, 1.0))
            falling = usual * tune * (1 - 0.25 * place / syllables) * random.uniform(0.93, 1.07)
            pitch[max(0, begin) : max(0, round(step + long))] = falling
            targets.append((step + long / 2, size * VOWELS[random.integers(len(VOWELS))]))
            step += long
        rest = random.uniform(0.3, 1.2) * STEPS_A_SECOND
        pitch[max(0, round(step)) : max(0, round(step + rest))] = usual
        step += rest
    pitch = np.clip(_smooth(pitch, 12), LOWEST, HIGHEST)
    times, wanted = np.array([t for t, _ in targets]), np.array([f for _, f in targets])
    path = np.stack([np.interp(np.arange(steps), times, track) for track in wanted.T], axis=1)
    return _Course(voiced, hiss, pitch, path)


def _smooth(track: Wave, width: int) -> Wave:
    padded = np.pad(track, (width // 2, width - 1 - width // 2), mode="edge")
    return np.convolve(padded, np.full(width, 1 / width), mode="valid")


def _pulses(phase: Wave) -> Wave:
    """Flow through the glottis, differentiated, at each phase from 0 to 1.

    Rosenberg's pulse C, "Effect of Glottal Pulse Shape on the Quality of Natural Vowels", JASA 49,
    1971: open for 40 % of a period, closing for 16 %.
    """
    opening = 0.5 / 0.4 * np.sin(np.pi * phase / 0.4)
    closing = -0.5 / 0.16 * np.sin(np.pi / 2 * (phase - 0.4) / 0.16)
    return np.where(phase < 0.4, opening, np.where(phase < 0.56, closing, 0.0))


def _spectra(wave: Wave) -> NDArray[np.complex64]:
    """Of a window of 30 ms at each step of 10 ms, shape (steps, SIZE // 2 + 1)."""
    padded = np.pad(wave, (0, WINDOW - HOP)).astype(np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP]
    hann = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)).astype(np.float32)
    return np.fft.rfft(windows * hann, SIZE).astype(np.complex64)


def _resonances(formants: NDArray[np.float64], hertz: Wave) -> NDArray[np.complex64]:
    """The throat's response at each step: the formants as resonances one after the other.

    Fant, "Acoustic Theory of Speech Production", 1960, equation 1.3-1.
    """
    tracks = [*formants.T, np.full(len(formants), FOURTH)]
    line = hertz.astype(np.float32)
    # What the resonances above the fourth add below them.
    response = np.tile(1 + (line / 2_500) ** 2, (len(formants), 1)).astype(np.complex64)
    for track, width in zip(tracks, BANDWIDTHS.astype(np.float32), strict=True):
        square = np.square(track).astype(np.float32)[:, None]
        response *= square / (square - line**2 + 1j * width * line)
    return response


def _overlapped(spectra: NDArray[np.complex128]) -> Wave:
    pieces = np.fft.irfft(spectra, SIZE).reshape(len(spectra), SIZE // HOP, HOP)
    steps = np.zeros((len(spectra) + SIZE // HOP - 1, HOP))
    for part in range(SIZE // HOP):
        steps[part : part + len(spectra)] += pieces[:, part]
    return steps.reshape(-1)


def _doubled(wave: Wave) -> Wave:
    """A wave at `RATE` as one at 24 kHz, through its spectrum."""
    size = fast_size(len(wave) + RATE // 10)
    return 2 * np.fft.irfft(np.fft.rfft(wave, size), 2 * size)[: 2 * len(wave)]
