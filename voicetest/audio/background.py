"""Sound behind a speaker: beds without an end, and how loud speech is over them."""

from __future__ import annotations

import numpy as np

from voicetest.audio.ambience import PLACES
from voicetest.audio.chunk import INTERNAL, Samples
from voicetest.audio.waves import Wave, to_samples, to_wave
from voicetest.registry import UnknownName, nearest

__all__ = ["LEVEL", "SOUNDS", "Bed", "active_level", "background"]

SOUNDS = tuple(PLACES)
LEVEL = -26.0
"""Mean power of every bed in dBFS (a full-scale square wave is 0)."""
CROSSFADE_S = 1.0
HIGHEST_CREST = 20.0
"""Peaks further than this above the mean power, in dB, are bent down: none can clip."""

FRAME = 240  # 10 ms
SILENT = -100.0
SOUND_DB, ACTIVE_DB = 30.0, 20.0


def background(sound: str, seconds: float, random: np.random.Generator) -> Samples:
    """So many seconds of one of `SOUNDS`, int16 (n,) at 24 kHz, that can be played in a loop.

    It is made up on the spot, without recordings: the same seed gives the same samples. Its mean
    power is -26 dBFS. Its beginning is crossfaded with what would have come after its end. Raises
    UnknownName, and ValueError unless it is at least a second.
    """
    if sound not in PLACES:
        known = ", ".join(SOUNDS)
        raise UnknownName(
            f"unknown background '{sound}'{nearest(sound, SOUNDS)}; there are: {known}"
        )
    if seconds < 1:
        raise ValueError(f"a background is at least 1 s long, not {seconds:g} s")
    count = round(seconds * INTERNAL.rate)
    fade = min(round(CROSSFADE_S * INTERNAL.rate), count)
    wave = PLACES[sound](count + fade, random)
    # Both halves are unrelated, so their powers add up: quarters of a sine and a cosine.
    turn = np.pi / 2 * np.arange(fade) / fade
    wave[:fade] = wave[:fade] * np.sin(turn) + wave[count:] * np.cos(turn)
    return to_samples(_levelled(wave[:count]))


def active_level(samples: Samples) -> float:
    """How loud speech is while somebody speaks, in dBFS, of int16 (n,) at 24 kHz.

    The mean power of the 10 ms frames within 20 dB of the 95th percentile of those that are within
    30 dB of the loudest one, so that pauses do not count: in the spirit of ITU-T P.56, method B,
    without its exponential envelope. -100 for digital silence.
    """
    frames = to_wave(samples[: len(samples) // FRAME * FRAME]).reshape(-1, FRAME)
    power = np.square(frames).mean(axis=1)
    if not power.any():
        return SILENT
    sound = power[power >= power.max() * 10 ** (-SOUND_DB / 10)]
    active = power[power >= np.percentile(sound, 95) * 10 ** (-ACTIVE_DB / 10)]
    return float(10 * np.log10(active.mean()))


class Bed:
    """A background that plays in a loop without an end."""

    def __init__(self, samples: Samples, level_dbfs: float) -> None:
        """One turn of the loop, int16 (n,), and the mean power to play it at.

        Raises ValueError when it has no samples; digital silence stays silent.
        """
        if not len(samples):
            raise ValueError("a background needs at least one sample")
        wave = to_wave(samples)
        power = float(np.square(wave).mean())
        self._samples = (
            to_samples(wave * np.sqrt(10 ** (level_dbfs / 10) / power)) if power else samples
        )
        self._at = 0  # the next sample, within the loop

    def take(self, frames: int) -> Samples:
        """The next samples, int16 (frames,)."""
        places = np.arange(self._at, self._at + frames) % len(self._samples)
        self._at = (self._at + frames) % len(self._samples)
        return self._samples[places]


def _levelled(wave: Wave) -> Wave:
    """At `LEVEL`, with no peak above `HIGHEST_CREST`."""
    target = 10 ** (LEVEL / 20)
    ceiling = target * 10 ** (HIGHEST_CREST / 20)
    for _ in range(3):  # bending peaks takes a little of the power
        wave = ceiling * np.tanh(wave * (target / np.sqrt(np.square(wave).mean())) / ceiling)
    wave *= target / np.sqrt(np.square(wave).mean())
    return wave
