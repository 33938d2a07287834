"""Drop-outs: where a voice falls to nothing and comes back as no voice does by itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from voicetest.audio.chunk import INTERNAL, Samples
from voicetest.audio.stretches import runs

__all__ = ["Lapse", "Voice", "dropouts", "study"]

_FRAME_S = 0.0005
_FRAME = round(_FRAME_S * INTERNAL.rate)
_EDGE = 4
"""Frames on both sides of an edge whose levels are compared, with one between them."""
_BESIDE = 40
"""Frames before and after a lapse in which a voice is loud or not: 20 ms."""
_SHARP_DB = 20.0
"""An edge: 2 ms and the next 2 ms differ by so much. A recorded voice falls by 18 at most."""
_CUT_DB = 20.0
"""How much softer than its 20 ms the last 2 ms may be, for a wave that was cut."""
_DEEP_DB = 42.0
"""How far below both sides nothing is; closures of plosives are 36 dB at most."""
_SHORTEST, _LONGEST = 16, 500
"""Frames that the fall of level is judged in, 8 to 250 ms: what is longer is a pause."""
_LOUD_DB = -44.0
"""Both sides of a lapse are louder than this, in dBFS."""
_HEARD_DB = -17.0
"""Nor are they softer than the voice when it is loud by more than this."""
_STRONG_DB = -10.0
_CERTAIN_DB = -4.0
"""What counts in a voice that is cut into pieces by itself."""
_STEP = 300
"""A jump, both ways, that no voice has by itself."""
_OWN = 3
"""So many lapses that are not strong, and one for as many rests, are a voice's own."""
_SPREAD = round(0.0065 * INTERNAL.rate)
"""How many samples at the edges of a cut are not nothing, by our own change of rate."""
_SEAM = (24, 192)
"""Samples of the shortest lapses, 1 to 8 ms: these are one value all along."""
_REST = 10
"""No such value is larger: A-law has none smaller than 8."""


@dataclass(frozen=True)
class Lapse:
    """A stretch of nothing between two that are loud.

    `at_s` is in seconds after the first sample; `side_db` is the level in dBFS of the softer of the
    20 ms before and after; `digital` says whether it is one value all along.
    """

    at_s: float
    length_s: float
    side_db: float
    digital: bool
    step: int
    """By how much the wave jumps at both edges at least, where nothing smoothed them."""


@dataclass(frozen=True)
class Voice:
    """What a stretch of speech has of lapses and of rests that are natural."""

    lapses: tuple[Lapse, ...]
    rests: int
    """Quiet stretches that are no lapse: they begin or end softly, or are not quite silent."""
    loud_db: float
    """The level in dBFS that one in ten of its 20 ms exceeds."""


def study(samples: Samples) -> Voice:
    """Look for lapses in int16 (n,) at 24 kHz."""
    levels = _Levels(samples)
    lapses: list[Lapse] = []
    found = (*_falls(samples, levels), *_seams(samples, levels))
    for lapse in sorted(found, key=lambda lapse: lapse.at_s):
        if not lapses or lapse.at_s > lapses[-1].at_s + lapses[-1].length_s:
            lapses.append(lapse)
    loud = levels.loud_db
    return Voice(tuple(lapses), max(levels.rests(loud - 30) - len(lapses), 0), loud)


def dropouts(voices: Sequence[Voice]) -> list[list[Lapse]]:
    """Which lapses of one speaker's stretches of speech are drop-outs, for each of the stretches.

    A recorded voice has none by itself, so that each one is. A synthetic one may be made of pieces
    with nothing between them: it has many lapses, beside soft sounds mostly, and then only those
    count that are amid its loudest.
    """
    every = [(voice, lapse) for voice in voices for lapse in voice.lapses]
    soft = sum(not lapse.digital for _, lapse in every)
    strong = sum(lapse.digital and _above(v, lapse, _STRONG_DB) for v, lapse in every)
    weak = len(every) - soft - strong
    rests = sum(voice.rests for voice in voices)
    many = weak >= _OWN and weak > strong and weak * _OWN > rests
    many = many or (weak > 1 and len(every) > 2 * rests)
    bound = _CERTAIN_DB if soft or many else _HEARD_DB
    return [
        [x for x in v.lapses if x.digital and (_above(v, x, bound) or _cut(v, x))] for v in voices
    ]


def _cut(voice: Voice, lapse: Lapse) -> bool:
    return lapse.step >= _STEP and _above(voice, lapse, _HEARD_DB)


def _above(voice: Voice, lapse: Lapse, bound_db: float) -> bool:
    return lapse.side_db >= voice.loud_db + bound_db


class _Levels:
    """Levels of frames of 0.5 ms, in dBFS, and of spans of them."""

    def __init__(self, samples: Samples) -> None:
        sounds = np.where(np.abs(samples.astype(np.int32)) <= _REST, 0, samples)
        whole = sounds[: len(samples) // _FRAME * _FRAME].astype(np.float64) / 32_768
        power = (whole.reshape(-1, _FRAME) ** 2).mean(axis=1)
        self.count = len(power)
        self._sum = np.concatenate(([0.0], np.cumsum(power)))

    def of(self, start: int, end: int) -> float:
        """The level of the frames from `start` to before `end`."""
        return float(_db((self._sum[end] - self._sum[start]) / max(end - start, 1)))

    def spans(self, frames: int) -> NDArray[np.float64]:
        """The level of so many frames from each one on."""
        return _db((self._sum[frames:] - self._sum[:-frames]) / frames)

    @property
    def loud_db(self) -> float:
        """The level that one in ten of its 20 ms exceeds."""
        spans = self.spans(_BESIDE)[::_BESIDE]
        return float(np.percentile(spans, 90)) if len(spans) else -120.0

    def rests(self, below_db: float) -> int:
        """How often 10 ms or more are softer than that."""
        return sum(1 for _ in runs(self.spans(20)[::20] < below_db))


def _falls(samples: Samples, levels: _Levels) -> Iterator[Lapse]:
    """Where the level falls and comes back, each within 2 ms."""
    if levels.count < 2 * (_BESIDE + _EDGE) + _SHORTEST:
        return
    spans = levels.spans(_EDGE)
    # How much the level changes at an edge at frame i, downwards and upwards.
    last = levels.count - _EDGE
    edges = np.arange(_BESIDE, last)
    change = np.zeros(levels.count)
    change[edges] = spans[edges - _EDGE] - spans[np.minimum(edges + 1, last)]
    back = np.zeros(levels.count)
    back[edges] = spans[edges] - spans[edges - _EDGE - 1]
    after = 0
    for at, _ in runs(change >= _SHARP_DB):
        if at < after:
            continue
        side = levels.of(at - _BESIDE, at)
        if side < _LOUD_DB or spans[at - _EDGE] < side - _CUT_DB:
            continue
        lapse = _until_return(levels, spans, back, at, side)
        if lapse is not None:
            after = at + round(lapse.length_s / _FRAME_S)
            inside = samples[at * _FRAME : (after + 1) * _FRAME]
            begins, ends = _constant(inside)
            digital = ends - begins >= max(len(inside) - _SPREAD, _SEAM[0])
            step = _step(samples, at * _FRAME + begins, at * _FRAME + ends)
            yield replace(lapse, digital=digital, step=step)


def _until_return(
    levels: _Levels,
    spans: NDArray[np.float64],
    back: NDArray[np.float64],
    at: int,
    side_db: float,
) -> Lapse | None:
    first = at + _SHORTEST // 2
    loud = np.flatnonzero(spans[first : at + _LONGEST] >= side_db - 18)
    if not len(loud):
        return None
    around = first + int(loud[0])
    low, high = max(around - 2, first), min(around + 6, levels.count - _BESIDE)
    if low >= high:
        return None
    end = low + int(np.argmax(back[low:high]))
    softer = min(side_db, levels.of(end, end + _BESIDE))
    inside = levels.of(at + min(12, (end - at) // 3), end - 2)
    deep = softer - inside >= _DEEP_DB
    if back[end] < _SHARP_DB or softer < _LOUD_DB or end - at < _SHORTEST or not deep:
        return None
    return Lapse(at * _FRAME_S, (end - at) * _FRAME_S, softer, False, 0)


def _seams(samples: Samples, levels: _Levels) -> Iterator[Lapse]:
    """The shortest, between two pieces that were not joined: not a wave but one value."""
    shortest, longest = _SEAM
    for start, end in runs(np.diff(samples) == 0):
        if not shortest <= end + 1 - start <= longest or abs(int(samples[start])) > _REST:
            continue
        before, after = start // _FRAME, -(-end // _FRAME)
        if before < _BESIDE or after + _BESIDE > levels.count:
            continue
        softer = min(levels.of(before - _BESIDE, before), levels.of(after, after + _BESIDE))
        if softer >= _LOUD_DB:
            yield Lapse(start / INTERNAL.rate, (end + 1 - start) / INTERNAL.rate, softer, True, 0)


def _constant(samples: Samples) -> tuple[int, int]:
    """The first and last sample of the longest stretch that is one value."""
    return max(runs(np.diff(samples) == 0), key=lambda run: run[1] - run[0], default=(0, 0))


def _step(samples: Samples, first: int, last: int) -> int:
    """How far both the sample before `first` and that after `last` are from those between."""
    wide = samples[[first - 1, first, last, last + 1]].astype(np.int32)
    return int(min(abs(wide[1] - wide[0]), abs(wide[3] - wide[2])))


def _db(power: NDArray[np.float64]) -> NDArray[np.float64]:
    levels: NDArray[np.float64] = 10 * np.log10(np.maximum(power, 1e-12))
    return levels
