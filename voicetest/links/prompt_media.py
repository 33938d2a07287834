"""Sound of a peer connection, encoded and decoded where it is, not in threads of its own.

To hand a frame to a thread and back costs more than what the thread does takes from the loop.
"""

from __future__ import annotations

import logging
import math
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from aiortc import RTCRtpReceiver, RTCRtpSender
from aiortc.codecs import get_decoder, get_encoder
from aiortc.jitterbuffer import MAX_MISORDER, JitterBuffer, JitterFrame
from aiortc.rtcrtpreceiver import RemoteStreamTrack, TimestampMapper
from aiortc.rtcrtpsender import RTCEncodedFrame
from aiortc.utils import uint16_add, uint16_gt
from av import AudioFrame, FFmpegError

if TYPE_CHECKING:
    from aiortc import RTCRtpCodecParameters
    from aiortc.codecs.base import Decoder, Encoder
    from aiortc.rtcrtpparameters import RTCRtpReceiveParameters
    from aiortc.rtp import RtpPacket

__all__ = ["DeafBuffer", "OpenTrack", "PromptReceiver", "PromptSender", "audio_level"]

_log = logging.getLogger(__name__)
_FULL_SCALE = 32_767
_QUIETEST = -127


def audio_level(frame: AudioFrame) -> int:
    """The level of int16 mono sound in dBov, -127 to 0, as aiortc reckons it (RFC 6464 §3)."""
    sound = bytes(frame.planes[0])
    samples = np.frombuffer(sound, np.int16, count=frame.samples).astype(np.float64)
    power = float(samples @ samples) / (frame.samples * _FULL_SCALE**2)
    if power <= 0:
        return _QUIETEST
    return round(min(max(20 * math.log10(math.sqrt(power)), _QUIETEST), 0))


class PromptSender(RTCRtpSender):
    """Sends a track of frames of int16 mono sound."""

    _encodes: Encoder | None = None
    """Set by the first frame."""

    async def _next_encoded_frame(self, codec: RTCRtpCodecParameters) -> RTCEncodedFrame | None:
        frame = cast(AudioFrame, await self.track.recv())
        if not self._enabled:
            return None
        if self._encodes is None:
            self._encodes = get_encoder(codec)
        payloads, timestamp = self._encodes.encode(frame)
        return RTCEncodedFrame(payloads, timestamp, audio_level(frame)) if payloads else None


class OpenTrack(RemoteStreamTrack):
    """A far side's track that anybody may give frames."""

    def give(self, frame: AudioFrame) -> None:
        """Hand it to who reads the track."""
        self._queue.put_nowait(frame)


class DeafBuffer(JitterBuffer):
    """In place of a jitter buffer: nothing of what it gets is heard."""

    def add(self, packet: RtpPacket) -> tuple[bool, JitterFrame | None]:
        """No frame, whatever comes."""
        return False, None


class PromptReceiver(RTCRtpReceiver):
    """Hands every packet on as it comes; one that comes after its successor is left out.

    aiortc's own holds 80 ms back, and from the first lost packet on 300 ms, yet evens nothing out.
    It needs a DeafBuffer in its place.
    """

    def __init__(self, kind: str, transport: Any) -> None:
        super().__init__(kind, transport)
        self._kinds: dict[int | None, RTCRtpCodecParameters] = {}
        """By the number that packets have; set when sound may come."""
        self._decodes: tuple[str, Decoder] | None = None
        """The codec of the packet that came last, by name."""
        self._times = TimestampMapper()
        self._latest: int | None = None
        """The number of the packet that was handed on last."""

    async def receive(self, parameters: RTCRtpReceiveParameters) -> None:
        """Sound may come from now on."""
        self._kinds.update((codec.payloadType, codec) for codec in parameters.codecs)
        await super().receive(parameters)

    async def _handle_rtp_packet(self, packet: RtpPacket, arrival_time_ms: int) -> None:
        await super()._handle_rtp_packet(packet, arrival_time_ms)
        codec, track = self._kinds.get(packet.payload_type), self.track
        if codec is None or not self._enabled or not isinstance(track, OpenTrack):
            return
        number = packet.sequence_number
        if not packet.payload or (self._latest is not None and self._too_late(number)):
            return
        self._latest = number
        encoded = JitterFrame(packet.payload, self._times.map(packet.timestamp))
        try:
            frames = self._decoder(codec).decode(encoded)
        except FFmpegError as error:
            _log.warning("a packet of %s could not be decoded: %s", codec.name, error)
            return
        for frame in frames:
            track.give(cast(AudioFrame, frame))

    def _decoder(self, codec: RTCRtpCodecParameters) -> Decoder:
        if self._decodes is None or self._decodes[0] != codec.name:
            self._decodes = codec.name, get_decoder(codec)
        return self._decodes[1]

    def _too_late(self, number: int) -> bool:
        if self._latest is None or uint16_gt(number, self._latest):
            return False
        return uint16_add(self._latest, -number) < MAX_MISORDER  # else numbers begin anew
