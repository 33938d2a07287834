"""What happens to sound between the two parties: background, and a bad line each way."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from voicetest.audio.background import Bed
from voicetest.audio.chunk import INTERNAL, AudioChunk, AudioFormat, Samples
from voicetest.audio.impairment import Impairment
from voicetest.links.conversion import Converter

__all__ = ["Acoustics", "Wire"]


@dataclass(frozen=True)
class Acoustics:
    """Changes every frame, int16 of shape (n,) at 24 kHz, on its way."""

    background: Bed | None = None
    uplink: Impairment | None = None
    downlink: Impairment | None = None

    def to_agent(self, frame: Samples) -> Samples:
        """A frame of the user as it goes out."""
        if self.background is not None:
            mixed = frame.astype(np.int32) + self.background.take(len(frame))
            frame = np.clip(mixed, -32_768, 32_767).astype(np.int16)
        return frame if self.uplink is None else self.uplink.process(frame)

    def to_user(self, frame: Samples) -> Samples:
        """A frame of the agent as the user hears it."""
        return frame if self.downlink is None else self.downlink.process(frame)


class Wire:
    """What is left of a frame once it was brought into the line's format, for the recording.

    A line that carries another rate makes its sound some 4 ms later.
    """

    def __init__(self, wire: AudioFormat) -> None:
        self._same = wire == INTERNAL
        self._there, self._back = Converter(wire), Converter(INTERNAL)
        self._rest = np.zeros(0, dtype=np.int16)
        self._sounds = False
        """Whether the last frame held any sound, or what is left of it."""

    def carried(self, frame: Samples) -> Samples:
        """The frame, int16 of shape (n,) at 24 kHz, as it can be heard from the line; also (n,)."""
        if self._same or not (self._sounds or frame.any()):
            return frame
        arrived = self._back.convert(self._there.convert(AudioChunk.of(frame))).samples()
        self._rest = np.concatenate((self._rest, arrived))
        heard, self._rest = self._rest[: len(frame)], self._rest[len(frame) :]
        heard = np.pad(heard, (0, len(frame) - len(heard)))
        self._sounds = bool(frame.any() or heard.any())
        return heard
