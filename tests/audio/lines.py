"""Speech as it comes out of each kind of line, and recordings of people."""

from __future__ import annotations

import wave
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Literal, TypeAlias

import numpy as np

from voicetest.audio.chunk import INTERNAL, AudioChunk, AudioFormat, Encoding, Samples
from voicetest.audio.g711 import compress
from voicetest.audio.resample import resample
from voicetest.links.conversion import Converter

__all__ = ["LINES", "PROMPTS", "Line", "at_rate", "heard", "prompts", "rate_of", "with_gap"]

Line: TypeAlias = Literal["pcm8", "pcm16", "pcm24", "pcm48", "mulaw", "alaw"]
LINES: tuple[Line, ...] = ("pcm8", "pcm16", "pcm24", "pcm48", "mulaw", "alaw")
PROMPTS = Path("/usr/share/asterisk/sounds")
"""Where Debian's asterisk-core-sounds-*-wav put the prompts that people recorded, 8 kHz."""


def rate_of(line: Line) -> int:
    """The samples a second of a line, in hertz."""
    return int(line[3:]) * 1000 if line.startswith("pcm") else 8_000


def heard(sound: Samples, line: Line) -> Samples:
    """What is recorded, int16 at 24 kHz, of int16 (n,) at the line's own rate."""
    match line:
        case "mulaw" | "alaw":
            encoding = Encoding(line)
            chunk = AudioChunk(compress(sound, encoding), AudioFormat(encoding, 8_000))
        case _:
            chunk = AudioChunk.of(sound, rate_of(line))
    return Converter(INTERNAL).convert(chunk).samples()


def at_rate(sound: Samples, rate: int, line: Line) -> Samples:
    """Int16 (n,) at `rate` hertz at the line's own."""
    return resample(sound, rate, rate_of(line))


def prompts(folder: str, count: int) -> Sequence[Samples]:
    """Some prompts of 1.5 to 6 s of one speaker, int16 at 8 kHz; none where they are missing."""
    paths = sorted((PROMPTS / folder).rglob("*.wav"))
    Random(1).shuffle(paths)
    found: list[Samples] = []
    for path in paths:
        with wave.open(str(path)) as file:
            sound = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
        if len(found) < count and 12_000 <= len(sound) <= 48_000:
            found.append(sound)
    return found


def with_gap(sound: Samples, rate: int, length_s: float, random: Random) -> tuple[Samples, float]:
    """The same with so many seconds of it lost where it is loud on both sides, and where."""
    beside, length = rate // 50, round(length_s * rate)
    wide = np.concatenate(([0.0], np.cumsum(sound.astype(np.float64) ** 2)))
    places = np.arange(rate // 10, len(sound) - length - rate // 7)
    before = wide[places] - wide[places - beside]
    after = wide[places + length + beside] - wide[places + length]
    loud = places[np.minimum(before, after) > beside * 820.0**2]
    at = int(random.choice(loud.tolist()))
    lost = sound.copy()
    lost[at : at + length] = 0
    return lost, at / rate
