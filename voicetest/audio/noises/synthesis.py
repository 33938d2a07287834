"""Makes the noises out of bursts, tones and reverberation."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from voicetest.audio.chunk import INTERNAL, Samples
from voicetest.audio.waves import Wave, band, mix, room, seconds, shaped, to_samples
from voicetest.audio.waves import noise as hiss

__all__ = ["NOISES", "noise"]

RATE = INTERNAL.rate
SEED = 24_000
PEAK = -6.0
"""Of every noise, in dB below full scale."""
FADE_S = 0.01


def noise(name: str) -> Samples:
    """One of `NOISES`, int16 (n,) at 24 kHz, peak at -6 dBFS; each time the same samples."""
    wave = NOISES[name](np.random.default_rng(SEED))
    fade = round(FADE_S * RATE)
    wave[-fade:] *= np.linspace(1, 0, fade)
    return to_samples(wave * 10 ** (PEAK / 20) / np.abs(wave).max())


def _cough(random: np.random.Generator) -> Wave:
    """Two coughs: a burst as the throat opens, and the breath that follows, which falls off."""
    wave = np.zeros(round(1.0 * RATE))
    for at, loud in ((0.02, 1.0), (0.48, 0.8)):
        times = seconds(round(0.34 * RATE))
        breath = hiss(len(times), _throat, random)
        burst = np.exp(-times / 0.025) + 0.35 * np.exp(-np.square((times - 0.09) / 0.07))
        rough = 1 + 0.5 * np.sin(2 * np.pi * 70 * times)  # the folds flap, they do not sing
        mix(wave, round(at * RATE), loud * breath * burst * rough * _onset(times, 0.004))
    return room(wave, 0.2, 0.3, random)


def _door(random: np.random.Generator) -> Wave:
    """A door that falls shut: the thud of the frame, the rattle of the latch after it."""
    wave = np.zeros(round(0.9 * RATE))
    times = seconds(round(0.5 * RATE))
    thud = np.zeros(len(times))
    for hertz, decay in ((62, 0.09), (97, 0.07), (154, 0.04), (231, 0.03)):
        thud += np.sin(2 * np.pi * hertz * times) * np.exp(-times / decay)
    slap = hiss(len(times), band(80, 1_200, 2), random) * np.exp(-times / 0.025)
    mix(wave, round(0.03 * RATE), (thud + 0.8 * slap) * _onset(times, 0.002))
    for at, loud in ((0.05, 0.5), (0.11, 0.3)):
        latch = hiss(len(times), band(1_800, 5_000, 1), random) * np.exp(-times / 0.006)
        mix(wave, round(at * RATE), loud * latch)
    return room(wave, 0.5, 0.6, random)


def _dog(random: np.random.Generator) -> Wave:
    """Two barks: harmonics of a pitch that shoots up and falls, hoarse with noise."""
    wave = np.zeros(round(0.95 * RATE))
    for at, high in ((0.02, 620.0), (0.45, 560.0)):
        times = seconds(round(0.2 * RATE))
        place = times / times[-1]
        pitch = high * (0.55 + 0.45 * np.sin(np.pi * place**0.6))
        phase = 2 * np.pi * np.cumsum(pitch) / RATE
        voice = sum((np.sin(k * phase) / k for k in range(1, 13)), np.zeros(len(times)))
        hoarse = hiss(len(times), band(500, 3_000, 1.5), random)
        bark = shaped(voice + 0.7 * hoarse, _muzzle)
        mix(wave, round(at * RATE), bark * np.sin(np.pi * place) ** 0.5 * np.exp(-2 * place))
    return room(wave, 0.4, 0.4, random)


def _keyboard(random: np.random.Generator) -> Wave:
    """Seven keys typed within a second, each down and up again."""
    wave = np.zeros(round(1.2 * RATE))
    times = seconds(round(0.05 * RATE))
    at = 0.02
    for _ in range(7):
        loud = random.uniform(0.6, 1.0)
        for later, part in ((0.0, 1.0), (random.uniform(0.06, 0.08), 0.45)):
            sharp = hiss(len(times), band(1_500, 6_000, 1), random) * np.exp(-times / 0.003)
            thud = np.sin(2 * np.pi * random.uniform(160, 220) * times) * np.exp(-times / 0.008)
            mix(wave, round((at + later) * RATE), loud * part * (sharp + 0.4 * thud))
        at += random.uniform(0.11, 0.18)
    return room(wave, 0.15, 0.3, random)


def _horn(random: np.random.Generator) -> Wave:
    """A car's horn: two notes a third apart, with all their harmonics."""
    times = seconds(round(0.9 * RATE))
    notes = np.zeros(len(times))
    for pitch in (420.0, 505.0):
        for k in range(1, 14):
            notes += np.sin(2 * np.pi * pitch * k * times) / (1 + (k / 4) ** 2)
    held = np.clip(np.minimum(times, 0.75 - times) / 0.015, 0, 1)
    return room(notes * held, 0.3, 0.3, random)


def _clap(random: np.random.Generator) -> Wave:
    """Two hands once: some impacts within milliseconds, then the room."""
    wave = np.zeros(round(0.5 * RATE))
    times = seconds(round(0.1 * RATE))
    for at in (0.0, 0.0023, 0.0051, 0.0078):
        impact = hiss(len(times), band(700, 3_200, 1), random) * np.exp(-times / 0.004)
        mix(wave, round((0.01 + at) * RATE), impact * random.uniform(0.6, 1.0))
    return room(wave, 0.4, 0.7, random)


NOISES: Mapping[str, Callable[[np.random.Generator], Wave]] = {
    "cough": _cough,
    "door": _door,
    "dog": _dog,
    "keyboard": _keyboard,
    "horn": _horn,
    "clap": _clap,
}
"""What makes each noise, at any level, from a generator with a fixed seed."""


def _onset(times: Wave, rise_s: float) -> Wave:
    return np.clip(times / rise_s, 0, 1)


def _throat(hertz: Wave) -> Wave:
    """An open throat: broad peaks near 650, 1500 and 2700 Hz over a falling slope."""
    peaks = sum(
        (g / (1 + ((hertz - f) / w) ** 2) for f, w, g in _PEAKS_OF_A_COUGH), np.zeros(len(hertz))
    )
    return peaks * band(150, 7_000, 1)(hertz)


_PEAKS_OF_A_COUGH = ((650.0, 250.0, 1.0), (1_500.0, 350.0, 0.7), (2_700.0, 700.0, 0.45))


def _muzzle(hertz: Wave) -> Wave:
    """What a dog's mouth lets out: most between 500 and 1500 Hz."""
    return 0.1 + band(500, 1_500, 1.5)(hertz)
