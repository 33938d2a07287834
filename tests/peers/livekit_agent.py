"""An agent as others write them: in a room of LiveKit, through LiveKit's own package."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal
from uuid import uuid4

from livekit import api, rtc

from voicetest.agents.recipe import AgentRecipe
from voicetest.audio.chunk import INTERNAL, AudioChunk, AudioFormat
from voicetest.clock import sleep_until
from voicetest.events import (
    AgentTurnEnded,
    AgentTurnStarted,
    Audio,
    Cleared,
    Dtmf,
    Event,
    Hangup,
    Text,
    ToolCalled,
    ToolResult,
    Transcript,
    TranscriptDelta,
)

__all__ = ["AgentLine", "agent_in_room", "agent_token"]

_FRAME = 240
"""Samples of 10 ms."""


def agent_token(
    key: str,
    secret: str,
    room: str,
    identity: str = "agent-1",
    *,
    kind: Literal["agent"] | None = "agent",
) -> str:
    """A token of an agent; kind and grants are those that LiveKit gives to its workers.

    Without a kind it is that of Pipecat's runner, which makes no agent.
    """
    grants = api.VideoGrants(room_join=True, room=room, agent=True, can_update_own_metadata=True)
    token = api.AccessToken(key, secret).with_identity(identity)
    if kind is not None:
        token = token.with_kind(kind)
    return token.with_grants(grants).to_jwt()


class AgentLine:
    """The agent's end of a call, as a line for an embedded agent."""

    speaks: AudioFormat = INTERNAL
    hears: AudioFormat = INTERNAL
    sends: frozenset[type[Event]] = frozenset(
        {Audio, AgentTurnStarted, AgentTurnEnded, TranscriptDelta, Transcript, ToolCalled, Cleared}
    )
    receives: frozenset[type[Event]] = frozenset({Audio, Text, Dtmf, ToolResult, Hangup})
    continuous = True
    hears_between_turns = True
    paced = True
    jitter_s = 0.0
    buffered_s = 0.0

    def __init__(self, room: rtc.Room, tasks: asyncio.TaskGroup, *, states: bool = True) -> None:
        self.room = room
        self._tasks = tasks
        self._states = states
        self._said: asyncio.Queue[Event] = asyncio.Queue()
        self._source = rtc.AudioSource(INTERNAL.rate, 1, queue_size_ms=0)
        self._pending = bytearray()
        self._caller = ""
        self._segment: rtc.TextStreamWriter | None = None
        self._running: list[asyncio.Task[None]] = []
        self._other = rtc.Room()
        self.met = asyncio.Event()
        """Set when a caller is there."""

    async def open(self, url: str, token: str) -> None:
        """Join, and publish the voice."""
        self.room.on("track_subscribed", self._take_track)
        self.room.on("participant_disconnected", lambda who: self._said.put_nowait(Hangup()))
        self.room.on("disconnected", lambda reason: self._said.put_nowait(Hangup()))
        self.room.on("sip_dtmf_received", lambda key: self._said.put_nowait(Dtmf(key.digit)))
        self.room.register_text_stream_handler("lk.chat", self._take_text)
        await self.room.connect(url, token)
        me = self.room.local_participant
        if self._states:
            await me.set_attributes({"lk.agent.state": "listening"})
        track = rtc.LocalAudioTrack.create_audio_track("voice", self._source)
        options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE, dtx=False)
        publication = await me.publish_track(track, options)
        self._running.append(self._tasks.create_task(self._stream()))
        await publication.wait_for_subscription()

    async def mute(self) -> None:
        """Mute the voice."""
        for publication in self.room.local_participant.track_publications.values():
            if isinstance(publication.track, rtc.LocalAudioTrack):
                publication.track.mute()

    async def unpublish(self) -> None:
        """Take the voice away."""
        me = self.room.local_participant
        for sid in tuple(me.track_publications):
            await me.unpublish_track(sid)

    async def intrude(self, url: str, token: str) -> None:
        """Join once more, as somebody else."""
        await self._other.connect(url, token)

    def stop(self) -> None:
        """End what runs beside the call."""
        for task in self._running:
            task.cancel()

    def _take_track(self, track: rtc.Track, pub: object, who: rtc.RemoteParticipant) -> None:
        self._caller = who.identity
        self.met.set()
        self._running.append(self._tasks.create_task(self._hear(track)))

    def _take_text(self, reader: rtc.TextStreamReader, who: str) -> None:
        async def read() -> None:
            self._said.put_nowait(Text(await reader.read_all()))

        self._running.append(self._tasks.create_task(read()))

    async def _hear(self, track: rtc.Track) -> None:
        stream = rtc.AudioStream(track, sample_rate=INTERNAL.rate, num_channels=1)
        async for event in stream:
            self._said.put_nowait(Audio(AudioChunk(event.frame.data.tobytes())))

    async def _stream(self) -> None:
        """10 ms at a time, silence where nothing is said."""
        loop = asyncio.get_running_loop()
        start, count = loop.time(), 0
        size = _FRAME * INTERNAL.frame_bytes
        while True:
            await sleep_until(start + count * 0.01)
            piece = bytes(self._pending[:size]).ljust(size, b"\0")
            del self._pending[:size]
            await self._source.capture_frame(rtc.AudioFrame(piece, INTERNAL.rate, 1, _FRAME))
            count += 1

    async def send(self, event: Event) -> None:
        """What an agent made with LiveKit's framework publishes for this."""
        me = self.room.local_participant
        match event:
            case Audio(chunk):
                self._pending += chunk.data
            case Cleared():
                self._pending.clear()
            case AgentTurnStarted() if self._states:
                await me.set_attributes({"lk.agent.state": "speaking"})
            case AgentTurnEnded():
                if self._states:
                    await me.set_attributes({"lk.agent.state": "listening"})
            case Transcript("user", text):
                await self._publish(text, self._caller)
            case TranscriptDelta(_, text):
                await self._publish(text, me.identity)
            case ToolCalled(call, name, arguments):
                answer = await me.perform_rpc(
                    destination_identity=self._caller, method=name, payload=arguments
                )
                self._said.put_nowait(ToolResult(call, answer))
            case _:
                pass

    async def _publish(self, text: str, speaker: str) -> None:
        """One whole segment."""
        about = {"lk.transcription_final": "false", "lk.segment_id": f"SG_{uuid4().hex[:12]}"}
        writer = await self.room.local_participant.stream_text(
            topic="lk.transcription", attributes=about, sender_identity=speaker
        )
        for word in text.split(" "):
            await writer.write(f"{word} ")
        await writer.aclose(attributes={"lk.transcription_final": "true"})

    async def events(self) -> AsyncGenerator[Event, None]:
        """What the caller does, until somebody leaves."""
        while True:
            event = await self._said.get()
            yield event
            if isinstance(event, Hangup):
                return

    async def hang_up(self, reason: str = "", code: int = 1000) -> None:
        """Leave the room."""
        async with asyncio.timeout(5):
            await self.room.disconnect()
            await self._other.disconnect()
        self._said.put_nowait(Hangup())


@asynccontextmanager
async def agent_in_room(
    url: str, token: str, recipe: AgentRecipe, **how: bool
) -> AsyncIterator[AgentLine]:
    """An agent that is there while the block runs and serves whoever comes."""
    await recipe.prepare()
    room = rtc.Room()
    async with asyncio.TaskGroup() as tasks:
        line = AgentLine(room, tasks, **how)

        async def serve() -> None:
            await line.open(url, token)
            await recipe.make(line).serve()
            await line.hang_up()

        serving = tasks.create_task(serve())
        try:
            yield line
        finally:
            serving.cancel()
            await line.hang_up()
            line.stop()
