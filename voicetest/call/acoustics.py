"""What happens to sound between the two parties: background, and a bad line each way."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from voicetest.audio.background import Bed
from voicetest.audio.chunk import Samples
from voicetest.audio.impairment import Impairment

__all__ = ["Acoustics"]


@dataclass(frozen=True)
class Acoustics:
    """Changes every frame, int16 of shape (n,) at 24 kHz, on its way."""

    background: Bed | None = None
    uplink: Impairment | None = None
    downlink: Impairment | None = None

    @property
    def changes_the_user(self) -> bool:
        """Whether a frame of the user is another one when it goes out."""
        return self.background is not None or self.uplink is not None

    def to_agent(self, frame: Samples) -> Samples:
        """A frame of the user as it goes out."""
        if self.background is not None:
            mixed = frame.astype(np.int32) + self.background.take(len(frame))
            frame = np.clip(mixed, -32_768, 32_767).astype(np.int16)
        return frame if self.uplink is None else self.uplink.process(frame)

    def to_user(self, frame: Samples) -> Samples:
        """A frame of the agent as the user hears it."""
        return frame if self.downlink is None else self.downlink.process(frame)
