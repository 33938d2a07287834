"""The caller's microphone in a room of LiveKit."""

from __future__ import annotations

from livekit import rtc

from voicetest.audio.chunk import AudioChunk
from voicetest.links.conversion import Converter
from voicetest.links.livekit_line import WIRE

__all__ = ["RoomMicrophone"]

_PIECE = WIRE.rate // 100 * WIRE.frame_bytes
"""Bytes of 10 ms: what a source without a queue, which would make sound later, takes at once."""


class RoomMicrophone:
    """Publishes what is put in, as it comes."""

    def __init__(self) -> None:
        self._source = rtc.AudioSource(WIRE.rate, 1, queue_size_ms=0)
        self._converter = Converter(WIRE)
        self._kept = b""
        """The beginning of a piece that is not whole yet."""

    async def open(self, me: rtc.LocalParticipant) -> None:
        """Publish it as the caller's."""
        track = rtc.LocalAudioTrack.create_audio_track("microphone", self._source)
        # Without DTX and redundancy: silence is sent as well, and each piece once.
        options = rtc.TrackPublishOptions(
            source=rtc.TrackSource.SOURCE_MICROPHONE, dtx=False, red=False
        )
        await me.publish_track(track, options)

    async def put(self, chunk: AudioChunk) -> None:
        """Send sound."""
        data = self._kept + self._converter.convert(chunk).data
        whole = len(data) // _PIECE * _PIECE
        self._kept = data[whole:]
        for start in range(0, whole, _PIECE):
            piece = data[start : start + _PIECE]
            frame = rtc.AudioFrame(piece, WIRE.rate, 1, _PIECE // WIRE.frame_bytes)
            await self._source.capture_frame(frame)

    async def close(self) -> None:
        """Give back what it holds."""
        await self._source.aclose()
