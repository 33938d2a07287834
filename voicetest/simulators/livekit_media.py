"""The two peer connections over which a simulated server of LiveKit holds one call."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCDataChannel,
    RTCPeerConnection,
    RTCSessionDescription,
)
from livekit.protocol import models

from voicetest.links.aiortc_ways import Reach, our_way
from voicetest.links.heard_track import HeardTrack
from voicetest.links.paced_track import PacedTrack

__all__ = ["RoomMedia"]

LEAD_S = 0.03
"""The agent begins to speak at any time."""
_CLOSE_LIMIT_S = 5.0


class RoomMedia:
    """One connection for what the caller publishes, one for what it subscribes to.

    `heard` takes the caller's microphone when it is there, `packet` each of its data packets.
    """

    def __init__(
        self,
        reach: Reach,
        heard: Callable[[HeardTrack], None],
        packet: Callable[[bytes | str], None],
    ) -> None:
        self._reach = reach
        self._heard = heard
        self._packet = packet
        self.track = PacedTrack(LEAD_S)
        """The agent's voice."""
        with our_way(reach):
            self._incoming = RTCPeerConnection(RTCConfiguration(iceServers=[]))
            self._outgoing = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._incoming.on("track", self._take_track)
        self._incoming.on("datachannel", self._take_channel)
        self._channel = self._outgoing.createDataChannel("_reliable")
        self._lossy = self._outgoing.createDataChannel("_lossy", ordered=False, maxRetransmits=0)
        self.connected = asyncio.Event()
        """Set when the caller can hear: a track that is added earlier would never be sent."""
        self._outgoing.on("connectionstatechange", self._look_at_connection)
        self._offered = 0
        """Offers made so far; each has its number."""

    def _take_track(self, track: MediaStreamTrack) -> None:
        if track.kind == "audio":
            self._heard(HeardTrack(track))

    def _look_at_connection(self) -> None:
        if self._outgoing.connectionState == "connected":
            self.connected.set()

    def _take_channel(self, channel: RTCDataChannel) -> None:
        channel.on("message", self._packet)

    def add_voice(self, participant: str, track: str) -> None:
        """Let the next offer have the agent's track, under the ids by which it was announced."""
        with our_way(self._reach):
            sender = self._outgoing.addTrack(self.track)
        # The client finds participant and track by what stands in the msid.
        sender._stream_id = f"{participant}|{track}"  # noqa: SLF001  # aiortc has no way to set it
        sender._track_id = track  # noqa: SLF001

    async def offer(self) -> tuple[str, int]:
        """What the caller can subscribe to, and the offer's number."""
        with our_way(self._reach):
            await self._outgoing.setLocalDescription(await self._outgoing.createOffer())
        self._offered += 1
        return self._outgoing.localDescription.sdp, self._offered

    async def take_answer(self, sdp: str) -> None:
        """The caller subscribes."""
        with our_way(self._reach):
            await self._outgoing.setRemoteDescription(RTCSessionDescription(sdp, "answer"))

    async def take_offer(self, sdp: str) -> str:
        """The answer to what the caller publishes."""
        with our_way(self._reach):
            await self._incoming.setRemoteDescription(RTCSessionDescription(sdp, "offer"))
            await self._incoming.setLocalDescription(await self._incoming.createAnswer())
        return self._incoming.localDescription.sdp

    def send(self, packet: models.DataPacket) -> None:
        """Publish a packet, if there is anybody to get it."""
        self.send_bytes(packet.SerializeToString())

    def send_bytes(self, message: bytes) -> None:
        """The same for what may be no packet."""
        if self._channel.readyState == "open":
            self._channel.send(message)

    async def close(self) -> None:
        """End both connections."""
        self.track.stop()
        async with asyncio.timeout(_CLOSE_LIMIT_S):
            await self._incoming.close()
            await self._outgoing.close()
