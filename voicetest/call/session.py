"""One live call: everything that happens happens on its clock."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing

from voicetest.audio.chunk import INTERNAL, AudioChunk, Samples
from voicetest.audio.vad import voiced
from voicetest.audio.wav import read_span
from voicetest.call.harness import Harness
from voicetest.call.limits import Limits
from voicetest.call.microphone import FRAME, FRAME_S, Line, Microphone
from voicetest.call.playout import BurstyPlayout, ContinuousPlayout, Playout
from voicetest.call.recorder import Recorder
from voicetest.call.timeline import (
    By,
    CallEnded,
    EndReason,
    FirstAudio,
    LineSpoken,
    Note,
    SpeechStarted,
    SpeechStopped,
    Timeline,
)
from voicetest.call.turns import AgentTurns
from voicetest.clock import sleep_until
from voicetest.errors import ConnectionFailed
from voicetest.events import (
    AgentTurnEnded,
    AgentTurnStarted,
    Audio,
    Cleared,
    Event,
    Failed,
    Hangup,
    ToolCalled,
    ToolResult,
    UserTurnEnded,
    UserTurnStarted,
)
from voicetest.links.base import Link, say

__all__ = ["AnswerTool", "Session"]

AnswerTool = Callable[[ToolCalled], Awaitable[ToolResult]]


class Session:
    """Runs microphone, playout, recorder and turn tracking; the script speaks and waits here."""

    def __init__(
        self,
        link: Link,
        recorder: Recorder,
        timeline: Timeline,
        limits: Limits,
        answer_tool: AnswerTool,
    ) -> None:
        self.timeline = timeline
        self.recorder = recorder
        self.limits = limits
        self.harness = Harness()
        self.turns = AgentTurns(
            timeline,
            platform_ends_turns=AgentTurnEnded in link.receives,
            tail_s=limits.tail_silence,
        )
        self.user_speech_start_s: float | None = None
        """Start of the user's last speech; set by each line."""
        self.user_speech_end_s: float | None = None
        """End of the user's last speech; set by each line."""
        self.last_message_s = 0.0
        """When the far side last said anything; set by each event."""
        self.hung_up: Hangup | None = None
        """Set when the far side ends the call."""
        self._link = link
        self._answer_tool = answer_tool
        self._microphone = Microphone()
        self._playout: Playout = ContinuousPlayout() if link.paced else BurstyPlayout()
        self._loop = asyncio.get_running_loop()
        self._start = self._loop.time()
        self._on_wire: Samples | None = None
        """The frame that went out last; recorded when its 20 ms are over."""
        self._ticks = 0
        self._changed = asyncio.Event()
        """Set whenever a condition may have become true; cleared by whoever waits."""
        self._answering: list[asyncio.Task[None]] = []
        """The tool calls that are being answered; ended with the call."""
        self._awaiting_audio = True
        """Set at the start and by each line; cleared by the first packet with sound in it."""

    @property
    def now(self) -> float:
        """Seconds since the line was ready."""
        return self._loop.time() - self._start

    @property
    def over(self) -> bool:
        """Whether the far side has hung up and all it sent has been heard."""
        return self.hung_up is not None and self._drained

    @property
    def _broken(self) -> bool:
        """Whether the line ended in a way that nobody meant."""
        return self.hung_up is not None and not self.hung_up.normal

    @property
    def _drained(self) -> bool:
        return self._playout.pending(round(self.now * INTERNAL.rate)) == 0

    def note(self, by: By, what: Note | Event, at: float | None = None) -> None:
        """Put something on the timeline, now unless `at` says when in seconds."""
        self.timeline.add(self.now if at is None else at, by, what)
        self._changed.set()

    async def until(self, condition: Callable[[], bool], deadline: float) -> bool:
        """Wait for `condition`, looked at whenever anything changed and at each frame.

        Returns whether it holds at `deadline`, in seconds on the call clock, at the latest.
        """
        while not condition():
            if self.now >= deadline:
                return False
            self._changed.clear()
            await self._changed.wait()
        return True

    async def speak(self, line: Line, step: int) -> None:
        """Say a line; returns when its last frame has been out for its 20 ms."""
        samples = read_span(line.clean, 0, -1)[:, 0]
        await self.say(UserTurnStarted())
        started, finished = self._microphone.say(samples)
        start = await started
        self.user_speech_start_s = start + line.speech_start_s
        self.user_speech_end_s = start + line.speech_end_s
        self.note("user", SpeechStarted("user"), self.user_speech_start_s)
        try:
            await finished
            await sleep_until(self._start + start + len(samples) / INTERNAL.rate)
        finally:
            whole = start + len(samples) / INTERNAL.rate
            end = min(whole, self.now)
            self.user_speech_end_s = min(self.user_speech_end_s, end)
            self.note("user", SpeechStopped("user"), self.user_speech_end_s)
            self.note(
                "user",
                LineSpoken(
                    step=step,
                    kind=line.kind,
                    text=line.text,
                    start_s=start,
                    end_s=end,
                    speech_start_s=self.user_speech_start_s,
                    speech_end_s=self.user_speech_end_s,
                    truncated=end < whole - FRAME_S,
                    clean=line.clean.name,
                ),
            )
            self._awaiting_audio = True
        await self.say(UserTurnEnded())

    async def say(self, event: Event) -> None:
        """Tell the far side something, if this line has a word for it."""
        await say(self._link, event)

    async def conduct(self, script: Callable[[], Awaitable[None]]) -> None:
        """Run the whole call: the script from its first step to its last, then hang up.

        Raises ConnectionFailed when the line breaks.
        """
        end = EndReason.ERROR
        try:
            async with asyncio.TaskGroup() as tasks:
                receiving = tasks.create_task(self._receive(tasks))
                ticking = tasks.create_task(self._tick())
                reason = await self._play(script)
                if self._broken:
                    await asyncio.wait([receiving])  # it says so and raises
                for task in (receiving, ticking, *self._answering):
                    task.cancel()
            end = reason
        finally:
            self._record()
            self.turns.close(self.now, end)
            self.harness.slips = self._playout.slips
            self.harness.jitter_buffer_s = self._playout.delay_s

    async def _play(self, script: Callable[[], Awaitable[None]]) -> EndReason:
        """Run the script; what it returns ends a turn that is still open."""
        try:
            async with asyncio.timeout_at(self._start + self.limits.max_duration):
                await script()
        except TimeoutError:
            limit = self.limits.max_duration
            self.note("voicetest", CallEnded("limit", reason=f"max_duration {limit:g}s"))
            return EndReason.MAX_DURATION
        if self._broken:
            return EndReason.ERROR
        if self.hung_up is not None:
            self.note("agent", CallEnded("agent", self.hung_up.code, self.hung_up.reason))
        else:
            self.note("user", CallEnded("user"))
        return EndReason.HUNG_UP

    async def _receive(self, tasks: asyncio.TaskGroup) -> None:
        async with aclosing(self._link.events()) as events:
            async for event in events:
                self.last_message_s = self.now
                self._take_in(event, tasks)
                self._changed.set()
        hung_up = self.hung_up
        if hung_up is not None and self._broken:
            await self.until(lambda: self._drained, self.now + self.limits.response_max_duration)
            self.note("platform", CallEnded("platform", hung_up.code, hung_up.reason))
            words = f"the line broke: closed with code {hung_up.code} {hung_up.reason}".rstrip()
            raise ConnectionFailed(words, code=hung_up.code, reason=hung_up.reason)

    def _take_in(self, event: Event, tasks: asyncio.TaskGroup) -> None:
        now = self.now
        match event:
            case Audio(chunk):
                self._take_in_audio(chunk, now)
                return
            case AgentTurnStarted():
                self.turns.sign(now)
            case ToolCalled():
                self.turns.sign(now)
                self._answering.append(tasks.create_task(self._answer(event)))
            case AgentTurnEnded():
                self.turns.announce_end()
            case Cleared():
                self._playout.clear(round(now * INTERNAL.rate))
                self.turns.cleared()
            case Hangup():
                self.hung_up = event
            case _:
                pass
        self.note("agent", event, now)
        if isinstance(event, Failed) and event.fatal:
            raise ConnectionFailed(f"the agent reports an error: {event.code} {event.message}")

    def _take_in_audio(self, chunk: AudioChunk, now: float) -> None:
        samples = chunk.samples()
        if self._awaiting_audio and voiced(samples):
            self._awaiting_audio = False
            self.note("agent", FirstAudio(), now)
        self._playout.push(samples, round(now * INTERNAL.rate))

    async def _answer(self, call: ToolCalled) -> None:
        result = await self._answer_tool(call)
        self.note("user", result)
        await self.say(result)

    async def _tick(self) -> None:
        while True:
            deadline = self._start + self._ticks * FRAME_S
            await sleep_until(deadline)
            woken = self._loop.time()
            self._record()
            self.turns.settle(self._ticks * FRAME_S, drained=self._drained)
            if self.over:
                self.turns.close(self.now, EndReason.HUNG_UP)
            speaking = self._microphone.speaking
            self._on_wire = self._microphone.take(self._ticks * FRAME_S)
            if speaking or self._link.continuous:
                await self._link.send(Audio(AudioChunk.of(self._on_wire)))
            self.harness.frame(deadline, woken, self._loop.time())
            self._ticks += 1
            self._changed.set()

    def _record(self) -> None:
        """Put the frame that just ended on both channels."""
        if self._on_wire is None:
            return
        start = (self._ticks - 1) * FRAME
        heard = self._playout.render(start, FRAME)
        self.recorder.write(self._on_wire, heard)
        self.turns.hear(heard, start / INTERNAL.rate, self.user_speech_end_s)
