"""The agent's sound as it is heard, listened to live by the detector that the report uses."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from voicetest.audio.chunk import INTERNAL, Samples
from voicetest.audio.vad import Activity, Segment
from voicetest.call.microphone import FRAME
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
    """Finds speech in a line that is heard as it comes; digital silence costs nothing."""

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
    def calm(self) -> bool:
        """Whether the line has been digitally silent for so long that nothing is to be decided."""
        return self._calm >= _CALM

    @property
    def undecided(self) -> bool:
        """Whether what was heard last may turn out to be the beginning of speech."""
        return not self.calm and self._activity.undecided

    def hear(self, sound: Samples) -> None:
        """The next samples, int16 of shape (n,) at 24 kHz, n a multiple of 20 ms.

        What is known in the end does not depend on how the sound was cut.
        """
        self._heard += len(sound)
        at, fed = 0, False
        sounding = np.logical_or.reduce(sound.reshape(-1, FRAME) != 0, axis=1).tolist()
        for sounds, run in groupby(sounding):
            frames = len(list(run))
            part = sound[at * FRAME : (at + frames) * FRAME]
            fed = self._hear_sound(part) if sounds else self._hear_silence(part) or fed
            at += frames
        latest = self._activity.latest if fed else None
        if latest is not None:
            self.speech = Speech(latest.start, latest.end, self._activity.speaking)

    def _hear_sound(self, sound: Samples) -> bool:
        self._calm = 0
        self._sounds.hear(sound, speech=self._activity.speaking)
        self._catch_up()
        self._activity.feed(sound)
        return True

    def _hear_silence(self, silence: Samples) -> bool:
        """Digital silence; gives whether the detector was told anything."""
        for _ in range(0, len(silence), FRAME):
            self._sounds.silence()
        wanted = max((_CALM - 1 - self._calm) // FRAME * FRAME, 0)
        self._calm += len(silence)
        told, kept_back = silence[:wanted], len(silence[wanted:])
        if len(told):
            self._catch_up()
            self._activity.feed(told)
        self._kept_back += kept_back
        if self._kept_back >= _BLOCK:
            self._catch_up()
        return bool(len(told))

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
