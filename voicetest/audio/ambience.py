"""Places by their sound, put together out of noise, tones and babble."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from voicetest.audio.babble import babble
from voicetest.audio.chunk import INTERNAL
from voicetest.audio.waves import Wave, band, mix, noise, room, seconds, shaped

__all__ = ["PLACES"]

RATE = INTERNAL.rate
Place = Callable[[int, np.random.Generator], Wave]


def _babble(count: int, random: np.random.Generator) -> Wave:
    """A dozen people talking at once."""
    return babble(count, 12, random)


def _cafe(count: int, random: np.random.Generator) -> Wave:
    """Quieter babble in a room, cups on saucers, and what the room hums by itself."""
    heard = 0.8 * babble(count, 8, random)
    for at in _moments(count, 1.2, random):
        for _ in range(int(random.integers(1, 4))):
            mix(heard, at, random.uniform(0.6, 2.0) * _clink(random))
            at += int(random.uniform(0.06, 0.2) * RATE)
    return room(heard, 0.5, 0.7, random) + 0.25 * noise(count, _pink, random)


def _street(count: int, random: np.random.Generator) -> Wave:
    """A low rumble, cars that pass, now and then a horn far away."""
    heard = 0.5 * noise(count, lambda hertz: band(35, 120, 1)(hertz), random)
    heard += 0.15 * noise(count, _pink, random)
    times = seconds(count)
    for at in _moments(count, 0.25, random, first=True):
        near = 1 / (1 + ((times - at / RATE) / random.uniform(0.6, 1.3)) ** 2)
        tyres = noise(count, band(150, 1_500, 1.5), random) * near
        bright = noise(count, band(800, 4_000, 1.5), random) * near**2
        heard += random.uniform(0.7, 1.2) * (tyres + 0.35 * bright)
    far = np.zeros(count)
    for at in _moments(count, 0.08, random, first=True):
        mix(far, at, 0.25 * _horn(random.uniform(0.3, 0.8)))
    return heard + room(far, 0.8, 1.0, random)


def _office(count: int, random: np.random.Generator) -> Wave:
    """Air conditioning, keyboards, and colleagues behind a door."""
    times = seconds(count)
    hum = sum(
        (np.sin(2 * np.pi * 60 * k * times + k) / k**1.5 for k in range(1, 6)), np.zeros(count)
    )
    fan = noise(count, lambda hertz: 1 / (1 + (hertz / 400) ** 1.3), random)
    colleagues = room(shaped(babble(count, 4, random), band(150, 1_000, 1)), 0.6, 1.2, random)
    clicks = np.zeros(count)
    for at in _moments(count, 0.35, random, first=True):
        for _ in range(int(random.integers(4, 14))):
            mix(clicks, at, random.uniform(0.4, 1) * _key(random))
            at += int(random.uniform(0.09, 0.25) * RATE)
    return 0.35 * hum + 0.6 * fan + 0.3 * colleagues + 1.6 * room(clicks, 0.3, 0.5, random)


PLACES: Mapping[str, Place] = {
    "cafe": _cafe,
    "street": _street,
    "office": _office,
    "babble": _babble,
}
"""Each makes so many samples of a place, at any level."""


def _pink(hertz: Wave) -> Wave:
    """Equal power in each octave from 40 Hz."""
    return 1 / np.sqrt(np.maximum(hertz, 40))


def _moments(
    count: int, a_second: float, random: np.random.Generator, *, first: bool = False
) -> Iterator[int]:
    """Samples at which something happens, on average so often; with `first` one early on."""
    at = random.uniform(0, min(2.0, count / RATE)) if first else random.exponential(1 / a_second)
    while at * RATE < count:
        yield int(at * RATE)
        at += random.exponential(1 / a_second)


def _clink(random: np.random.Generator) -> Wave:
    """A cup on a saucer: partials as of a small plate that fall within a tenth of a second."""
    times = seconds(round(0.25 * RATE))
    lowest = random.uniform(1_800, 3_200)
    partials = np.zeros(len(times))
    for ratio in (1.0, 1.53, 2.14, 2.75, 3.4):
        decay = random.uniform(0.015, 0.05)
        partials += np.sin(2 * np.pi * lowest * ratio * times) * np.exp(-times / decay) / ratio
    return partials * np.clip(times / 0.0005, 0, 1)


def _key(random: np.random.Generator) -> Wave:
    """A key of a keyboard, down and up again."""
    click = np.zeros(round(0.12 * RATE))
    for at, loud in ((0.0, 1.0), (random.uniform(0.05, 0.08), 0.5)):
        times = seconds(round(0.03 * RATE))
        sharp = noise(len(times), band(1_500, 6_000, 1), random) * np.exp(-times / 0.003)
        thud = np.sin(2 * np.pi * 180 * times) * np.exp(-times / 0.008)
        mix(click, round(at * RATE), loud * (sharp + 0.3 * thud))
    return click


def _horn(length_s: float) -> Wave:
    """The two notes of a car's horn, without their upper harmonics: it is far away."""
    times = seconds(round(length_s * RATE))
    notes = np.zeros(len(times))
    for pitch in (420.0, 505.0):
        for k in range(1, 5):
            notes += np.sin(2 * np.pi * pitch * k * times) / k
    return notes * np.clip(np.minimum(times, times[::-1]) / 0.03, 0, 1)
