"""Keys of a telephone as tones in the sound (ITU-T Q.23), sent and heard."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from voicetest.audio.chunk import INTERNAL, Samples
from voicetest.audio.waves import seconds, to_samples

__all__ = ["BLOCK", "KEYS", "WAIT", "DtmfDetector", "Pressed", "is_key", "tones"]

KEYS = "0123456789ABCD*#"
WAIT = "w"
"""Not a key: half a second in which none is pressed."""

ROWS = (697.0, 770.0, 852.0, 941.0)
COLUMNS = (1_209.0, 1_336.0, 1_477.0, 1_633.0)
LAYOUT = ("123A", "456B", "789C", "*0#D")

ON_S, OFF_S, WAIT_S, RAMP_S = 0.1, 0.1, 0.5, 0.005
LEVEL = -9.0
"""Of each tone, in dB below a full-scale sine: -6 dBm0, in the upper part of Q.24's range."""

BLOCK, HOP = 600, 120  # 25 ms every 5 ms
PURE = 0.7
"""Share of a block's power that is in the two tones; also the share of it that they fill."""
TWIST_DB = 8.0
"""Largest difference between the two tones: Q.24 has 4 to 8 dB; our own measurement needs 1."""
GATE_DB = -45.0
"""Softest mean power, in dBFS, of a block with a key."""
HITS = 5
"""Blocks in a row that make a key: passed by every tone of 40 ms, by none of 20 ms."""
MISSES = 6
"""Blocks in a row that end a key: fewer in a gap of 20 ms (a lost frame), more in one of 40 ms."""
FIRST_S = 0.007
"""How far into the first of these blocks the tone begins, as measured on average."""


def tones(keys: str) -> Samples:
    """The sound of keys pressed one after the other, int16 (n,) at 24 kHz.

    For each key the two sines of Q.23 for 100 ms with ramps of 5 ms, then 100 ms of silence; for
    `w` half a second of silence. Raises ValueError for any other character.
    """
    parts = [np.zeros(0, dtype=np.int16)]
    for key in keys:
        if key == WAIT:
            parts.append(np.zeros(round(WAIT_S * INTERNAL.rate), dtype=np.int16))
        elif key in KEYS:
            parts += [_tone(key), np.zeros(round(OFF_S * INTERNAL.rate), dtype=np.int16)]
        else:
            raise ValueError(f"'{key}' is not a key: expected one of {KEYS}, or {WAIT} to wait")
    return np.concatenate(parts)


@dataclass(frozen=True)
class Pressed:
    """A key, and when its tone began, in seconds since the first sample (to some 5 ms)."""

    key: str
    at_s: float


class DtmfDetector:
    """Hears keys in sound that is fed block by block, int16 at 24 kHz.

    For each 25 ms (every 5 ms) the power at the eight frequencies is that of one row of a DFT
    (Goertzel 1958) under a Hann window. It is a key when the strongest tone of each group make up
    nearly all of the power and are about equally strong; voices and music have power elsewhere. A
    tone of 40 ms is always enough, one of 20 ms never (Q.24 leaves what is between open).
    """

    def __init__(self) -> None:
        self._rest: Samples = np.zeros(0, dtype=np.int16)
        self._blocks = 0  # already looked at
        self._down = ""  # the key that is pressed, until released
        self._misses = 0  # blocks in a row without it
        self._candidate, self._hits = "", 0  # the key of the last blocks

    def feed(self, samples: Samples) -> list[Pressed]:
        """The keys that the next samples, int16 (n,), make certain, each once."""
        sound = np.concatenate((self._rest, samples))
        pressed: list[Pressed] = []
        at = 0
        while at + BLOCK <= len(sound):
            blocks = _blocks(sound[at : at + BLOCK + (_AT_ONCE - 1) * HOP])
            keys = self._looked_at(blocks)
            if not keys:
                break
            for key in keys:
                found = self._follow(key)
                pressed += found
                self._blocks += 1
                at += HOP
                if found:
                    break  # from here on every block counts
        self._rest = sound[at:].copy()
        return pressed

    def _looked_at(self, blocks: NDArray[np.float64]) -> list[str]:
        """The keys of the first of these blocks, as far as they are known.

        Of the blocks in a row that make a key at least one is a fourth one. Beside fourth blocks
        without a key the others are not looked at, unless a key is down; until the next fourth
        one comes they are left for later.
        """
        if self._down:
            return _keys(blocks)
        fourth = range(-self._blocks % _FOURTH, len(blocks), _FOURTH)
        found = dict(zip(fourth, _keys(blocks[fourth.start :: _FOURTH]), strict=True))
        keys: list[str] = []
        while len(keys) < len(blocks):
            at = len(keys)
            if at in found:
                keys.append(found[at])
                continue
            following = at + -(self._blocks + at) % _FOURTH
            before = found.get(following - _FOURTH, self._candidate)
            if not before and following not in found:
                break
            some = blocks[at:following]
            keys += _keys(some) if before or found[following] else [""] * len(some)
        return keys

    def skip(self, count: int) -> list[Pressed]:
        """As `feed` of `count` samples of digital silence, which costs nothing between keys."""
        if self._down or self._candidate or self._rest.any():
            return self.feed(np.zeros(count, dtype=np.int16))
        total = len(self._rest) + count
        blocks = max(0, (total - BLOCK) // HOP + 1)
        self._blocks += blocks
        self._rest = np.zeros(total - blocks * HOP, dtype=np.int16)
        return []

    def _follow(self, key: str) -> list[Pressed]:
        self._hits = self._hits + 1 if key == self._candidate else 1
        self._candidate = key
        self._misses = 0 if key == self._down else self._misses + 1
        if self._misses == MISSES:
            self._down = ""
        if not key or key == self._down or self._hits < HITS:
            return []
        self._down, self._misses = key, 0
        return [Pressed(key, (self._blocks + 1 - HITS) * HOP / INTERNAL.rate + FIRST_S)]


def _tone(key: str) -> Samples:
    row, column = next((r, line.index(key)) for r, line in enumerate(LAYOUT) if key in line)
    times = seconds(round(ON_S * INTERNAL.rate))
    wave = sum(np.sin(2 * np.pi * f * times) for f in (ROWS[row], COLUMNS[column]))
    ramp = 0.5 - 0.5 * np.cos(np.pi * np.clip(times / RAMP_S, 0, 1))
    return to_samples(10 ** (LEVEL / 20) * wave * ramp * ramp[::-1])


def is_key(block: Samples) -> bool:
    """Whether the tones of a key fill 25 ms of sound (BLOCK samples)."""
    return bool(_keys(_blocks(block))[0])


_FOURTH = HITS - 1
_AT_ONCE = 50
"""Blocks that are looked at together."""
_WINDOW = np.hanning(BLOCK + 2)[1:-1] / np.hanning(BLOCK + 2).sum()
_ANGLES = 2 * np.pi * np.outer(ROWS + COLUMNS, seconds(BLOCK))
_TURNS = np.concatenate((np.cos(_ANGLES), np.sin(_ANGLES))) * _WINDOW


def _blocks(sound: Samples) -> NDArray[np.float64]:
    """Every whole block, one each HOP samples, shape (m, BLOCK)."""
    wide = sound / 32_768
    shape = (len(wide) - BLOCK) // HOP + 1, BLOCK
    return np.ndarray(shape, np.float64, wide, strides=(HOP * wide.itemsize, wide.itemsize))


def _keys(blocks: NDArray[np.float64]) -> list[str]:
    """Of each block, shape (m, BLOCK), the key whose tones fill it, or nothing."""
    # Sums that do not depend on how many blocks there are, as those of a matrix product may.
    total = np.einsum("kj,kj,j->k", blocks, blocks, _WINDOW)
    found = [""] * len(blocks)
    loud = np.flatnonzero(total >= 10 ** (GATE_DB / 10))
    if not len(loud):
        return found
    waves = np.einsum("ij,kj->ki", _TURNS, blocks[loud])
    powers = 2 * np.square(waves).reshape(len(loud), 2, -1).sum(axis=1)  # of a·sin: a²/2
    for at, power in zip(loud, powers, strict=True):
        found[at] = _key(power, float(total[at]))
    return found


def _key(power: NDArray[np.float64], total: float) -> str:
    """The key of one block by the power at each frequency, shape (8,), and of all of it."""
    row, column = int(power[:4].argmax()), int(power[4:].argmax())
    low, high = float(power[row]), float(power[4 + column])
    if low + high < PURE * total or max(low, high) > min(low, high) * 10 ** (TWIST_DB / 10):
        return ""
    return LAYOUT[row][column]
