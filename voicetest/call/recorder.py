"""Both parties on their own channel, streamed to disk as the call runs."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np

from voicetest.audio.chunk import INTERNAL, Samples
from voicetest.audio.wav import WavWriter, read_span

__all__ = ["AGENT", "USER", "Recorder"]

USER = 0
"""The left channel."""
AGENT = 1
"""The right channel."""

_FLUSH_FRAMES = INTERNAL.rate // 10


class Recorder(AbstractContextManager["Recorder"]):
    """Writes a stereo WAV at 24 kHz; at most 0.3 s of a killed process is lost.

    `heard` is given what is written, int16 of shape (n, 2).
    """

    def __init__(self, path: Path, heard: Callable[[Samples], None] | None = None) -> None:
        self.path = path
        self._heard = heard
        self._writer = WavWriter(path, channels=2)
        self._waiting: list[tuple[Samples, Samples]] = []
        self._waiting_frames = 0

    def write(self, user: Samples, agent: Samples) -> None:
        """Append one span of both channels, int16 of equal shape (n,).

        Raises OSError the first time that there is no room; what comes after it is left out.
        """
        if self._writer.full:
            return
        self._waiting.append((user, agent))
        self._waiting_frames += len(user)
        if self._waiting_frames >= _FLUSH_FRAMES:
            self.flush()

    def flush(self) -> None:
        """Bring everything to disk; raises OSError as `write` does."""
        if self._waiting:
            user, agent = zip(*self._waiting, strict=True)
            both = np.column_stack((np.concatenate(user), np.concatenate(agent)))
            self._waiting.clear()
            self._waiting_frames = 0
            self._writer.write(both)
            if self._heard is not None:
                self._heard(both)

    @property
    def frames(self) -> int:
        """Samples of each channel recorded so far."""
        return self._writer.frames + self._waiting_frames

    @property
    def duration(self) -> float:
        """Seconds recorded so far."""
        return self.frames / INTERNAL.rate

    def read(self, channel: int, start_s: float, end_s: float) -> Samples:
        """One channel from `start_s` to `end_s`, int16 of shape (n,), cut to what is recorded."""
        self.flush()
        start = max(round(start_s * INTERNAL.rate), 0)
        frames = max(round(end_s * INTERNAL.rate) - start, 0)
        return read_span(self.path, start, frames)[:, channel]

    def __exit__(self, *failure: object) -> None:
        try:
            self.flush()
        finally:
            self._writer.close()
