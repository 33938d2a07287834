"""The user's side of the line: what goes out in each 20 ms frame."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import numpy as np

from voicetest.audio.chunk import INTERNAL, Samples

__all__ = ["FRAME", "FRAME_S", "Microphone"]

FRAME_S = 0.02
"""Seconds of one frame."""
FRAME = round(INTERNAL.rate * FRAME_S)
"""Samples of one frame."""

_SILENCE = np.zeros(FRAME, dtype=np.int16)


class Microphone:
    """Hands out one frame per tick: the line being spoken, else silence."""

    def __init__(self, begins: Callable[[], None] = lambda: None) -> None:
        """`begins` is called when a line is about to be spoken."""
        self._begins = begins
        self._line: Samples = _SILENCE[:0]
        self._sent = 0
        self._started: asyncio.Future[float] | None = None
        """Set while a line is being spoken; resolved with the time of its first frame."""
        self._finished: asyncio.Future[None] | None = None
        """Set while a line is being spoken; resolved when its last frame has been handed out."""

    @property
    def speaking(self) -> bool:
        """Whether a line is being spoken."""
        return self._finished is not None

    def take(self, at_s: float) -> Samples:
        """The frame that goes out at `at_s`, int16 of shape (FRAME,)."""
        if self._finished is None or self._started is None:
            return _SILENCE
        if not self._started.done():
            self._started.set_result(at_s)
        frame = self._line[self._sent : self._sent + FRAME]
        self._sent += FRAME
        if self._sent >= len(self._line):
            if not self._finished.done():
                self._finished.set_result(None)
            self._finished = None
        return frame if len(frame) == FRAME else np.pad(frame, (0, FRAME - len(frame)))

    def following(self, frames: int) -> Samples:
        """What the next calls of `take` give of the line, at most so many frames, whole ones."""
        if self._finished is None:
            return _SILENCE[:0]
        rest = self._line[self._sent : self._sent + frames * FRAME]
        missing = -len(rest) % FRAME
        return np.pad(rest, (0, missing)) if missing else rest

    def say(self, line: Samples) -> tuple[asyncio.Future[float], asyncio.Future[None]]:
        """Queue int16 of shape (n,), n > 0, for the coming frames.

        The first future gives the time of the first frame, the second resolves with the last.
        """
        if self._finished is not None:
            raise RuntimeError("one line at a time")
        loop = asyncio.get_running_loop()
        self._line, self._sent = line, 0
        self._started, self._finished = loop.create_future(), loop.create_future()
        self._begins()
        return self._started, self._finished
