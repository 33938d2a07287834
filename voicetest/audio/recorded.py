"""What a recording holds: where its speech is, or what it holds instead."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from voicetest.audio.chunk import INTERNAL, Samples
from voicetest.audio.files import read_audio
from voicetest.audio.levels import levels
from voicetest.audio.segment import Segment
from voicetest.audio.vad import BLOCK, Activity

__all__ = ["NoSpeech", "looked_at", "speech_in", "speech_of", "take_over"]

AUDIBLE = -60.0
"""A recording whose loudest 5 ms are below this, in dBFS, is silent."""
SHORT_S = 2.0
"""In a recording that is no longer, what may be speech is: a letter, or a word of one sound."""
LINES, PURE = 12, 0.8
"""Tones have so much of their power in so few lines of the spectrum."""


@dataclass(frozen=True)
class NoSpeech:
    """A recording in which nobody speaks."""

    holds: str
    """What it holds instead, as words behind "it holds"."""
    silent: bool = False


_Key = tuple[Path, int, int]
"""A file, when it was changed (ns), and its size."""
_FOUND: dict[_Key, Segment | NoSpeech] = {}
"""What this process has looked at, the oldest first."""
_LOOKING = threading.Lock()
_MOST = 1_000


def speech_in(path: Path) -> Segment | NoSpeech:
    """Where the speech of a file is, in seconds; raises UnreadableAudio.

    A file is looked at once in a process, as long as it stays as it is: who asks from another
    thread meanwhile waits.
    """
    try:
        status = path.stat()
    except OSError:
        return speech_of(read_audio(path).samples())  # which says why it cannot be read
    key = (path, status.st_mtime_ns, status.st_size)
    with _LOOKING:
        if key not in _FOUND:
            take_over({key: speech_of(read_audio(path).samples())})
        return _FOUND[key]


def looked_at() -> Mapping[_Key, Segment | NoSpeech]:
    """What this process has found, for one that it starts."""
    return dict(_FOUND)


def take_over(found: Mapping[_Key, Segment | NoSpeech]) -> None:
    """Know what another process has found."""
    _FOUND.update(found)
    while len(_FOUND) > _MOST:
        del _FOUND[next(iter(_FOUND))]


def speech_of(samples: Samples) -> Segment | NoSpeech:
    """From the first to the last speech in a whole recording, int16 of shape (n,) at 24 kHz."""
    activity = Activity()
    for at in range(0, len(samples), BLOCK):
        activity.feed(samples[at : at + BLOCK])
    found = activity.segments()
    if found:
        return Segment(found[0].start, found[-1].end)
    if activity.perhaps is not None and len(samples) <= SHORT_S * INTERNAL.rate:
        return activity.perhaps
    sound = levels(samples)
    if not len(sound) or sound.max() < AUDIBLE:
        return NoSpeech(f"silence, nothing louder than {AUDIBLE:g} dBFS", silent=True)
    return NoSpeech("tones" if _tonal(samples) else "noise or music")


def _tonal(samples: Samples) -> bool:
    """Whether a few lines of the spectrum of its loudest half second have nearly all its power."""
    length = min(INTERNAL.rate // 2, len(samples))
    wide = samples.astype(np.float64)
    sums = np.concatenate(([0.0], np.cumsum(wide**2)))
    at = int(np.argmax(sums[length:] - sums[:-length]))
    part = wide[at : at + length]
    power = np.abs(np.fft.rfft((part - part.mean()) * np.hanning(length))) ** 2
    strongest = np.sort(power)[-LINES:]
    return bool(strongest.sum() >= PURE * power.sum())
