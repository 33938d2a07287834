"""The user's sound on its way to the line, and as it can be heard from there."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from voicetest.audio.chunk import INTERNAL, AudioChunk, AudioFormat, Samples
from voicetest.call.microphone import FRAME
from voicetest.links.conversion import Converter

__all__ = ["Carried", "Uplink"]

_AHEAD = 50
"""Frames of a line that are converted at once: one by one they would cost ten times as much."""
_NOTHING = np.zeros(0, dtype=np.int16)


@dataclass(frozen=True)
class Carried:
    """20 ms of the user."""

    sent: AudioChunk
    """As it is handed to the line."""
    heard: Samples
    """What is left of it there, for the recording; int16 of shape (FRAME,) at 24 kHz.

    A line of another rate makes its sound some 4 ms later.
    """


class Uplink:
    """Brings frames into the line's format and back again; what is known ahead at once.

    What comes out does not depend on how much was known.
    """

    def __init__(self, wire: AudioFormat, takes: AudioFormat = INTERNAL) -> None:
        """`takes` is what is handed over where the line itself brings it into the `wire` format."""
        self._wire, self._takes = wire, takes
        self._there, self._back = Converter(wire), Converter(INTERNAL)
        self._ready: deque[Carried] = deque()
        self._rest = _NOTHING
        """What was heard from the line beyond the last whole frame."""
        self._sounds = False
        """Whether the last frame held any sound, or what is left of it."""
        self._silence = Carried(AudioChunk(b"", takes), _NOTHING)
        """A frame of silence in the midst of silence; set by the first."""

    @property
    def whole(self) -> bool:
        """Whether 20 ms are a whole number of samples on the wire."""
        return self._wire.rate * FRAME % INTERNAL.rate == 0

    @property
    def ready(self) -> bool:
        """Whether the next frame is converted already."""
        return bool(self._ready)

    def make_ready(self, coming: Samples) -> None:
        """Convert what is sure to come next, any number of whole frames, while nothing is ready."""
        if len(coming):
            self._convert(coming[:FRAME], coming[FRAME:])

    def frame(self, frame: Samples) -> Carried:
        """The next frame, int16 of shape (FRAME,) at 24 kHz; the one that was made ready."""
        if not self._ready:
            self._convert(frame, _NOTHING)
        return self._ready.popleft()

    def _convert(self, frame: Samples, following: Samples) -> None:
        if self._wire == INTERNAL:
            self._ready.append(Carried(AudioChunk.of(frame), frame))
            return
        calm = self.whole and not self._sounds and not frame.any()
        if calm and self._silence.heard.size:
            self._ready.append(self._silence)
            return
        if self.whole and len(following):
            frame = np.concatenate((frame, following[: (_AHEAD - 1) * FRAME]))
        wired = self._there.convert(AudioChunk.of(frame))
        heard = self._heard(wired, len(frame))
        frames = len(frame) // FRAME
        size = len(wired.data) // frames
        for at in range(frames):
            part = slice(at * FRAME, (at + 1) * FRAME)
            if self._takes == self._wire:
                whole = frames == 1
                sent = wired if whole else AudioChunk(wired.data[at * size :][:size], self._wire)
            else:
                sent = AudioChunk.of(frame[part])
            self._ready.append(Carried(sent, heard[part]))
        self._sounds = bool(frame[-FRAME:].any() or heard[-FRAME:].any())
        if calm and not self._sounds:
            self._silence = self._ready[-1]

    def _heard(self, wired: AudioChunk, length: int) -> Samples:
        """As much as was sent, of what can be heard from the line by now."""
        self._rest = np.concatenate((self._rest, self._back.convert(wired).samples()))
        heard, self._rest = self._rest[:length], self._rest[length:]
        return np.pad(heard, (0, length - len(heard)))
