"""The sound that arrives over a peer connection, as it comes."""

from __future__ import annotations

import numpy as np
from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError
from av import AudioFrame

from voicetest.audio.chunk import INTERNAL, AudioChunk, AudioFormat, Encoding, Samples
from voicetest.errors import ProtocolError
from voicetest.links.conversion import Converter

__all__ = ["HeardTrack", "TrackEnded"]

_LONGEST_GAP_S = 0.1
"""Lost packets in a row that leave silence where they were; more is a far side that paused."""


class TrackEnded(Exception):
    """There will be no more sound on this track."""


class HeardTrack:
    """Takes frames of any rate and gives sound at 24 kHz; a lost packet leaves silence."""

    def __init__(self, track: MediaStreamTrack) -> None:
        self._track = track
        self._converter = Converter(INTERNAL)
        self._expected: int | None = None
        """The time stamp of the next frame, in samples; set by each frame."""
        self.lost_s = 0.0
        """How much never arrived."""

    async def receive(self) -> AudioChunk:
        """The sound that came; raises TrackEnded, or ProtocolError for what is no sound."""
        try:
            frame = await self._track.recv()
        except MediaStreamError as error:
            raise TrackEnded from error
        if not isinstance(frame, AudioFrame) or frame.format.name != "s16":
            raise ProtocolError("the agent sends something else than sound on its audio track")
        wire = AudioFormat(Encoding.PCM16, frame.sample_rate)
        lost = self._lost(frame)
        self.lost_s += lost / wire.rate
        data = bytes(lost * wire.frame_bytes) + _mono(frame).tobytes()
        return self._converter.convert(AudioChunk(data, wire))

    def _lost(self, frame: AudioFrame) -> int:
        """Samples that are missing before a frame."""
        if frame.pts is None:
            return 0
        expected, self._expected = self._expected, frame.pts + frame.samples
        missing = 0 if expected is None else frame.pts - expected
        return missing if 0 < missing <= _LONGEST_GAP_S * frame.sample_rate else 0


def _mono(frame: AudioFrame) -> Samples:
    """Int16 (n,) of one or two channels, which are averaged; a half becomes even."""
    channels = frame.layout.nb_channels
    sound = np.frombuffer(bytes(frame.planes[0]), np.int16, count=frame.samples * channels)
    if channels == 1:
        return sound
    both = sound[::2].astype(np.int32)
    both += sound[1::2]
    half = both >> 1
    half += both & half & 1
    mono: Samples = half.astype(np.int16)
    return mono
