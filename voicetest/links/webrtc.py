"""A line over a WebRTC peer connection: a track each way, and perhaps a data channel."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Self

from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCDataChannel,
    RTCIceServer,
    RTCPeerConnection,
    RTCTransportStats,
)

from voicetest.audio.chunk import INTERNAL, AudioFormat
from voicetest.errors import ConnectionFailed, ProtocolError
from voicetest.events import Audio, Cleared, Event, Failed, Hangup, Ping, Ready, Status, Warned
from voicetest.links.aiortc_ways import Reach, our_way
from voicetest.links.data_channel import DataChannel
from voicetest.links.heard_track import HeardTrack, TrackEnded
from voicetest.links.negotiation import Exchange, Negotiation
from voicetest.links.paced_track import PacedTrack
from voicetest.protocols.base import require
from voicetest.protocols.media_line import MediaLine, Talk
from voicetest.transports.base import GOING_AWAY, NORMAL_CLOSE

__all__ = ["WebRTCLink", "peer_connection"]

CONNECT_LIMIT_S = 20.0
"""How long ICE and DTLS may take."""
READY_LIMIT_S = 15.0
"""How long the far side may take to open the data channel and to say that it is ready."""
CLOSE_LIMIT_S = 5.0
SILENT_LIMIT_S = 10.0
"""Without a packet of any kind for so long, reports included, the far side is gone.

They come every few seconds even while a track is muted (RFC 3550 §6.2).
"""
OPUS_DELAY_S = 0.0065
"""By how much libopus makes sound later: what its encoder looks ahead."""
_LOOK_S = 1.0
_LOST = 1006
"""The code of a connection that ended without a word (RFC 6455 §7.4.1)."""
_NORMAL = frozenset({NORMAL_CLOSE, GOING_AWAY})


@asynccontextmanager
async def peer_connection(
    ice_servers: Sequence[RTCIceServer] = (),
) -> AsyncIterator[RTCPeerConnection]:
    """A peer connection that is closed when the block is left; no server is asked by default."""
    peer = RTCPeerConnection(RTCConfiguration(iceServers=list(ice_servers)))
    try:
        yield peer
    finally:
        await _close_in_time(peer)


async def _close_in_time(peer: RTCPeerConnection) -> None:
    """Close it; one that takes too long, or a process that did not run meanwhile, is given up."""
    try:
        async with asyncio.timeout(CLOSE_LIMIT_S):
            await peer.close()
    except TimeoutError:
        return


class WebRTCLink:
    """One call; `offer` or `answer` first, then the block of `opened`.

    What is put in leaves `lead_s` later.
    """

    def __init__(
        self,
        peer: RTCPeerConnection,
        reach: Reach,
        *,
        lead_s: float,
        talk: Talk | None = None,
    ) -> None:
        self.track = PacedTrack(lead_s)
        self.line = MediaLine.of("opus", talk)
        """Set anew when the codec is known."""
        self._peer = peer
        self._terms = Negotiation(peer, reach, self.track)
        self._talk = talk
        self._channel = None if talk is None else DataChannel(talk, self._hear)
        self._heard: HeardTrack | None = None
        """Set when the far side has a track."""
        self._arrived: asyncio.Queue[Event | ProtocolError] = asyncio.Queue()
        self._changed = asyncio.Event()
        """Set whenever the line may have become ready or ended; cleared by whoever waits."""
        self._ready = talk is None or Ready not in talk.receives
        """Set when the far side said that it is ready, where it says so."""
        self._refused = ""
        """What fatal error the far side reported."""
        self._over: Hangup | None = None
        """Set once, by whichever side ends the call."""
        self._opening: asyncio.TaskGroup | None = None
        """Set while the line is open."""
        peer.on("track", self._take_track)
        peer.on("datachannel", self._take_channel)
        peer.on("connectionstatechange", self._look_at_connection)

    @property
    def speaks(self) -> AudioFormat:
        """The sound that the agent's codec carries."""
        return self.line.speaks

    @property
    def hears(self) -> AudioFormat:
        """The sound that the user's codec carries."""
        return self.line.hears

    @property
    def sends(self) -> frozenset[type[Event]]:
        """The events that can be sent."""
        return self.line.sends

    @property
    def receives(self) -> frozenset[type[Event]]:
        """The events that may arrive."""
        return self.line.receives

    @property
    def continuous(self) -> bool:
        """A track never pauses."""
        return True

    @property
    def hears_between_turns(self) -> bool:
        """Whoever takes part in it hears all of the track."""
        return True

    @property
    def paced(self) -> bool:
        """Sound comes in real time; packets are handed on as they come, so playout evens it out."""
        return True

    @property
    def jitter_s(self) -> float:
        """None: the buffer for a line that is paced is playout's own."""
        return 0.0

    @property
    def buffered_s(self) -> float:
        """What the codec adds: no packet is held back."""
        return OPUS_DELAY_S if self.line.speaks == MediaLine().speaks else 0.0

    async def offer(
        self,
        exchange: Exchange,
        codecs: Sequence[str],
        label: str = "",
        further: Sequence[str] = (),
    ) -> None:
        """Offer a call, as Negotiation has it, with a data channel if there is anything to say.

        `label` is the name of that channel. Raises ConnectionFailed or ProtocolError where the
        answer cannot be taken.
        """
        if self._channel is not None:
            with our_way(self._terms.reach):
                created = self._peer.createDataChannel(label)
            self._channel.attach(created, self._changed.set)
        await self._terms.offer(exchange, codecs, further)
        self.line = MediaLine.of(self._terms.codec, self._talk)

    async def answer(self, offer: str) -> str:
        """Take a call, or a further offer in it; raises ProtocolError for one without sound."""
        answer = await self._terms.answer(offer)
        self.line = MediaLine.of(self._terms.codec, self._talk)
        return answer

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Self]:
        """The line once it is ready; it is hung up when the block is left.

        Raises ConnectionFailed unless both sides can reach each other.
        """
        await self._connected()
        async with asyncio.TaskGroup() as tasks:
            self._opening = tasks
            running = [tasks.create_task(self._listen()), tasks.create_task(self._watch())]
            code = GOING_AWAY
            try:
                await self._become_ready()
                yield self
                code = NORMAL_CLOSE
            finally:
                for task in running:
                    task.cancel()
                await self.hang_up(code=code)

    async def _connected(self) -> None:
        def settled() -> bool:
            return self._peer.connectionState == "connected" or self._over is not None

        in_time = await self._within(CONNECT_LIMIT_S, settled)
        if not in_time or self._over is not None:
            raise ConnectionFailed(
                f"the far side answered, but no sound gets through to it within {CONNECT_LIMIT_S:g}"
                f" s (ICE: {self._peer.iceConnectionState}): look for a firewall, or name a STUN "
                "or TURN server in 'ice_servers'"
            )

    async def _become_ready(self) -> None:
        channel = self._channel
        if channel is None:
            return

        def settled() -> bool:
            there = channel.open and self._ready
            return there or bool(self._refused) or self._over is not None

        in_time = await self._within(READY_LIMIT_S, settled)
        if self._refused:
            raise ConnectionFailed(f"the far side refuses the call: {self._refused}")
        if self._over is not None:
            words = "the far side hung up before it was ready"
            raise ConnectionFailed(f"{words}: {self._over.reason}" if self._over.reason else words)
        if not in_time:
            missing = "did not say that it is ready" if channel.open else "opened no data channel"
            raise ConnectionFailed(
                f"the far side took the call and {missing} within {READY_LIMIT_S:g} s: check that "
                "it speaks this protocol"
            )

    async def _within(self, limit_s: float, settled: Callable[[], bool]) -> bool:
        """Whether that is so within some seconds, looked at whenever anything changed."""
        try:
            async with asyncio.timeout(limit_s):
                while not settled():
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            return False
        return True

    def _take_track(self, track: MediaStreamTrack) -> None:
        if track.kind == "audio" and self._heard is None:
            self._heard = HeardTrack(track)

    def _take_channel(self, channel: RTCDataChannel) -> None:
        if self._channel is not None:
            self._channel.attach(channel, self._changed.set)

    def _look_at_connection(self) -> None:
        match self._peer.connectionState:
            case "failed":
                self._end(Hangup(_LOST, "the connection failed", normal=False))
            case "closed":
                self._end(Hangup())
            case _:
                pass
        self._changed.set()

    def _hear(self, event: Event) -> None:
        """Take in what was said on the data channel."""
        match event:
            case Hangup():
                self._end(event)
                return
            case Ready():
                self._ready = True
            case Failed(code, message, fatal=True):
                self._refused = f"{code} {message}"
            case Status("renegotiate") if self._opening is not None:
                self._opening.create_task(self._renegotiate())
            case _:
                pass
        self._arrived.put_nowait(event)
        self._changed.set()

    async def _renegotiate(self) -> None:
        """Offer the same call again, because the far side wants it."""
        try:
            await self._terms.again()
        except (ConnectionFailed, ProtocolError) as error:
            self._arrived.put_nowait(Warned(f"the call goes on as it was: {error}"))

    async def _listen(self) -> None:
        """Pass on the far side's sound as it comes."""
        if self._heard is None:
            return
        try:
            while True:
                self._arrived.put_nowait(Audio(await self._heard.receive()))
        except TrackEnded:
            if self._over is None:
                self._arrived.put_nowait(Warned("the far side's track ended"))
        except ProtocolError as error:
            self._arrived.put_nowait(error)

    async def _watch(self) -> None:
        """Say that we are there, and notice when the far side is not."""
        loop = asyncio.get_running_loop()
        received, since, channel_told = -1, loop.time(), False
        while self._over is None:
            if self._channel is not None and Ping in self._channel.sends:
                self._channel.say(Ping(""))
            so_far = await self._received()
            if so_far != received:
                received, since = so_far, loop.time()
            elif loop.time() - since >= SILENT_LIMIT_S:
                reason = f"no packet came for {SILENT_LIMIT_S:g} s"
                self._end(Hangup(_LOST, reason, normal=False))
            if self._channel is not None and self._channel.closed and not channel_told:
                channel_told = True
                self._arrived.put_nowait(Warned("the far side closed its data channel"))
            await asyncio.sleep(_LOOK_S)

    async def _received(self) -> int:
        """How many packets came so far."""
        found = (await self._peer.getStats()).values()
        return sum(one.packetsReceived for one in found if isinstance(one, RTCTransportStats))

    def _end(self, hangup: Hangup) -> None:
        """The call is over; whoever says so first is told of."""
        if self._over is None:
            self._over = hangup
            self._arrived.put_nowait(hangup)
            self._changed.set()

    @property
    def immediate(self) -> bool:
        """A track and a data channel have queues of their own."""
        return True

    @property
    def takes(self) -> AudioFormat:
        """The track converts."""
        return INTERNAL

    async def send(self, event: Event) -> None:
        """Say `event`; after the line is down this does nothing."""
        self.put(event)

    def put(self, event: Event) -> None:
        """Say `event`; after the line is down this does nothing."""
        require(event, self.sends)
        if self._over is not None:
            return
        if isinstance(event, Audio):
            self.track.put(event.chunk.samples())
            return
        if isinstance(event, Cleared):
            self.track.clear()
        if self._channel is not None:
            self._channel.say(event)

    async def tell(self, message: str) -> None:
        """Say something that is no event, if there is a data channel."""
        if self._channel is not None:
            self._channel.send(message)

    def close_channel(self) -> None:
        """Close the data channel and leave the sound as it is."""
        if self._channel is not None:
            self._channel.close()

    async def events(self) -> AsyncGenerator[Event, None]:
        """What the far side says, ending with exactly one Hangup; raises ProtocolError."""
        while True:
            found = await self._arrived.get()
            if isinstance(found, ProtocolError):
                raise found
            yield found
            if isinstance(found, Hangup):
                return

    async def hang_up(self, reason: str = "", code: int = NORMAL_CLOSE) -> None:
        """Close the line, without a word if `code` says that it breaks."""
        if self._over is not None:
            return
        self._over = Hangup(code, reason, normal=code in _NORMAL)
        try:
            await self._close(self._over)
        finally:
            # Told of only now: whoever hears it may end the task that closes.
            self._arrived.put_nowait(self._over)
            self._changed.set()

    async def _close(self, hangup: Hangup) -> None:
        if not hangup.normal:
            for one in self._peer.getTransceivers():
                await one.receiver.transport.transport.stop()
        elif self._channel is not None and Hangup in self._channel.sends:
            self._channel.say(Hangup(reason=hangup.reason))
            await self._channel.flush()
        await _close_in_time(self._peer)
