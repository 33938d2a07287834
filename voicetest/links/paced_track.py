"""The sound that leaves over a peer connection: a frame every 20 ms, silence if there is none."""

from __future__ import annotations

import asyncio
from fractions import Fraction

import numpy as np
from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError
from av import AudioFrame

from voicetest.audio.chunk import INTERNAL, AudioChunk, AudioFormat, Encoding, Samples
from voicetest.clock import sleep_until
from voicetest.links.conversion import Converter

__all__ = ["PacedTrack"]

FRAME_S = 0.02
CONVERSION_S = 0.002
"""What the change to the codec's rate adds."""
_FRAME = round(INTERNAL.rate * FRAME_S)
_AT_ONCE = 2 * _FRAME
"""A piece that is less late or early than this follows the one before it without a gap."""
_SLACK = INTERNAL.rate // 500
"""Being early by less than this, 2 ms, changes nothing."""
_LONGEST = 2 * INTERNAL.rate
"""Samples that may wait: more come only from a caller that does not speak in real time."""
_NOTHING = np.zeros(0, dtype=np.int16)


class PacedTrack(MediaStreamTrack):
    """Hands out its frames against absolute deadlines; what is put in leaves `lead_s` later.

    Sound that comes in frames on a schedule of its own needs a lead of some milliseconds, for the
    track takes over that schedule with the first of them; sound that begins at any time needs
    20 ms more. Positions are samples at 24 kHz since the first frame.
    """

    kind = "audio"

    def __init__(self, lead_s: float) -> None:
        super().__init__()
        self.lead_s = lead_s
        self._wire = AudioFormat(Encoding.PCM16, 48_000)
        """Set anew when it is known what rate the codec has."""
        self._tick = Fraction(1, self._wire.rate)
        self._converter = Converter(self._wire)
        self._origin: float | None = None
        """When the first frame left; set by it, and moved once by the first sound."""
        self._given = 0
        """Frames handed out."""
        self._unsent = _NOTHING
        self._due = 0
        """The position of the first sample that waits, or of what comes next."""
        self._aligned = False
        """Set by the first sound."""
        self._audible = asyncio.Event()
        """Cleared while no packet leaves."""
        self._audible.set()

    @property
    def delay_s(self) -> float:
        """How much later sound leaves than it is put in, in seconds."""
        return self.lead_s + CONVERSION_S

    def mute(self) -> None:
        """Let no packet leave, not even of silence."""
        self._audible.clear()

    def unmute(self) -> None:
        """Go on as if time had not stood still."""
        self._audible.set()

    def leave_at(self, rate: int) -> None:
        """Hand out sound at `rate` hertz, which the codec then need not convert."""
        self._wire, self._tick = AudioFormat(Encoding.PCM16, rate), Fraction(1, rate)
        self._converter = Converter(self._wire)

    def put(self, samples: Samples) -> None:
        """Sound, int16 of shape (n,) at 24 kHz, that is made now."""
        at = self._position()
        end = self._due + len(self._unsent)
        early = end - at
        if early >= _SLACK and not samples.any():
            samples = samples[early:]  # silence is where lost time is made up for
            early = 0
        if abs(early) < _AT_ONCE or (self._unsent.size and early > 0):
            at = end
        at = max(at, self._given * _FRAME)
        if not self._unsent.size:
            self._due = at
        parts = [self._unsent, samples] if self._unsent.size else [samples]
        if (gap := at - self._due - len(self._unsent)) > 0:
            parts.insert(-1, np.zeros(gap, dtype=np.int16))
        self._unsent = (parts[0] if len(parts) == 1 else np.concatenate(parts))[:_LONGEST]

    def _position(self) -> int:
        """Where sound that is made now belongs."""
        now = asyncio.get_running_loop().time()
        if self._origin is None:
            self._origin = now
        since = now + self.lead_s - self._origin
        if not self._aligned:
            self._aligned = True
            shift = since % FRAME_S
            self._origin += shift
            since -= shift
        return round(since * INTERNAL.rate)

    def clear(self) -> None:
        """Throw away what has not left yet."""
        self._unsent = _NOTHING

    async def recv(self) -> AudioFrame:
        """The next frame of 20 ms, when it is time; raises MediaStreamError when stopped."""
        loop = asyncio.get_running_loop()
        if self._origin is None or not self._given:
            self._origin = loop.time()
        while loop.time() < (deadline := self._origin + self._given * FRAME_S):
            await sleep_until(deadline)
        if not self._audible.is_set():
            await self._audible.wait()
            self._unsent = _NOTHING
            self._given = int((loop.time() - self._origin) / FRAME_S)
        if self.readyState != "live":
            raise MediaStreamError
        sound = self._converter.convert(AudioChunk.of(self._take()))
        frame = AudioFrame(format="s16", layout="mono", samples=sound.frames)
        frame.planes[0].update(sound.data)
        frame.sample_rate = self._wire.rate
        frame.time_base = self._tick
        frame.pts = round(self._given * FRAME_S * self._wire.rate)
        self._given += 1
        return frame

    def _take(self) -> Samples:
        """The frame that leaves next, int16 of shape (480,)."""
        start = self._given * _FRAME
        frame = np.zeros(_FRAME, dtype=np.int16)
        offset = max(self._due - start, 0)
        if self._unsent.size and offset < _FRAME:
            taken = self._unsent[: _FRAME - offset]
            frame[offset : offset + len(taken)] = taken
            self._unsent = self._unsent[len(taken) :]
            self._due = start + offset + len(taken)
        return frame
