"""The agent's sound in a room of LiveKit, and how late LiveKit's package hands it over."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from statistics import median

from livekit import rtc

from voicetest.audio.chunk import INTERNAL, AudioChunk
from voicetest.audio.vad import voiced
from voicetest.events import Audio, Event, Status, Warned
from voicetest.links.conversion import Converter
from voicetest.links.livekit_line import WIRE

__all__ = ["RoomSound", "opened"]

BACKGROUND = "background_audio"
"""The track of LiveKit's framework with music and typing; it is not the agent's voice."""
_PIECE_MS = 10
_AFTER_BUFFER_S = 0.012
"""What Opus looks ahead, a whole piece and the conversion add to the jitter buffer, as measured."""
_LOOK_S = 2.0
"""Between two looks at the statistics."""
_DEPARTS_S = 0.05
"""From the usual delay: worth a warning."""
_USUAL_S = 0.03
"""What a jitter buffer on a good line holds, for calls that are too short to look."""
_BACKLOG_S = 0.05
_CLOSE_LIMIT_S = 2.0


def opened(track: rtc.RemoteAudioTrack) -> rtc.AudioStream:
    """The sound of a track, kept from now on until it is read."""
    return rtc.AudioStream(track, sample_rate=WIRE.rate, num_channels=1, frame_size_ms=_PIECE_MS)


class RoomSound:
    """Reads the agent's microphone track, one at a time, and the statistics of its reception."""

    def __init__(self, room: rtc.Room, say: Callable[[Event], None]) -> None:
        self._room = room
        self._say = say
        self._tracks: asyncio.Queue[rtc.AudioStream] = asyncio.Queue()
        """What was subscribed to and is not read yet."""
        self._track = ""
        """The id of the latest track."""
        self._delays: list[float] = []
        """How long the jitter buffer held sound between two looks, in seconds."""
        self.there = False
        """Set when the first track was subscribed to."""

    @property
    def buffered_s(self) -> float:
        """The median over the call."""
        return median(self._delays or [_USUAL_S]) + _AFTER_BUFFER_S

    def take(self, stream: rtc.AudioStream, publication: rtc.RemoteTrackPublication) -> None:
        """Read a track that was opened, once the one before it is gone, unless it is no voice."""
        if publication.name == BACKGROUND:
            self._say(Warned(f"the agent's track '{BACKGROUND}' is not part of the call"))
            return
        self._tracks.put_nowait(stream)
        self._track = publication.sid
        self.there = True

    def lost(self, publication: rtc.RemoteTrackPublication) -> None:
        """A track was unpublished."""
        if publication.sid == self._track:
            self._say(Warned("the agent unpublished its track: there is no sound any more"))

    def muted(self, publication: rtc.TrackPublication, *, muted: bool) -> None:
        """A track was muted, or no longer is."""
        if publication.sid == self._track:
            self._say(Status("the agent's track is " + ("muted" if muted else "no longer muted")))

    def listen(self, tasks: asyncio.TaskGroup) -> list[asyncio.Task[None]]:
        """Begin to read, and to look at the statistics."""
        return [tasks.create_task(self._read_all()), tasks.create_task(self._look())]

    async def _read_all(self) -> None:
        began = asyncio.get_running_loop().time()
        while True:
            stream = await self._tracks.get()
            try:
                await self._read(stream, began)
            finally:
                await _close_in_time(stream)

    async def _read(self, stream: rtc.AudioStream, began: float) -> None:
        loop = asyncio.get_running_loop()
        converter = Converter(INTERNAL)
        waited = False
        async for event in stream:
            chunk = converter.convert(AudioChunk(event.frame.data.tobytes(), WIRE))
            # What was silent before the call began would make everything after it late.
            waited = waited or loop.time() - began > _BACKLOG_S or voiced(chunk.samples())
            if waited:
                self._say(Audio(chunk))

    async def _look(self) -> None:
        """Learn how long sound is held, for as long as the call lasts."""
        held = emitted = 0.0
        while self._room.isconnected():
            await asyncio.sleep(_LOOK_S)
            try:
                async with asyncio.timeout(_LOOK_S):
                    stats = await self._room.get_rtc_stats()
            except (RuntimeError, TimeoutError):
                continue  # the connection is lost, which the room itself says
            for inbound in _received(stats):
                if inbound.jitter_buffer_emitted_count > emitted:
                    more = inbound.jitter_buffer_emitted_count - emitted
                    self._note((inbound.jitter_buffer_delay - held) / more)
                    held = inbound.jitter_buffer_delay
                    emitted = inbound.jitter_buffer_emitted_count

    def _note(self, delay: float) -> None:
        usual = median(self._delays or [delay])
        self._delays.append(delay)
        if abs(delay - usual) > _DEPARTS_S:
            words = f"the jitter buffer held {delay * 1000:.0f} ms instead of {usual * 1000:.0f} ms"
            self._say(Warned(f"{words}: times are as much less exact"))


def _received(stats: rtc.RtcStats) -> Iterator[rtc.stats.InboundRtpStreamStats]:
    """The statistics of sound that arrives; both directions may have one connection."""
    for found in (*stats.subscriber_stats, *stats.publisher_stats):
        if found.WhichOneof("stats") == "inbound_rtp" and found.inbound_rtp.stream.kind == "audio":
            yield found.inbound_rtp.inbound


async def _close_in_time(stream: rtc.AudioStream) -> None:
    """Close it; one that takes too long, or a process that did not run meanwhile, is given up."""
    try:
        async with asyncio.timeout(_CLOSE_LIMIT_S):
            await stream.aclose()
    except TimeoutError:
        return
