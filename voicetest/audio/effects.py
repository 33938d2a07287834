"""What can be done to a line before it goes out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from voicetest import registry
from voicetest.audio.chunk import INTERNAL, AudioChunk, Samples
from voicetest.audio.g711 import over_the_phone
from voicetest.audio.waves import band, mix, seconds, shaped, to_samples, to_wave
from voicetest.errors import SetupError

__all__ = ["Echo", "Effect", "Gain", "Phone", "Robotic", "amplify", "chain", "custom"]

Effect: TypeAlias = Callable[[Samples, np.random.Generator], Samples]
"""Turns int16 (n,) at 24 kHz into int16 (m,), m >= n; randomness comes only from its argument."""

CARRIER_HZ = 50.0
COMB_S = 0.008
COMB_GAIN = 0.6
ROUNDS = 5
"""Of making up for the power that a very loud line loses because peaks are clipped."""


def amplify(audio: AudioChunk, decibels: float) -> AudioChunk:
    """PCM16 made louder or softer; what would leave the range of 16 bits is clipped."""
    if decibels == 0:
        return audio
    return AudioChunk.of(_scaled(audio.samples(), decibels), audio.format.rate)


@dataclass(frozen=True)
class Gain:
    """Louder by `db` decibels, or softer when negative; clips at the range of 16 bits."""

    db: float

    def __call__(self, samples: Samples, random: np.random.Generator) -> Samples:
        """The same length; `random` is not used."""
        return _scaled(samples, self.db)


@dataclass(frozen=True)
class Phone:
    """As heard over a telephone: the band of ITU-T G.712, 300 to 3400 Hz, then µ-law at 8 kHz."""

    def __call__(self, samples: Samples, random: np.random.Generator) -> Samples:
        """The same length, without delay; `random` is not used."""
        narrow = shaped(to_wave(samples), band(300, 3_400, 0.25))
        return over_the_phone(to_samples(narrow), INTERNAL.rate)


@dataclass(frozen=True)
class Robotic:
    """A voice of early science fiction: ring modulation (50 Hz sine) and a comb (8 ms).

    The modulation moves each harmonic 50 Hz up and down, so that none is left at its pitch (Dodge
    and Jerse, Computer Music, 1997, section 4.2); the comb puts one pitch of 125 Hz on it all.
    """

    def __call__(self, samples: Samples, random: np.random.Generator) -> Samples:
        """The same length, and the same mean power within 1 dB; `random` is not used."""
        wave = to_wave(samples)
        ring = wave * np.sin(2 * np.pi * CARRIER_HZ * seconds(len(wave)))
        combed = ring.copy()
        for repeat in range(1, 4):
            mix(combed, round(repeat * COMB_S * INTERNAL.rate), COMB_GAIN**repeat * ring)
        if not combed.any():
            return samples
        power = np.square(wave).sum()
        for _ in range(ROUNDS):
            combed *= np.sqrt(power / np.square(np.clip(combed, -1, 1)).sum())
        return to_samples(combed)


@dataclass(frozen=True)
class Echo:
    """A copy of the line after `delay_s` seconds, `level_db` louder (softer when negative)."""

    delay_s: float
    level_db: float = -9.0

    def __post_init__(self) -> None:
        if self.delay_s <= 0:
            raise ValueError(f"an echo comes after more than 0 s, not {self.delay_s:g} s")

    def __call__(self, samples: Samples, random: np.random.Generator) -> Samples:
        """Longer by the delay; softer as a whole if it would clip; `random` is not used."""
        delay = round(self.delay_s * INTERNAL.rate)
        both = np.pad(to_wave(samples), (0, delay))
        mix(both, delay, to_wave(samples) * 10 ** (self.level_db / 20))
        return to_samples(both / max(1.0, float(np.abs(both).max(initial=0))))


def chain(effects: Sequence[Effect], samples: Samples, random: np.random.Generator) -> Samples:
    """What a line, int16 (n,) at 24 kHz, is after all effects, the first one first."""
    for effect in effects:
        samples = effect(samples, random)
    return samples


def custom(name: str) -> Effect:
    """An effect that an installed package registers in `voicetest.effects`; its result is checked.

    Raises UnknownName, NotInstalled, and SetupError for what cannot be called; calling the effect
    raises SetupError for a result that is not int16 of shape (m,), m >= n.
    """
    effect = registry.load(registry.EFFECTS, name)
    if not callable(effect):
        raise SetupError(f"the effect '{name}' is {_kind(effect)}: expected a function")
    return _Checked(name, effect)


@dataclass(frozen=True)
class _Checked:
    name: str
    effect: Callable[[Samples, np.random.Generator], Any]

    def __call__(self, samples: Samples, random: np.random.Generator) -> Samples:
        result = self.effect(samples.copy(), random)
        match result:
            case np.ndarray(ndim=1, dtype=np.dtypes.Int16DType()) if len(result) >= len(samples):
                heard: Samples = result
                return heard
        raise SetupError(
            f"the effect '{self.name}' returned {_kind(result)}:"
            f" expected an int16 array of shape (n,), n at least {len(samples)}"
        )


def _kind(thing: object) -> str:
    match thing:
        case np.ndarray():
            return f"an array of {thing.dtype} of shape {thing.shape}"
        case _:
            return f"of type {type(thing).__name__}"


def _scaled(samples: Samples, decibels: float) -> Samples:
    return to_samples(to_wave(samples) * 10 ** (decibels / 20))
