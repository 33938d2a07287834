"""The agent's sound as it is heard, listened to live by the detector that the report uses."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from voicetest.audio.chunk import INTERNAL, Samples
from voicetest.audio.vad import Activity, Segment
from voicetest.call.sounds import Sound, Sounds

__all__ = ["Hearing", "Speech"]

_CALM = INTERNAL.rate
"""After so much digital silence the detector has made up its mind: 1 s."""
_BLOCK = INTERNAL.rate
"""So much digital silence is given to the detector at once."""


@dataclass(frozen=True)
class Speech:
    """A stretch of speech, in seconds from the first sample; `end_s` grows while it goes on."""

    start_s: float
    end_s: float
    going_on: bool


class Hearing:
    """Finds speech in a line that is heard in frames of 20 ms; digital silence costs nothing."""

    def __init__(self) -> None:
        self._activity = Activity()
        self._sounds = Sounds()
        self._heard = 0
        """Samples so far."""
        self._calm = 0
        """Samples of digital silence since the last sound."""
        self._kept_back = 0
        """How many of them the detector has not been given yet."""
        self.speech: Speech | None = None
        """The current speech, or else the last; set by each frame."""

    @property
    def frames(self) -> int:
        """How many samples were heard."""
        return self._heard

    @property
    def undecided(self) -> bool:
        """Whether what was heard last may turn out to be the beginning of speech."""
        return not self._calm >= _CALM and self._activity.undecided

    def hear(self, frame: Samples) -> None:
        """The next samples, int16 of shape (n,) at 24 kHz."""
        self._heard += len(frame)
        sounds = bool(frame.any())
        if sounds:
            self._sounds.hear(frame)
        else:
            self._sounds.silence()
        self._calm = 0 if sounds else self._calm + len(frame)
        if self._calm >= _CALM:
            self._kept_back += len(frame)
            if self._kept_back >= _BLOCK:
                self._catch_up()
            return
        self._catch_up()
        self._activity.feed(frame)
        latest = self._activity.latest
        if latest is not None:
            self.speech = Speech(latest.start, latest.end, self._activity.speaking)

    def _catch_up(self) -> None:
        if self._kept_back:
            self._activity.feed(np.zeros(self._kept_back, dtype=np.int16))
            self._kept_back = 0

    @property
    def endless(self) -> bool:
        """Whether the line has had no pause for 10 s."""
        return self._sounds.endless

    def besides_speech(self, since_s: float, until_s: float = math.inf) -> Sound | None:
        """What has sounded since then, or until another moment, that was no speech."""
        until = min(until_s, self._heard / INTERNAL.rate)
        return self._sounds.besides(self.segments(), since_s, until)

    def segments(self) -> tuple[Segment, ...]:
        """All speech so far, as the detector finds it in the whole."""
        self._catch_up()
        return tuple(self._activity.segments())
