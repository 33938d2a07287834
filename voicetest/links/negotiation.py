"""What two peers agree on before sound travels: offer and answer (RFC 8829)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from aiortc import RTCPeerConnection, RTCRtpSender, RTCSessionDescription

from voicetest.errors import ProtocolError
from voicetest.links.aiortc_ways import Reach, our_way
from voicetest.links.paced_track import PacedTrack
from voicetest.links.session_description import REFUSED, codec_of
from voicetest.protocols.media_line import WIRES

__all__ = ["Exchange", "Negotiation"]

Exchange = Callable[[str], Awaitable[str]]
"""Takes an offer to the far side and brings its answer."""


class Negotiation:
    """The terms of one call, whose own sound is `track`."""

    def __init__(self, peer: RTCPeerConnection, reach: Reach, track: PacedTrack) -> None:
        self.reach = reach
        self.codec = "opus"
        """The key of WIRES in which sound travels; set by each answer."""
        self._peer = peer
        self._track = track
        self._exchange: Exchange | None = None
        """Set by `offer`."""

    async def offer(
        self, exchange: Exchange, codecs: Sequence[str], further: Sequence[str] = ()
    ) -> None:
        """Offer sound in one of `codecs`, and the `further` kinds of media for the far side's use.

        Raises ProtocolError where the answer cannot be taken, and what `exchange` raises.
        """
        with our_way(self.reach):
            sound = self._peer.addTransceiver(self._track, direction="sendrecv")
            able = RTCRtpSender.getCapabilities("audio").codecs
            by_name = {codec.name.lower(): codec for codec in able}
            sound.setCodecPreferences([by_name[name] for name in codecs])
            for kind in further:
                self._peer.addTransceiver(kind, direction="recvonly")
        self._exchange = exchange
        await self.again()

    async def again(self) -> None:
        """Offer what there is, once more or for the first time; raises as `offer` does."""
        if self._exchange is None:
            raise ProtocolError("the side that made no offer is asked for another")
        with our_way(self.reach):
            await self._peer.setLocalDescription(await self._peer.createOffer())
            answer = await self._exchange(self._peer.localDescription.sdp)
            codec = codec_of(answer, "the agent's answer")
            try:
                await self._peer.setRemoteDescription(RTCSessionDescription(answer, "answer"))
            except REFUSED as error:
                why = str(error) or type(error).__name__
                raise ProtocolError(f"the agent's answer does not fit the offer: {why}") from error
        self._agree(codec)

    async def answer(self, offer: str) -> str:
        """The answer to an offer; raises ProtocolError for one that cannot be taken."""
        codec_of(offer, "the offer")
        with our_way(self.reach):
            try:
                await self._peer.setRemoteDescription(RTCSessionDescription(offer, "offer"))
            except REFUSED as error:
                why = str(error) or type(error).__name__
                raise ProtocolError(f"the offer cannot be taken: {why}") from error
            if self._track not in [sender.track for sender in self._peer.getSenders()]:
                self._peer.addTrack(self._track)
            await self._peer.setLocalDescription(await self._peer.createAnswer())
        answer = self._peer.localDescription.sdp
        self._agree(codec_of(answer, "our answer"))
        return answer

    def _agree(self, codec: str) -> None:
        if codec != self.codec:
            self.codec = codec
            self._track.leave_at(WIRES[codec].rate)
