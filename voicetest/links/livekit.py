"""A call in a room of LiveKit, held with LiveKit's own package."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from livekit import rtc
from livekit.rtc.participant import PublishDTMFError

from voicetest.errors import ConnectionFailed
from voicetest.events import (
    AgentTurnEnded,
    AgentTurnStarted,
    Audio,
    Dtmf,
    Event,
    Hangup,
    Text,
    ToolResult,
    Warned,
)
from voicetest.links.livekit_agent import BEHALF, Presence, chosen
from voicetest.links.livekit_line import WIRE, LiveKitLine
from voicetest.links.livekit_microphone import RoomMicrophone
from voicetest.links.livekit_reasons import (
    agent_left,
    no_agent,
    not_joined,
    room_left,
    several,
)
from voicetest.links.livekit_sound import RoomSound, opened
from voicetest.links.livekit_tools import RoomTools
from voicetest.links.livekit_words import TOPIC, RoomWords
from voicetest.protocols.base import require
from voicetest.transports.base import GOING_AWAY, NORMAL_CLOSE

__all__ = ["LiveKitLink", "RoomCall", "joined"]

STATE = "lk.agent.state"
CHAT = "lk.chat"
# Each call would else print that a server has the older of two addresses.
logging.getLogger("livekit").addHandler(logging.NullHandler())
_KEYS = "0123456789*#ABCD"
"""Each at the place of its code (RFC 4733 §3.2)."""
_AT_WORK = frozenset({"thinking", "speaking"})
_JOIN_LIMIT_S = 10.0
_GUESS_AFTER_S = 1.0
"""How long an agent by kind may take to come after somebody else who can be heard."""
_STATE_LIMIT_S = 0.5
"""How long an agent whose sound is there may take to say that it has a state."""
_LISTENS_LIMIT_S = 10.0
"""How long it may take to subscribe to the microphone."""
_RECONNECT_LIMIT_S = 10.0
_LEAVE_LIMIT_S = 5.0


@dataclass(frozen=True)
class RoomCall:
    """Where a call is held, and with whom."""

    url: str
    token: str
    identity: str
    """The caller's."""
    tools: Sequence[str]
    """What the agent may call on our side (RPC methods)."""
    agent_within_s: float
    agent_name: str | None = None
    agent_identity: str | None = None


@asynccontextmanager
async def joined(call: RoomCall, then: Callable[[], Awaitable[None]]) -> AsyncIterator[LiveKitLink]:
    """A line to the agent of a room; `then` is done as soon as we are in, to send for one.

    Raises ConnectionFailed when the room cannot be joined or nobody comes.
    """
    link = LiveKitLink(call)
    try:
        await link.join(then)
        async with asyncio.TaskGroup() as tasks:
            link.listen(tasks)
            try:
                yield link
            finally:
                await link.hang_up()
                link.listen_no_more()
    finally:
        await link.hang_up()


class LiveKitLink:
    """A line that is ready once it is joined, with its agent there and listening."""

    def __init__(self, call: RoomCall) -> None:
        self._call = call
        self._room = rtc.Room()
        self._microphone = RoomMicrophone()
        self._tools = RoomTools(self._say)
        self._said: asyncio.Queue[Event] = asyncio.Queue()
        self._sound = RoomSound(self._room, self._say)
        self._words = RoomWords(self._say, call.identity)
        self._readers: list[tuple[rtc.TextStreamReader, str]] = []
        """The streams of text that came before the call began."""
        self._tasks: asyncio.TaskGroup | None = None
        """Set when the call begins."""
        self._running: list[asyncio.Task[None]] = []
        """What listens; ended with the call."""
        self._line = LiveKitLine()
        """Set anew when it is known that the agent does not publish its state."""
        self._presence = Presence(call.agent_identity)
        self._agent: str | None = None
        """The agent's identity; set when it comes in."""
        self._others: list[
            tuple[rtc.AudioStream, rtc.RemoteTrackPublication, rtc.RemoteParticipant]
        ] = []
        """Tracks that came before it was known who the agent is."""
        self._state: str | None = None
        """What the agent said last of its state."""
        self._listens = False
        """Set when somebody subscribed to the microphone."""
        self._giving_up: asyncio.TimerHandle | None = None
        """Set while the connection is lost; ends the call."""
        self._changed = asyncio.Event()
        """Set whenever anything happened in the room; cleared by whoever waits for it."""
        self._end: Hangup | None = None
        """Set when either side ended the call."""

    speaks = WIRE
    hears = WIRE
    continuous = True
    hears_between_turns = True
    paced = True
    jitter_s = 0.0

    @property
    def sends(self) -> frozenset[type[Event]]:
        """The events that can be sent."""
        return self._line.sends

    @property
    def receives(self) -> frozenset[type[Event]]:
        """The events that may arrive."""
        return self._line.receives

    @property
    def buffered_s(self) -> float:
        """How long the package's jitter buffer, and what is behind it, held the agent's sound."""
        return self._sound.buffered_s

    async def join(self, then: Callable[[], Awaitable[None]]) -> None:
        """Go in, publish the microphone, and wait for an agent that speaks and listens."""
        self._watch()
        call = self._call
        options = rtc.RoomOptions(connect_timeout=_JOIN_LIMIT_S)
        try:
            async with asyncio.timeout(2 * _JOIN_LIMIT_S):
                await self._room.connect(call.url, call.token, options)
        except rtc.ConnectError as error:
            raise not_joined(call.url, call.token, error.message) from None
        except TimeoutError as error:
            limit = 2 * _JOIN_LIMIT_S
            raise ConnectionFailed(
                f"{call.url} let nobody into a room within {limit:g} s"
            ) from error
        for participant in self._room.remote_participants.values():
            self._meet(participant)
        await then()
        me = self._room.local_participant
        for name in call.tools:
            me.register_rpc_method(name, self._tools.call)
        await self._microphone.open(me)
        await self._find_agent()
        silent = f"the agent '{self._agent}' is in the room and publishes no sound: look at its log"
        await self._until(lambda: self._sound.there, call.agent_within_s, silent)
        deaf = f"the agent '{self._agent}' does not listen: nobody subscribed to the microphone"
        await self._until(lambda: self._listens, _LISTENS_LIMIT_S, deaf)
        if not await self._happened(lambda: self._state is not None, _STATE_LIMIT_S):
            self._line = LiveKitLine(states=False)

    async def _find_agent(self) -> None:
        """Wait for the agent, or take the only other one who can be heard for it."""
        call, presence = self._call, self._presence
        guesses = call.agent_name is None and call.agent_identity is None
        limit = call.agent_within_s

        def found() -> bool:
            return self._agent is not None or (guesses and bool(presence.likely))

        if not await self._happened(found, limit):
            words = no_agent(limit, call.agent_name, call.agent_identity, presence.names)
            raise self._unopened(words)
        if await self._happened(lambda: self._agent is not None, _GUESS_AFTER_S):
            return
        likely = presence.likely
        if len(likely) != 1:
            raise self._unopened(several(presence.names))
        self._say(Warned(chosen(likely)))
        self._take_for_agent(likely[0])

    async def _until(self, holds: Callable[[], bool], limit_s: float, otherwise: str) -> None:
        """Raises ConnectionFailed when it does not come to hold, or cannot any more."""
        if not await self._happened(holds, limit_s):
            raise self._unopened(otherwise)

    def _unopened(self, otherwise: str) -> ConnectionFailed:
        """The error for a call that does not come about."""
        if self._end is not None:
            return ConnectionFailed(f"the call ended before it began: {self._end.reason}")
        return ConnectionFailed(otherwise)

    async def _happened(self, holds: Callable[[], bool], limit_s: float) -> bool:
        """Whether it came to hold in time, looked at whenever anything happened in the room."""
        try:
            async with asyncio.timeout(limit_s):
                while not holds() and self._end is None:
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            return False
        return holds()

    def _watch(self) -> None:
        """Take in what happens in the room from now on."""
        room = self._room
        room.on("participant_connected", self._meet)
        room.on("participant_disconnected", self._part)
        room.on("participant_attributes_changed", lambda _, who: self._look_at(who))
        room.on("track_subscribed", self._take_track)
        room.on("track_unsubscribed", lambda track, pub, who: self._sound.lost(pub))
        room.on("track_muted", lambda who, pub: self._sound.muted(pub, muted=True))
        room.on("track_unmuted", lambda who, pub: self._sound.muted(pub, muted=False))
        room.on("local_track_subscribed", lambda track: self._note_listener())
        room.on("transcription_received", self._take_packet)
        room.on("sip_dtmf_received", lambda pressed: self._say(Dtmf(pressed.digit)))
        room.on("reconnecting", self._give_up_soon)
        room.on("reconnected", self._go_on)
        room.on("disconnected", lambda reason: self._finish(room_left(reason)))
        room.register_text_stream_handler(TOPIC, self._take_stream)

    def _say(self, event: Event) -> None:
        if self._end is None:
            self._said.put_nowait(event)

    def _finish(self, end: Hangup) -> None:
        """The call is over; what is said after that is not heard."""
        self._say(end)
        self._end = self._end or end
        self._changed.set()

    def _meet(self, participant: rtc.RemoteParticipant) -> None:
        self._presence.meet(participant)
        known = self._presence.known
        if self._agent is None and known is not None:
            self._take_for_agent(known)
        self._changed.set()

    def _take_for_agent(self, participant: rtc.RemoteParticipant) -> None:
        self._agent = participant.identity
        self._look_at(participant)
        for stream, publication, who in self._others:
            if self._speaks_for_agent(who):
                self._sound.take(stream, publication)
        self._others = [kept for kept in self._others if not self._speaks_for_agent(kept[2])]
        self._changed.set()

    def _speaks_for_agent(self, participant: rtc.RemoteParticipant) -> bool:
        if self._agent is None:
            return False
        if self._agent in (participant.identity, participant.attributes.get(BEHALF)):
            return True
        return self._call.agent_identity is None and _is_agent(participant)

    def _part(self, participant: rtc.RemoteParticipant) -> None:
        self._presence.part(participant)
        # Whoever was there counts as gone while the connection is made anew.
        if participant.identity == self._agent and self._giving_up is None:
            self._finish(agent_left(participant.disconnect_reason))

    def _look_at(self, participant: rtc.Participant) -> None:
        """Turns begin when the agent speaks, and end when it neither speaks nor thinks."""
        state = participant.attributes.get(STATE)
        if participant.identity != self._agent or state is None or state == self._state:
            return
        before, self._state = self._state, state
        self._changed.set()
        if not self._line.states:
            return
        if state == "speaking":
            self._say(AgentTurnStarted())
        elif state not in _AT_WORK and before in _AT_WORK:
            self._say(AgentTurnEnded())

    def _take_track(
        self,
        track: rtc.Track,
        publication: rtc.RemoteTrackPublication,
        participant: rtc.RemoteParticipant,
    ) -> None:
        if not isinstance(track, rtc.RemoteAudioTrack):
            return
        self._presence.sounds(participant)
        if self._speaks_for_agent(participant):
            self._sound.take(opened(track), publication)
        elif self._agent is None:
            self._others.append((opened(track), publication, participant))
        self._changed.set()

    def _note_listener(self) -> None:
        self._listens = True
        self._changed.set()

    def _take_stream(self, reader: rtc.TextStreamReader, speaker: str) -> None:
        if self._tasks is None:
            self._readers.append((reader, speaker))
        else:
            self._running.append(self._tasks.create_task(self._words.read(reader, speaker)))

    def _take_packet(
        self,
        segments: list[rtc.TranscriptionSegment],
        participant: rtc.Participant | None,
        publication: rtc.TrackPublication | None,
    ) -> None:
        self._words.take_packet(segments, participant.identity if participant else None)

    def _give_up_soon(self) -> None:
        self._say(Warned("the connection to the server is lost; it is tried again"))
        self._stop_waiting()
        loop = asyncio.get_running_loop()
        gone = Hangup(
            reason=f"the connection to the server was lost for {_RECONNECT_LIMIT_S:g} s",
            normal=False,
        )
        self._giving_up = loop.call_later(_RECONNECT_LIMIT_S, self._finish, gone)

    def _go_on(self) -> None:
        self._stop_waiting()
        if self._agent is not None and self._agent not in self._room.remote_participants:
            self._finish(agent_left(None))

    def _stop_waiting(self) -> None:
        if self._giving_up is not None:
            self._giving_up.cancel()
        self._giving_up = None

    def listen(self, tasks: asyncio.TaskGroup) -> None:
        """Read what arrives, in tasks of this group."""
        self._tasks = tasks
        self._running += self._sound.listen(tasks)
        for reader, speaker in self._readers:
            self._take_stream(reader, speaker)

    def listen_no_more(self) -> None:
        """End those tasks."""
        for task in self._running:
            task.cancel()

    async def send(self, event: Event) -> None:
        """Say `event`; a line that is down is reported once, by `events`, and not here."""
        require(event, self.sends)
        if self._end is not None:
            return
        me = self._room.local_participant
        match event:
            case Audio(chunk):
                await self._microphone.put(chunk)
            case Dtmf(key):
                await _unless_down(me.publish_dtmf(code=_KEYS.index(key), digit=key))
            case Text(text):
                await _unless_down(me.send_text(text, topic=CHAT))
            case ToolResult():
                self._tools.answer(event)
            case _:
                pass

    async def events(self) -> AsyncGenerator[Event, None]:
        """What the far side says, ending with exactly one Hangup."""
        while True:
            event = await self._said.get()
            yield event
            if isinstance(event, Hangup):
                return

    async def hang_up(self, reason: str = "", code: int = NORMAL_CLOSE) -> None:
        """Leave the room, as intended unless `code` says otherwise; once left it stays so."""
        self._finish(Hangup(code, reason, normal=code in (NORMAL_CLOSE, GOING_AWAY)))
        self._stop_waiting()
        try:
            async with asyncio.timeout(_LEAVE_LIMIT_S):
                await self._room.disconnect()
        except TimeoutError:
            pass  # a server that is gone does not confirm it
        await self._microphone.close()
        others, self._others = self._others, []
        for stream, *_ in others:
            await stream.aclose()


def _is_agent(participant: rtc.RemoteParticipant) -> bool:
    return participant.kind == rtc.ParticipantKind.PARTICIPANT_KIND_AGENT


async def _unless_down(sending: Awaitable[object]) -> None:
    try:
        await sending
    except (rtc.StreamError, PublishDTMFError):
        return
