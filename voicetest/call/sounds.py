"""What sounds on the agent's line besides speech, for those who wait for speech."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from voicetest.audio.chunk import INTERNAL, Samples
from voicetest.audio.vad import Segment

__all__ = ["Sound", "Sounds"]

_PIECE_S = 0.02
_PIECE = round(INTERNAL.rate * _PIECE_S)
_AUDIBLE_DBFS = -55.0
"""Pieces below are taken for silence."""
_NEAR_S = 0.3
"""What sounds so near to speech is part of it: breath, echo, a soft consonant."""
_SHORTEST_S = 0.1
_ENDLESS_S = 10.0
"""Speech pauses sooner or later; a line that does not has sound of its own."""
_PAUSE_S = 0.1
_LOWEST, _HIGHEST = 6, 68
"""Bins of 50 Hz that a telephone carries: 300 to 3,400 Hz."""
_TONAL, _FLAT = 0.85, 0.15
"""Share of the power in three peaks, and the spectral flatness, of tones and of noise."""
_SILENCE, _TONES, _NOISE, _OTHER = range(4)
_WINDOW = np.hanning(_PIECE)
_NAMES = {_TONES: "tones", _NOISE: "noise", _OTHER: "music or other sound"}


@dataclass(frozen=True)
class Sound:
    """What sounded most, and for how many seconds anything did; for people."""

    kind: str
    seconds: float

    def __str__(self) -> str:
        return f"{self.kind} for {self.seconds:.1f} s"


class Sounds:
    """Remembers of each 20 ms whether they were tones, noise or something else: a byte each."""

    def __init__(self) -> None:
        self._kinds = array("b")
        self._quiet_s = 0.0
        self._unbroken_s = 0.0

    @property
    def endless(self) -> bool:
        """Whether the line has had no pause for 10 s."""
        return self._unbroken_s >= _ENDLESS_S

    def silence(self) -> None:
        """20 ms of digital silence."""
        self._kinds.append(_SILENCE)
        self._go_on(sounds=False)

    def hear(self, sound: Samples, *, speech: bool = False) -> None:
        """The next samples, int16 of shape (n,) at 24 kHz, n a multiple of 20 ms.

        What is known to be `speech` is not looked at for what else it may be.
        """
        for kind in _kinds(sound.reshape(-1, _PIECE), looks=not speech):
            self._kinds.append(kind)
            self._go_on(sounds=kind != _SILENCE)

    def _go_on(self, *, sounds: bool) -> None:
        self._quiet_s = 0.0 if sounds else self._quiet_s + _PIECE_S
        self._unbroken_s = 0.0 if self._quiet_s >= _PAUSE_S else self._unbroken_s + _PIECE_S

    def besides(self, speech: Sequence[Segment], since_s: float, until_s: float) -> Sound | None:
        """What sounded between two moments that was no speech; None if it was below 0.1 s."""
        first, last = max(round(since_s / _PIECE_S), 0), round(until_s / _PIECE_S)
        kinds = np.array(self._kinds[first:last], dtype=np.int8)
        for segment in speech:
            begin = round((segment.start - _NEAR_S) / _PIECE_S) - first
            end = round((segment.end + _NEAR_S) / _PIECE_S) - first
            kinds[max(begin, 0) : max(end, 0)] = _SILENCE
        counted = Counter(int(kind) for kind in kinds if kind != _SILENCE)
        seconds = counted.total() * _PIECE_S
        if seconds < _SHORTEST_S:
            return None
        (most, _), *_ = counted.most_common(1)
        return Sound(_NAMES[most], seconds)


def _kinds(frames: Samples, *, looks: bool) -> list[int]:
    """Of each frame, shape (m, _PIECE); with `looks` false they are silence or something else."""
    wide = frames / 32_768
    power = np.einsum("ij,ij->i", wide, wide) / _PIECE
    audible = power > 10 ** (_AUDIBLE_DBFS / 10)
    kinds = [_OTHER if sounds else _SILENCE for sounds in audible]
    loud = np.flatnonzero(audible)
    if not looks or not len(loud):
        return kinds
    spectra = np.square(np.abs(np.fft.rfft(wide[loud] * _WINDOW, axis=1)))
    band = spectra[:, _LOWEST:_HIGHEST] + 1e-12
    total = band.sum(axis=1)
    tonal = _three_peaks(band) > _TONAL * total
    flat = np.exp(np.log(band).mean(axis=1)) / (total / band.shape[1]) > _FLAT
    for at, is_tones, is_noise in zip(loud, tonal, flat, strict=True):
        kinds[at] = _TONES if is_tones else _NOISE if is_noise else _OTHER
    return kinds


def _three_peaks(band: NDArray[np.float64]) -> NDArray[np.float64]:
    """The power in and beside the three highest peaks of each spectrum, shape (m, bins)."""
    rest = np.pad(band, ((0, 0), (2, 2)))
    rows, around = np.arange(len(rest))[:, None], np.arange(-2, 3)
    peaks = np.zeros(len(rest))
    for _ in range(3):
        places = rest.argmax(axis=1)[:, None] + around
        peaks += rest[rows, places].sum(axis=1)
        rest[rows, places] = 0
    return peaks
