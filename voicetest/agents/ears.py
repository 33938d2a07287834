"""How the embedded agent listens: it finds where the user's turn begins and ends."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from voicetest.audio.chunk import INTERNAL, AudioChunk, Samples
from voicetest.audio.vad import Activity, voiced

__all__ = ["TURN_SILENCE_S", "Ears", "Heard"]

TURN_SILENCE_S = 0.5
"""Silence that ends the user's turn."""
_PAD_S = 0.2
"""Kept before and after speech, for the recogniser."""
_HISTORY_S = 1.0
"""Kept of the line while nobody speaks; speech is detected later than it begins."""


@dataclass(frozen=True)
class Heard:
    """One turn of the user: its sound from first to last word, with a little around it.

    Impatient ears give its beginning only.
    """

    audio: AudioChunk


class Ears:
    """Takes the line as it comes and gives whole turns of the user.

    Impatient ears give a turn while it lasts, after `patience` seconds of it, and then take no
    notice of its rest.
    """

    def __init__(self, patience: float | None = None) -> None:
        self._patience = patience
        self._activity = Activity()
        self._kept: list[Samples] = []
        """The line since `_kept_from`."""
        self._kept_from = 0
        """Position of the first kept sample."""
        self._kept_to = 0
        """Position after the last one."""
        self._turn_start: float | None = None
        """Set while the user has a turn."""
        self._given = False
        """Set when a turn was given before its end; cleared at its end."""
        self._noisy = False
        """Set by each piece of the line."""

    @property
    def noisy(self) -> bool:
        """Whether there was any sound, speech or not, in the last piece of the line."""
        return self._noisy

    @property
    def speaking(self) -> bool:
        """Whether the user is speaking, as far as can be said yet."""
        return self._activity.speaking

    @property
    def speaking_for(self) -> float:
        """Seconds since the user began to speak; 0 while nobody speaks, or none listens."""
        if self._turn_start is None or self._given or not self._activity.speaking:
            return 0.0
        return self._kept_to / INTERNAL.rate - self._turn_start

    def feed(self, samples: Samples) -> Heard | None:
        """Take the next int16 of shape (n,); gives the user's turn once it is over."""
        self._kept.append(samples)
        self._kept_to += len(samples)
        self._activity.feed(samples)
        self._noisy = voiced(samples)
        if self._activity.speaking:
            if self._turn_start is None and self._activity.latest is not None:
                self._turn_start = self._activity.latest.start
            return self._impatient()
        if self._turn_start is None:
            self._forget_before(self._kept_to - round(_HISTORY_S * INTERNAL.rate))
            return None
        if self._activity.silence < TURN_SILENCE_S or self._activity.latest is None:
            return None
        return self._end(self._turn_start, self._activity.latest.end)

    def _impatient(self) -> Heard | None:
        """The turn so far, once it has lasted long enough for impatient ears."""
        if self._patience is None or self._turn_start is None or self._given:
            return None
        if self.speaking_for < self._patience:
            return None
        self._given = True
        return self._cut(self._turn_start, self._kept_to / INTERNAL.rate)

    def _end(self, start_s: float, end_s: float) -> Heard | None:
        heard = None if self._given else self._cut(start_s, end_s)
        self._turn_start = None
        self._given = False
        self._forget_before(min(round((end_s + _PAD_S) * INTERNAL.rate), self._kept_to))
        return heard

    def _cut(self, start_s: float, end_s: float) -> Heard:
        """A stretch of the line with a little around it."""
        start = max(round((start_s - _PAD_S) * INTERNAL.rate), self._kept_from)
        end = min(round((end_s + _PAD_S) * INTERNAL.rate), self._kept_to)
        line = np.concatenate(self._kept)
        return Heard(AudioChunk.of(line[start - self._kept_from : end - self._kept_from]))

    def _forget_before(self, position: int) -> None:
        while self._kept and self._kept_from + len(self._kept[0]) <= position:
            self._kept_from += len(self._kept.pop(0))
