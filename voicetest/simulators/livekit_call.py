"""One call at a simulated server of LiveKit: a caller in a room, and the agent that it meets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from uuid import uuid4

from livekit.protocol import models, rtc

from voicetest.audio.chunk import INTERNAL, AudioFormat
from voicetest.errors import ProtocolError
from voicetest.events import (
    AgentTurnEnded,
    AgentTurnStarted,
    Audio,
    Dtmf,
    Event,
    Hangup,
    Text,
    ToolCalled,
    ToolResult,
    Transcript,
)
from voicetest.links.aiortc_ways import Reach
from voicetest.links.heard_track import HeardTrack, TrackEnded
from voicetest.protocols.base import require
from voicetest.simulators.base import NONSENSE
from voicetest.simulators.livekit_media import RoomMedia
from voicetest.simulators.livekit_packets import (
    PacketReader,
    key_packet,
    method_packet,
    segment_packets,
)
from voicetest.transports.base import GOING_AWAY, NORMAL_CLOSE, Transport, TransportClosed

__all__ = ["RoomLine"]

AGENT = "agent-simulated"
_AGENT_SID, _TRACK_SID = "PA_agent", "TR_agentvoice"
_PING_S, _PING_LIMIT_S = 5, 15
_NORMAL = (NORMAL_CLOSE, GOING_AWAY)


class RoomLine:
    """The server's end of a caller's connection, as a line for the embedded agent."""

    speaks: AudioFormat = INTERNAL
    hears: AudioFormat = INTERNAL
    sends: frozenset[type[Event]] = frozenset(
        {Audio, AgentTurnStarted, AgentTurnEnded, Transcript, ToolCalled, Dtmf}
    )
    receives: frozenset[type[Event]] = frozenset({Audio, Text, Dtmf, ToolResult, Hangup})
    continuous = True
    hears_between_turns = True
    paced = True
    jitter_s = 0.0
    buffered_s = 0.0

    def __init__(
        self,
        transport: Transport[bytes | str],
        room: str,
        identity: str,
        reach: Reach,
        *,
        standard: bool = False,
    ) -> None:
        """`standard`: the agent is none by kind, and has no state."""
        self._standard = standard
        self._transport = transport
        self._room = room
        self.identity = identity
        self.media = RoomMedia(reach, self._take_track, self._take_packet)
        self.microphone: asyncio.Future[HeardTrack] = asyncio.get_running_loop().create_future()
        """What the caller publishes."""
        self._packets = PacketReader()
        self._heard: asyncio.Queue[Event] = asyncio.Queue()
        self._state = "listening"
        self._version = 1
        self._muted = False
        self._published = False
        """Set when the agent has its track."""
        self._track_sid = ""
        """The id that the caller's track was given."""
        self.answered = asyncio.Event()
        """Set when the caller has answered what it was offered."""
        self._over = False
        """Set when either side ended the call."""

    def _take_track(self, track: HeardTrack) -> None:
        if not self.microphone.done():
            self.microphone.set_result(track)

    def _take_packet(self, message: bytes | str) -> None:
        for event in self._packets.read(message):
            self._heard.put_nowait(event)

    async def say(self, **message: object) -> None:
        """Send one signal, if the caller is still there."""
        try:
            await self._transport.send(rtc.SignalResponse(**message).SerializeToString())  # type: ignore[arg-type]  # one of its fields
        except TransportClosed:
            return

    async def let_in(self) -> None:
        """Tell the caller that it is in the room, and offer it what is there."""
        me = models.ParticipantInfo(
            sid="PA_caller",
            identity=self.identity,
            state=models.ParticipantInfo.ACTIVE,
            permission=models.ParticipantPermission(
                can_subscribe=True, can_publish=True, can_publish_data=True
            ),
        )
        joined = rtc.JoinResponse(
            room=models.Room(sid="RM_simulated", name=self._room),
            participant=me,
            subscriber_primary=True,
            ping_interval=_PING_S,
            ping_timeout=_PING_LIMIT_S,
            server_version="1.9.0",
            server_info=models.ServerInfo(version="1.9.0", protocol=16),
        )
        await self.say(join=joined)
        await self._offer()

    async def _offer(self) -> None:
        self.answered.clear()
        sdp, number = await self.media.offer()
        await self.say(offer=rtc.SessionDescription(type="offer", sdp=sdp, id=number))

    async def agent_comes(self) -> None:
        """The agent is in the room."""
        await self.answered.wait()
        await self.media.connected.wait()
        await self.show_agent()

    async def agent_publishes(self) -> None:
        """The agent has a track, to which the caller is subscribed."""
        self._published = True
        self.media.add_voice(_AGENT_SID, _TRACK_SID)
        await self.show_agent()
        await self._offer()
        await self.answered.wait()

    async def send_nonsense(self) -> None:
        """Publish a packet that is none."""
        self.media.send_bytes(NONSENSE.encode())

    async def mute(self) -> None:
        """The agent mutes its track."""
        self._muted = True
        self.media.track.mute()
        await self.show_agent()

    async def unpublish(self) -> None:
        """The agent takes its track away."""
        self._published = False
        self.media.track.mute()
        await self.show_agent()

    async def show_agent(self, reason: models.DisconnectReason | None = None) -> None:
        """Tell how it is with the agent; a reason says that it has left."""
        self._version += 1
        gone = reason is not None
        about = models.ParticipantInfo(
            sid=_AGENT_SID,
            identity=AGENT,
            name="agent",
            state=models.ParticipantInfo.DISCONNECTED if gone else models.ParticipantInfo.ACTIVE,
            kind=(
                models.ParticipantInfo.STANDARD if self._standard else models.ParticipantInfo.AGENT
            ),
            version=self._version,
            is_publisher=True,
            attributes={} if self._standard else {"lk.agent.state": self._state},
            disconnect_reason=reason or models.UNKNOWN_REASON,
            tracks=[self._track] if self._published and not gone else [],
        )
        await self.say(update=rtc.ParticipantUpdate(participants=[about]))

    @property
    def _track(self) -> models.TrackInfo:
        return models.TrackInfo(
            sid=_TRACK_SID,
            type=models.AUDIO,
            name="voice",
            source=models.MICROPHONE,
            muted=self._muted,
            mime_type="audio/opus",
        )

    async def dismiss(self, reason: models.DisconnectReason) -> None:
        """Put the caller out of the room, without a way back."""
        self._over = True
        leave = rtc.LeaveRequest(reason=reason, action=rtc.LeaveRequest.DISCONNECT)
        await self.say(leave=leave)
        self._heard.put_nowait(Hangup())

    async def answer_signals(self) -> None:
        """Take what the caller says of itself, until it leaves or its connection ends."""
        try:
            while True:
                message = await self._transport.receive()
                if isinstance(message, bytes):
                    await self._take(rtc.SignalRequest.FromString(message))
                if self._over:
                    break
        except TransportClosed:
            pass
        self._heard.put_nowait(Hangup())

    async def _take(self, signal: rtc.SignalRequest) -> None:
        match signal.WhichOneof("message"):
            case "offer":
                sdp = await self.media.take_offer(signal.offer.sdp)
                answer = rtc.SessionDescription(type="answer", sdp=sdp, id=signal.offer.id)
                await self.say(answer=answer)
            case "answer":
                await self.media.take_answer(signal.answer.sdp)
                self.answered.set()
            case "add_track":
                await self._publish(signal.add_track)
            case "ping_req":
                pong = rtc.Pong(last_ping_timestamp=signal.ping_req.timestamp)
                await self.say(pong_resp=pong)
            case "leave":
                self._over = True
            case _:
                pass  # candidates are not needed: it reaches us, and so shows where it is

    async def _publish(self, wanted: rtc.AddTrackRequest) -> None:
        self._track_sid = f"TR_{uuid4().hex[:12]}"
        track = models.TrackInfo(
            sid=self._track_sid, type=wanted.type, name=wanted.name, source=wanted.source
        )
        published = rtc.TrackPublishedResponse(cid=wanted.cid, track=track)
        await self.say(track_published=published)

    async def subscribe(self) -> HeardTrack:
        """The caller's microphone; the caller is told that somebody listens."""
        microphone = await self.microphone
        await self.say(track_subscribed=rtc.TrackSubscribed(track_sid=self._track_sid))
        return microphone

    async def listen(self, microphone: HeardTrack) -> None:
        """Hear the caller, until its track ends."""
        try:
            while True:
                self._heard.put_nowait(Audio(await microphone.receive()))
        except (TrackEnded, ProtocolError):
            return

    async def send(self, event: Event) -> None:
        """What an agent made with LiveKit's framework publishes for this."""
        require(event, self.sends)
        match event:
            case Audio(chunk):
                self.media.track.put(chunk.samples())
            case AgentTurnStarted():
                await self._be("speaking")
            case AgentTurnEnded():
                await self._be("listening")
            case Transcript(by, text):
                speaker = AGENT if by == "agent" else self.identity
                segment = f"SG_{uuid4().hex[:12]}"
                for packet in segment_packets(speaker, text, segment, grows=by == "agent"):
                    self.media.send(packet)
            case ToolCalled():
                self.media.send(method_packet(AGENT, event))
            case Dtmf(key):
                self.media.send(key_packet(AGENT, key))
            case _:
                pass

    async def _be(self, state: str) -> None:
        self._state = state
        await self.show_agent()

    async def events(self) -> AsyncGenerator[Event, None]:
        """What the caller does, ending with exactly one Hangup."""
        while True:
            event = await self._heard.get()
            yield event
            if isinstance(event, Hangup):
                return

    async def hang_up(self, reason: str = "", code: int = NORMAL_CLOSE) -> None:
        """The agent leaves the room, or drops out of it if `code` says so."""
        meant = code in _NORMAL
        await self.show_agent(models.CLIENT_INITIATED if meant else models.AGENT_ERROR)
