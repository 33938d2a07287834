"""A telephone connection: two ends that hear each other in frames of 20 ms."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from voicetest.clock import sleep_until
from voicetest.protocols.twilio import TELEPHONE
from voicetest.transports.base import NORMAL_CLOSE

__all__ = ["FRAME_S", "SILENT_FRAME", "Circuit", "End", "Track"]

FRAME_S = 0.02
_SILENCE = b"\xff"
"""One sample, in µ-law."""
SILENT_FRAME = _SILENCE * round(FRAME_S * TELEPHONE.rate)


class Track:
    """What one end says: µ-law samples, heard exactly one frame after they were said.

    Sound that is said while a frame is under way begins within it, where that moment is.
    """

    def __init__(self) -> None:
        self.listeners: list[Callable[[bytes], None]] = []
        """Who gets each frame, when it is complete."""
        self._queued = bytearray()
        self._played = 0
        self._loop = asyncio.get_running_loop()
        self._frame_began = self._loop.time()
        """When the frame under way began; set by each tick."""

    @property
    def played(self) -> int:
        """How many samples have been heard."""
        return self._played

    @property
    def end(self) -> int:
        """How many will have been heard when all that was said is."""
        return self._played + len(self._queued)

    def say(self, data: bytes, cushion: int = 0) -> None:
        """Say samples after all that was said before.

        Where nothing is left of that, `cushion` samples of silence come first: a stock against
        sound that comes late.
        """
        missing = self._now() - len(self._queued)
        if missing > 0:
            self._queued += _SILENCE * (missing + cushion)
        self._queued += data

    def cut(self) -> None:
        """Fall silent at once."""
        del self._queued[self._now() :]

    def tick(self, at: float) -> None:
        """Complete the frame under way, at this time of the loop."""
        size = len(SILENT_FRAME)
        frame = bytes(self._queued[:size]).ljust(size, _SILENCE)
        del self._queued[:size]
        self._played += size
        self._frame_began = at
        for hear in tuple(self.listeners):
            hear(frame)

    def _now(self) -> int:
        """Where in the frame under way this moment is."""
        return max(round((self._loop.time() - self._frame_began) * TELEPHONE.rate), 0)


class End:
    """One end of a connection."""

    def __init__(self, circuit: Circuit, says: Track, hears: Track) -> None:
        self.circuit = circuit
        self.says = says
        self.hears = hears


class Circuit:
    """A connection from the answer to the end of the call; `run` keeps its sound going."""

    def __init__(self) -> None:
        there, back = Track(), Track()
        self.caller = End(self, there, back)
        self.callee = End(self, back, there)
        self.over = asyncio.Event()
        """Set when either end hangs up."""
        self.code = NORMAL_CLOSE
        """How it ended, as the code of a WebSocket; set when it is over."""
        self.garbles: list[Callable[[], None]] = []
        """What to do when an agent sends what no protocol has."""
        self._tracks = (there, back)

    def hang_up(self, code: int = NORMAL_CLOSE) -> None:
        """End the call; one that is over stays as it is."""
        if not self.over.is_set():
            self.code = code
            self.over.set()

    async def run(self) -> None:
        """Pass sound on in real time, for ever."""
        start = asyncio.get_running_loop().time()
        count = 0
        while True:
            count += 1
            at = start + count * FRAME_S
            await sleep_until(at)
            for track in self._tracks:
                track.tick(at)
