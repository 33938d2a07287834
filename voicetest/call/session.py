"""One live call: everything that happens happens on its clock."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator

from voicetest.audio.chunk import INTERNAL, AudioChunk
from voicetest.audio.dtmf import Pressed
from voicetest.call.acoustics import Acoustics
from voicetest.call.answers import Answers
from voicetest.call.attendance import Absence, Attendance, sleep_clock
from voicetest.call.bounds import Bounds
from voicetest.call.closing import broken_line
from voicetest.call.harness import Harness
from voicetest.call.hearing import Hearing, Speech
from voicetest.call.limits import Limits
from voicetest.call.line_use import LineUse
from voicetest.call.listener import Listener
from voicetest.call.microphone import FRAME, FRAME_S, Microphone
from voicetest.call.playout import BurstyPlayout, ContinuousPlayout, Playout
from voicetest.call.recorder import Recorder
from voicetest.call.speaker import Speaker
from voicetest.call.ticker import Ticker
from voicetest.call.timeline import (
    By,
    CallEnded,
    EndReason,
    FirstAudio,
    Note,
    Timeline,
    TurnCut,
)
from voicetest.call.tools import AnswerTool, ToolCalls
from voicetest.call.turns import AgentTurns
from voicetest.call.uplink import Carried, Uplink
from voicetest.call.waits import Waits
from voicetest.errors import ConnectionFailed, ProtocolError
from voicetest.events import (
    AgentTurnEnded,
    AgentTurnStarted,
    Audio,
    Cleared,
    Dtmf,
    Event,
    Failed,
    Hangup,
    Ignored,
    Interrupted,
    Leaving,
    Mark,
    ToolCalled,
    ToolCancelled,
    ToolResult,
    Transcript,
    TranscriptDelta,
    Warned,
)
from voicetest.links.base import Immediate, Link, say
from voicetest.links.delivery import deliver

__all__ = ["Session"]

_SOON_S = 0.3
"""What will be heard so soon is no reason to keep a turn open that has ended in silence."""

_ENDLESS = (
    "the agent's line has carried sound without a pause for 10 s: where its turns begin and end is "
    "found by speech alone"
)
_FIRST, _AHEAD = 5, 50
"""Frames of a line that may be made ready before they go out."""
_UNSENT = 1_500
"""Frames that a line may leave waiting, 30 s, before it counts as broken."""
_MOST_BEHIND = 10
"""Frames of the agent that may wait to be listened to where nothing is to be decided."""
_SHORT_TAIL_S = 0.4
"""Where so little silence ends a turn, half as many may wait."""
_GONE_S = 3.0
"""Who said that the call is over and is silent for so long has hung up, if the line is open."""


def _playout(link: Link, jitter_s: float | None) -> Playout:
    """How the far side's sound is played, with a jitter buffer of so many seconds."""
    if link.paced:
        return ContinuousPlayout() if jitter_s is None else ContinuousPlayout(jitter_s)
    return BurstyPlayout(link.jitter_s if jitter_s is None else jitter_s)


class Session:
    """Runs microphone, playout, recorder and turn tracking; the script speaks and waits here."""

    def __init__(
        self,
        link: Link,
        recorder: Recorder,
        timeline: Timeline,
        limits: Limits,
        answer_tool: AnswerTool,
        acoustics: Acoustics | None = None,
    ) -> None:
        self.timeline = timeline
        self.recorder = recorder
        self.limits = limits
        self.harness = Harness()
        self.turns = AgentTurns(
            timeline,
            platform_ends_turns=AgentTurnEnded in link.receives,
            tail_s=limits.tail_silence,
            late_s=limits.late_sound,
        )
        self.answers = Answers()
        self.quiet_from_s = 0.0
        """When the far side last said anything, or when that will have been heard; set by each
        event, and again when sound is taken in."""
        self.hung_up: Hangup | None = None
        """Set when the far side ends the call: it closes the line, or takes its leave."""
        self.leaving_s: float | None = None
        """Set when the far side says that the call is over; more may be heard of it."""
        self._farewell = Leaving()
        """What it said then."""
        self._link = link
        self._outlet = link if isinstance(link, Immediate) and link.immediate else None
        """Set where nothing has to be waited for to say something."""
        self._tools = ToolCalls(answer_tool, self._give)
        self._acoustics = acoustics or Acoustics()
        takes = INTERNAL if self._outlet is None else self._outlet.takes
        self._uplink = Uplink(link.hears, takes)
        self._microphone = Microphone(lambda: self._look_ahead(_FIRST))
        self._ear = Listener(
            _playout(link, limits.jitter_buffer),
            recorder,
            self,
            changed=None if self._acoustics.downlink is None else self._acoustics.to_user,
            finds_keys=Dtmf not in link.receives,
        )
        self._loop = asyncio.get_running_loop()
        self._seat = Ticker.running().seat()
        self._start = self.harness.epoch = self._seat.epoch
        self._attendance = Attendance(self._start, sleep_clock(self._loop))
        short = limits.tail_silence < _SHORT_TAIL_S
        self._most_behind = _MOST_BEHIND // 2 if short else _MOST_BEHIND
        self._settles_from = 0.0
        """Silence before this may be that of voicetest itself; set when it had not run."""
        self._on_wire: Carried | None = None
        """The frame that went out last; recorded when its 20 ms are over."""
        self._used = LineUse(Audio in link.receives)
        self._bounds = Bounds()
        self._ticks = 0
        self._waits = Waits(self._attended_until)
        self._outbox: asyncio.Queue[Event] = asyncio.Queue()
        """What waits for a line that takes nothing at once."""
        self.user = Speaker(
            self._microphone,
            self.turns,
            lambda what, at: self.note("user", what, at),
            self.say,
            self._start,
            types=Audio not in link.sends,
        )

    @property
    def now(self) -> float:
        """Seconds since the line was ready."""
        return self._loop.time() - self._start

    @property
    def hearing(self) -> Hearing:
        """What was heard of the agent until now."""
        return self._ear.hearing

    @property
    def over(self) -> bool:
        """Whether the far side has hung up and all it sent has been heard."""
        return self.hung_up is not None and self._drained

    @property
    def _broken(self) -> bool:
        """Whether the line ended in a way that nobody meant."""
        return self.hung_up is not None and not self.hung_up.normal

    @property
    def _heard(self) -> int:
        """Position up to which the far side was heard: a frame that is late has still to be."""
        return min(round(self.now * INTERNAL.rate), self._ticks * FRAME)

    @property
    def _drained(self) -> bool:
        """Whether all that is audible of what arrived has been heard."""
        return self._ear.left(self._heard) == 0

    @property
    def heard_share(self) -> float:
        """How much of the agent's open turn, so far as it arrived, has been heard, 0 to 1."""
        return self.turns.heard_share(self.now, self._to_come_s)

    @property
    def words_heard(self) -> int:
        """Words of the open turn that have been heard, if they are spread evenly over it."""
        return self.turns.words_heard(self.now, self._to_come_s)

    @property
    def _to_come_s(self) -> float:
        """Seconds of the agent's voice that arrived and were not heard yet."""
        return self._ear.pending(self._heard) / INTERNAL.rate

    @property
    def agent_pauses(self) -> bool:
        """Whether the open agent turn has been silent for as long as ends a turn elsewhere."""
        turn = self.turns.open
        if turn is None or turn.speech_end_s is None:
            return False
        silent = self.turns.silent_for(self.now)
        return silent - self._missed_since(self.now - silent) >= self.limits.tail_silence

    def end_turn_at_pause(self) -> None:
        """Make the pause of the agent the end of its turn; what it says then is another one."""
        self._ear.catch_up()
        self.turns.close(self.now, EndReason.TAIL_SILENCE, self.limits.tail_silence)

    def note(self, by: By, what: Note | Event, at: float | None = None) -> None:
        """Put something on the timeline, now unless `at` says when in seconds."""
        self.timeline.add(self.now if at is None else at, by, what)
        self._waits.look_soon()

    async def until(
        self, condition: Callable[[], bool], deadline: float, *, since: float | None = None
    ) -> bool:
        """Wait for `condition`, looked at whenever anything changed and at each frame.

        Returns whether it holds at `deadline`, in seconds on the call clock, at the latest; time in
        which voicetest itself did not run, from `since` or from now on, does not count.
        """
        return await self._waits.until(condition, deadline, self.now if since is None else since)

    def attended_since(self, since: float) -> float:
        """Seconds since a moment on the call clock in which voicetest ran and could hear."""
        return self.now - since - self._missed_since(since)

    def _attended_until(self, since: float) -> float:
        return self.now - self._missed_since(since)

    def _missed_since(self, since: float) -> float:
        return self._attendance.missed_between(self._start + since, self._loop.time())

    async def say(self, event: Event) -> None:
        """Tell the far side something, if this line has a word for it."""
        self.answers.told(event)
        await say(self._link, event)

    @property
    def continuous(self) -> bool:
        """Whether the agent hears all the time, and may answer what nobody asked."""
        return self._link.continuous

    @property
    def carries_sound(self) -> bool:
        """Whether the agent can be heard on this line at all."""
        return Audio in self._link.receives

    @property
    def interrupts_natively(self) -> bool:
        """Whether the platform can be told to stop speaking."""
        return Interrupted in self._link.sends

    @property
    def presses_natively(self) -> bool:
        """Whether the line has messages for keys."""
        return Dtmf in self._link.sends

    async def interrupt(self) -> None:
        """Tell the platform to stop; what it had sent and was not heard is thrown away."""
        turn = self.turns.open
        began = None if turn is None else turn.speech_start_s
        heard = 0.0 if began is None else self.now - began
        self._drop_unheard(self.now)
        await self.say(Interrupted(heard_s=heard))

    def _drop_unheard(self, now: float) -> None:
        position = round(now * INTERNAL.rate)
        turn = self.turns.open
        if turn is not None and turn.speech_start_s is not None:
            heard = now - turn.speech_start_s
            lost = self._ear.pending(position) / INTERNAL.rate
            if lost:
                self.note("agent", TurnCut(turn.index, heard / (heard + lost)), now)
        self._ear.clear(position)
        self.turns.cleared(now)

    async def conduct(self, script: Callable[[], Awaitable[None]]) -> None:
        """Run the whole call: the script from its first step to its last, then hang up.

        Raises ConnectionFailed when the line breaks.
        """
        end = EndReason.ERROR
        try:
            async with asyncio.TaskGroup() as tasks:
                receiving = tasks.create_task(self._receive(tasks))
                ticking = tasks.create_task(self._seat.keep(self._send_frame, self._take_stock))
                sending = tasks.create_task(self._send())
                reason = await self._play(script)
                if self._broken:
                    await asyncio.wait([receiving])  # it says so and raises
                for task in (receiving, ticking, sending, *self._tools.tasks):
                    task.cancel()
            end = reason
        finally:
            self._bounds.close()
            self._end_frame()
            self._ear.catch_up()
            self.turns.close(self.now, end)
            for what in self._used.in_all():
                self.note("voicetest", what)
            self.harness.slips = self._ear.slips
            self.harness.absences += self._absences()
            self.harness.jitter_buffer_s = self._ear.delay_s + self._link.buffered_s

    async def _play(self, script: Callable[[], Awaitable[None]]) -> EndReason:
        """Run the script; what it returns ends a turn that is still open."""
        try:
            async with asyncio.timeout_at(self._start + self.limits.max_duration):
                await script()
                await self.hear_farewell()
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

    async def hear_farewell(self) -> None:
        """Hear what the far side has still to say if it said that the call is over."""
        if self.leaving_s is not None:
            await self.until(lambda: self.over, self.now + self.limits.response_max_duration)

    def _look_whether_gone(self) -> None:
        """The line of who said goodbye may stay open, or carry noise, for ever."""
        if self.leaving_s is None or self.hung_up is not None or self._to_come_s > _SOON_S:
            return
        if min(self.now - self.leaving_s, self.turns.silent_for(self.now)) >= _GONE_S:
            self.hung_up = Hangup(reason=self._farewell.reason)
            self.note("agent", self.hung_up)

    async def _receive(self, tasks: asyncio.TaskGroup) -> None:
        try:
            await deliver(self._link, lambda event: self._take_in(event, tasks))
        except (ProtocolError, ConnectionFailed):
            await self._hear_the_rest()
            raise
        if self.hung_up is not None and self._broken:
            await self._hear_the_rest()
            self.note("platform", CallEnded("platform", self.hung_up.code, self.hung_up.reason))
            raise broken_line(self.hung_up)

    async def _hear_the_rest(self) -> None:
        """Let what had arrived be heard and recorded before an error ends the call."""
        await self.until(lambda: self._drained, self.now + self.limits.response_max_duration)

    def _take_in(self, event: Event, tasks: asyncio.TaskGroup) -> None:
        now = self.now
        if isinstance(event, Audio):
            self._take_in_audio(event.chunk, now)
            return
        self.answers.take_in(event, now)
        self._ear.catch_up()
        self._take_in_message(event, now, tasks)
        self.quiet_from_s = self.now + self._to_come_s
        self._waits.look_soon()

    def _take_in_message(self, event: Event, now: float, tasks: asyncio.TaskGroup) -> None:
        self._used.messages += 1
        if isinstance(event, Ignored):
            warned = self._used.ignore(event)
            if warned is not None:
                self.note("voicetest", warned)
            return
        event = self._bounds.within(event, now)
        match event:
            case AgentTurnStarted():
                self.turns.begin(now)
            case Dtmf():
                self.turns.sign(now)
            case TranscriptDelta(by="agent"):
                self._read(now)
                self.turns.receive(len(event.text.split()))
            case Transcript(by="agent", replaces=None):
                self._read(now)
            case ToolCalled():
                self.turns.sign(now)
                if ToolResult in self._link.sends:
                    self._tools.ask(event, tasks)
            case ToolCancelled(call):
                self._tools.cancel(call)
            case Mark(name):
                self._ear.mark(name, round(now * INTERNAL.rate))
            case AgentTurnEnded():
                heard = self._heard
                self.turns.announce_end((heard + self._ear.left(heard)) / INTERNAL.rate)
            case Cleared():
                if not self._ear.pending(round(now * INTERNAL.rate)) and not self.turns.audible:
                    # Many agents say so at each start of the user, whoever speaks.
                    self._ear.clear(round(now * INTERNAL.rate))
                    return
                self._drop_unheard(now)
            case Leaving():
                self.leaving_s, self._farewell = now, event
            case Hangup() if self.hung_up is not None:
                return
            case Hangup():
                self.hung_up = event
                self._tools.cancel()
            case _:
                pass
        self.note("agent", event, now)
        if isinstance(event, Failed) and event.fatal:
            raise ConnectionFailed(f"the agent reports an error: {event.code} {event.message}")

    def _read(self, now: float) -> None:
        """Words of the agent came: to a user who types they are an answer, sound or not."""
        asked = self.user.speech_start_s
        if not self.user.typed or asked is None:
            return
        last = self.turns.all[-1] if self.turns.all else None
        if last is not None and last.opened_s < asked and last.closed_s is None:
            return  # the words may be those of what it was saying
        writes = last is not None and last.closed_s is None and last.speech_start_s is None
        if last is None or last.opened_s < asked or writes:
            self.turns.sign(now)

    def _take_in_audio(self, chunk: AudioChunk, now: float) -> None:
        self._used.sound_s += chunk.duration
        self._bounds.hold_sound(self._ear.arrive(chunk, round(now * INTERNAL.rate)))
        self.quiet_from_s = max(self.quiet_from_s, now)

    def sound_waits(self, at: int, pending: int) -> None:
        """After a piece that arrived at position `at` so many samples are to be heard."""
        self.quiet_from_s = (at + pending) / INTERNAL.rate
        if not self.answers.begun and pending:
            self.answers.sounded()

    def speech_is(self, speech: Speech | None) -> None:
        """The current speech of the agent, or the last, as it is known now."""
        begun = self.turns.follow(speech, self.user.speech_end_s)
        if begun is None or not self.user.awaiting_audio:
            return
        if begun >= (self.user.speech_end_s or 0.0):
            self.user.awaiting_audio = False
            arrived = self._ear.arrived(round(begun * INTERNAL.rate))
            self.note("agent", FirstAudio(), arrived / INTERNAL.rate)

    def key_pressed(self, key: Pressed) -> None:
        """The agent pressed a key."""
        self.note("agent", Dtmf(key.key), key.at_s)

    def line_is_endless(self) -> None:
        """The agent's line has had no pause for 10 s."""
        self.note("voicetest", Warned(_ENDLESS))

    @property
    def _may_wait(self) -> bool:
        """Whether nothing depends on what arrived since it was last listened to.

        That is so while the agent speaks on, whose turn ends with some tenths of a second of
        silence, and while a line is silent for less than that.
        """
        if self._ear.behind >= self._most_behind or self._ear.labels:
            return False
        if self.hung_up is not None or self.leaving_s is not None:
            return False
        if self.turns.goes_on:
            return True
        position = (self._ticks - 1) * FRAME
        return self._ear.is_silent(position) and position < self.turns.due_s * INTERNAL.rate

    async def _give(self, result: ToolResult) -> None:
        self.note("user", result)
        await self.say(result)

    def _absences(self) -> Iterator[Absence]:
        """When voicetest did not run during the call."""
        for absence in self._attendance.absences:
            start, end = absence.start_s - self._start, absence.end_s - self._start
            yield Absence(start, end, absence.seconds)

    async def _send(self) -> None:
        """Say what the frames left to be said, on a line that has to be waited for."""
        while True:
            await self.say(await self._outbox.get())

    def _put(self, event: Event) -> None:
        """Say something without waiting; raises ConnectionFailed if the line takes nothing."""
        if type(event) not in self._link.sends:
            return
        self.answers.told(event)
        if self._outlet is not None:
            self._outlet.put(event)
        elif self._outbox.qsize() < _UNSENT:
            self._outbox.put_nowait(event)
        else:
            raise ConnectionFailed(
                f"the agent's line took no sound for {_UNSENT * FRAME_S:g} s: it is broken"
            )

    def _send_frame(self) -> None:
        """The 20 ms that begin now go out."""
        at_s = self._ticks * FRAME_S
        deadline, woken = self._start + at_s, self._loop.time()
        missed = self._attendance.look(woken, FRAME_S)
        if missed:
            # What was said meanwhile has arrived and is read now.
            self._settles_from = woken - self._start + min(missed, self.limits.tail_silence)
        self._end_frame()
        goes_out = self._microphone.speaking or self._link.continuous
        self._look_ahead(_FIRST)  # where there was no time to take stock
        frame = self._microphone.take(at_s)
        if goes_out and self._acoustics.changes_the_user:
            frame = self._acoustics.to_agent(frame)
        self._on_wire = self._uplink.frame(frame)
        if goes_out:
            self._put(Audio(self._on_wire.sent))
        self.harness.frame(deadline, woken, self._loop.time())
        self._ticks += 1

    def _look_ahead(self, frames: int = _AHEAD) -> None:
        """Make the coming frames of a line ready, so that they need not wait when they are due."""
        if self._uplink.ready or self._acoustics.changes_the_user:
            return
        if self._microphone.speaking:
            self._uplink.make_ready(self._microphone.following(frames))

    def _end_frame(self) -> None:
        """The 20 ms are over in which the frame on the wire could be heard."""
        if self._on_wire is not None:
            self._ear.frame_over(self._on_wire.heard)
            self._on_wire = None

    def _take_stock(self) -> None:
        """What the frame that just ended brought, and who waits for it."""
        at_s = (self._ticks - 1) * FRAME_S
        if not self._may_wait:
            self._ear.catch_up()
            if at_s >= self._settles_from:
                self.turns.settle(
                    at_s, drained=self._to_come_s <= _SOON_S, undecided=self._ear.undecided
                )
            self._look_whether_gone()
            if self.over:
                self.turns.close(self.now, EndReason.HUNG_UP)
        for name in self._ear.passed(round(at_s * INTERNAL.rate)):
            self._put(Mark(name))
        self._look_ahead()
        self._waits.look()
