"""One live call against a scripted far end, over a line in memory, under virtual time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest

from tests.calls import words
from voicetest.audio.chunk import AudioChunk, Samples
from voicetest.audio.wav import write_wav
from voicetest.call.limits import Limits
from voicetest.call.line import Line
from voicetest.call.line_use import LineUse
from voicetest.call.recorder import AGENT, USER, Recorder
from voicetest.call.session import Session
from voicetest.call.timeline import (
    CallEnded,
    EndReason,
    Entry,
    FirstAudio,
    LineSpoken,
    LineUsed,
    MessagesIgnored,
    SpeechStarted,
    Timeline,
    TurnClosed,
    TurnCut,
)
from voicetest.clock import Clock, run
from voicetest.errors import ConnectionFailed
from voicetest.events import (
    AgentTurnEnded,
    AgentTurnStarted,
    Audio,
    Cleared,
    Event,
    Failed,
    Hangup,
    Ignored,
    Leaving,
    Mark,
    ToolCalled,
    ToolResult,
    Transcript,
    Warned,
)
from voicetest.links.codec import CodecLink
from voicetest.protocols.base import End
from voicetest.protocols.in_process import InProcess
from voicetest.transports.base import Transport
from voicetest.transports.memory import memory_pair

K = TypeVar("K")
Far = CodecLink[Event]

LIMITS = Limits(
    response_timeout=60,
    tail_silence=0.6,
    response_max_duration=30,
    turn_timeout=120,
    idle_timeout=60,
    max_duration=600,
    patience=5,
)


def tone(seconds: float, level: int = 6000) -> Samples:
    """A tone of that length."""
    times = np.arange(round(seconds * 24_000)) / 24_000
    return (level * np.sin(2 * np.pi * 300 * times)).astype(np.int16)


def sound(seconds: float) -> Audio:
    """A tone as the far end sends it."""
    return Audio(AudioChunk.of(tone(seconds)))


@dataclass
class Call:
    """A call that is over: its entries and its two tracks."""

    entries: list[Entry] = field(default_factory=list)
    user: Samples = field(default_factory=lambda: tone(0))
    agent: Samples = field(default_factory=lambda: tone(0))
    session: Session | None = None

    def only(self, kind: type[K]) -> tuple[float, K]:
        """The one entry of a kind."""
        (found,) = [(e.at, e.what) for e in self.entries if isinstance(e.what, kind)]
        return found


async def _nothing(call: ToolCalled) -> ToolResult:
    return ToolResult(call.id, '"done"')


def hold(
    folder: Path,
    far_end: Callable[[Far], Awaitable[None]],
    script: Callable[[Session], Awaitable[None]],
    *,
    limits: Limits = LIMITS,
    paced: bool = False,
    protocol: Callable[..., InProcess] = InProcess,
    call: Call | None = None,
    clock: Clock = Clock.VIRTUAL,
) -> Call:
    """Run a call between a far end and a script."""
    held = call or Call()

    async def main() -> None:
        near: Transport[Event]
        far: Transport[Event]
        near, far = memory_pair()
        with Recorder(folder / "recording.wav") as recorder:
            async with (
                asyncio.TaskGroup() as tasks,
                CodecLink(protocol(End.SERVER, paced), far) as line,
                CodecLink(protocol(End.CLIENT, paced), near) as link,
            ):
                session = Session(link, recorder, Timeline(held.entries.append), limits, _nothing)
                held.session = session
                behaviour = tasks.create_task(_behave(far_end, line))
                await session.conduct(lambda: script(session))
                behaviour.cancel()
            held.user = recorder.read(USER, 0, 1000)
            held.agent = recorder.read(AGENT, 0, 1000)

    run(main(), clock)
    return held


async def _behave(far_end: Callable[[Far], Awaitable[None]], line: Far) -> None:
    await far_end(line)


def say(folder: Path, seconds: float = 1.0, pad: float = 0.0) -> Line:
    """A line of the user: a tone between two pads of silence."""
    path = folder / f"line-{seconds}-{pad}.wav"
    silence = np.zeros(round(pad * 24_000), np.int16)
    write_wav(path, np.concatenate((silence, tone(seconds), silence)))
    return Line("user", "words", path, path, pad, pad + seconds)


async def _wait(session: Session, seconds: float) -> None:
    end = session.now + seconds
    await session.until(lambda: False, end)


def test_the_agent_is_heard_to_the_sample_where_its_sound_arrived(
    tmp_path: Path, voice: Samples
) -> None:
    async def far_end(line: Far) -> None:
        await asyncio.sleep(0.5)
        await line.send(AgentTurnStarted())
        await line.send(Audio(words(1.0, voice)))
        await line.send(AgentTurnEnded())

    call = hold(tmp_path, far_end, lambda session: _wait(session, 3.0))
    assert not call.agent[:12_000].any()
    assert np.array_equal(call.agent[12_000:36_000], words(1.0, voice).samples())
    assert not call.agent[36_000:].any()
    at, closed = call.only(TurnClosed)
    assert closed == TurnClosed(0, EndReason.TURN_ENDED)
    assert at == pytest.approx(1.5, abs=0.03)
    assert len(call.agent) / 24_000 == pytest.approx(3.0, abs=0.021)


def test_a_line_of_the_user_is_recorded_where_it_was_spoken(tmp_path: Path) -> None:
    heard: list[Samples] = []

    async def far_end(line: Far) -> None:
        async with aclosing(line.events()) as events:
            async for event in events:
                if isinstance(event, Audio):
                    heard.append(event.chunk.samples())  # noqa: PERF401  # cancelled in the middle

    async def script(session: Session) -> None:
        await _wait(session, 0.5)
        await session.user.speak(say(tmp_path, 1.0, pad=0.1), 7)

    call = hold(tmp_path, far_end, script)
    _, spoken = call.only(LineSpoken)
    assert (spoken.step, spoken.truncated) == (7, False)
    audible = np.flatnonzero(call.user)
    assert audible[0] / 24_000 == pytest.approx(spoken.speech_start_s, abs=0.001)
    assert audible[-1] / 24_000 == pytest.approx(spoken.speech_end_s, abs=0.001)
    on_the_wire = np.concatenate(heard)
    assert np.array_equal(on_the_wire[: len(call.user)], call.user[: len(on_the_wire)])


def test_latency_is_known_live_from_the_end_of_the_users_speech(
    tmp_path: Path, voice: Samples
) -> None:
    async def far_end(line: Far) -> None:
        await asyncio.sleep(2.0)
        await line.send(Audio(words(0.5, voice)))

    async def script(session: Session) -> None:
        await session.user.speak(say(tmp_path, 1.0), 0)
        await _wait(session, 3.0)

    call = hold(tmp_path, far_end, script)
    latencies = [
        entry.what.latency_s
        for entry in call.entries
        if isinstance(entry.what, SpeechStarted) and entry.what.by == "agent"
    ]
    assert latencies == [pytest.approx(1.0, abs=0.011)]
    assert call.only(FirstAudio)[0] == pytest.approx(2.0, abs=0.001)


def test_sound_that_was_cleared_is_not_on_the_recording(tmp_path: Path, voice: Samples) -> None:
    async def far_end(line: Far) -> None:
        await line.send(AgentTurnStarted())
        await line.send(Audio(words(5.0, voice)))
        await asyncio.sleep(1.0)
        await line.send(Cleared())
        await line.send(AgentTurnEnded("interrupted"))

    call = hold(tmp_path, far_end, lambda session: _wait(session, 4.0))
    assert np.flatnonzero(call.agent)[-1] / 24_000 == pytest.approx(1.0, abs=0.001)
    assert call.only(TurnClosed)[1].reason is EndReason.INTERRUPTED


def test_an_agent_that_hangs_up_is_heard_to_its_last_word(tmp_path: Path, voice: Samples) -> None:
    async def far_end(line: Far) -> None:
        await line.send(Audio(words(1.0, voice)))
        await line.hang_up("bye")

    async def script(session: Session) -> None:
        await session.until(lambda: session.over, 60)

    call = hold(tmp_path, far_end, script)
    assert call.only(CallEnded)[1] == CallEnded("agent", 1000, "bye")
    assert call.only(Hangup)[0] == pytest.approx(0, abs=0.02)
    assert np.flatnonzero(call.agent)[-1] / 24_000 == pytest.approx(1.0, abs=0.001)
    assert call.only(TurnClosed)[1].reason is EndReason.HUNG_UP


@pytest.mark.parametrize("noise", [0, 60])
def test_what_is_said_after_an_announced_end_is_heard_until_nothing_more_comes(
    tmp_path: Path, voice: Samples, noise: int
) -> None:
    hiss = np.random.default_rng(1).normal(0, noise, 24_000).astype(np.int16)

    async def far_end(line: Far) -> None:
        await line.send(Hangup(reason="bye"))
        await asyncio.sleep(1.0)
        await line.send(Audio(words(1.5, voice)))
        for _ in range(60 if noise else 0):
            await line.send(Audio(AudioChunk.of(hiss)))
            await asyncio.sleep(1.0)
        await asyncio.sleep(1000)

    async def script(session: Session) -> None:
        await session.until(lambda: session.over, 60)

    call = hold(tmp_path, far_end, script, protocol=Farewell)
    assert np.array_equal(call.agent[24_000:60_000], words(1.5, voice).samples())
    assert call.only(Leaving)[0] == pytest.approx(0, abs=0.02)
    at, closed = call.only(Hangup)
    assert closed == Hangup(reason="bye")
    assert at == pytest.approx(5.5, abs=0.1)
    assert call.only(CallEnded)[1] == CallEnded("agent", None, "bye")


def test_a_script_that_is_done_hears_the_rest_of_a_goodbye(tmp_path: Path, voice: Samples) -> None:
    async def far_end(line: Far) -> None:
        await line.send(Hangup(reason="bye"))
        await line.send(Audio(words(1.5, voice)))
        await asyncio.sleep(0.8)
        await line.hang_up()

    call = hold(tmp_path, far_end, lambda session: _wait(session, 0.2), protocol=Farewell)
    assert np.array_equal(call.agent[:36_000], words(1.5, voice).samples())
    assert call.only(Hangup)[0] == pytest.approx(0.8, abs=0.02)
    assert call.only(CallEnded)[1].by == "agent"


class Farewell(InProcess):
    """A line on which the agent can say that the call is over."""

    @property
    def sends(self) -> frozenset[type[Event]]:
        """The usual, and the agent's goodbye."""
        return super().sends | ({Hangup} if self.end is End.SERVER else frozenset())

    @property
    def receives(self) -> frozenset[type[Event]]:
        """What the other end sends."""
        return Farewell(self.end.other).sends


def test_clearing_silence_gives_its_labels_back_at_once(tmp_path: Path, voice: Samples) -> None:
    passed: list[float] = []

    async def far_end(line: Far) -> None:
        await line.send(Audio(words(1.0, voice)))
        await line.send(Audio(AudioChunk(bytes(48_000 * 8))))
        await line.send(Mark("over"))
        await asyncio.sleep(2.0)
        await line.send(Cleared())
        await line.send(Audio(words(1.0, voice)))
        loop = asyncio.get_running_loop()
        async with aclosing(line.events()) as events:
            async for event in events:
                match event:
                    case Mark("over"):
                        passed.append(loop.time())

    call = hold(tmp_path, far_end, lambda session: _wait(session, 4.0), protocol=Telephone)
    assert passed == [pytest.approx(2.0, abs=0.041)]
    assert np.array_equal(call.agent[48_000:72_000], words(1.0, voice).samples())


def test_a_line_that_breaks_is_an_error_and_the_recording_is_kept(tmp_path: Path) -> None:
    async def main() -> None:
        near: Transport[Event]
        far: Transport[Event]
        near, far = memory_pair()
        with Recorder(tmp_path / "recording.wav") as recorder:
            async with CodecLink(InProcess(End.CLIENT), near) as link:
                session = Session(link, recorder, Timeline(lambda entry: None), LIMITS, _nothing)
                await far.send(sound(0.5))
                await far.close(1011, "crashed")
                await session.conduct(lambda: _wait(session, 60))

    with pytest.RaisesGroup(pytest.RaisesExc(ConnectionFailed, match="1011 crashed")):
        run(main(), Clock.VIRTUAL)
    assert (tmp_path / "recording.wav").stat().st_size > 0.4 * 96_000


def test_a_line_that_breaks_is_an_error_even_if_the_script_ends_at_that_moment(
    tmp_path: Path,
) -> None:
    timeline = Timeline(lambda entry: None)

    async def main() -> None:
        near: Transport[Event]
        far: Transport[Event]
        near, far = memory_pair()
        with Recorder(tmp_path / "recording.wav") as recorder:
            async with CodecLink(InProcess(End.CLIENT), near) as link:
                session = Session(link, recorder, timeline, LIMITS, _nothing)
                await far.send(sound(0.5))
                await far.close(1011, "crashed")
                await session.conduct(lambda: _over(session))

    async def _over(session: Session) -> None:
        await session.until(lambda: session.over, 60)

    with pytest.RaisesGroup(pytest.RaisesExc(ConnectionFailed, match="1011 crashed")):
        run(main(), Clock.VIRTUAL)
    endings = [entry.what for entry in timeline.entries if isinstance(entry.what, CallEnded)]
    assert endings == [CallEnded("platform", 1011, "crashed")]


def test_tools_are_answered_and_words_are_on_the_timeline(tmp_path: Path) -> None:
    answers: list[Event] = []

    async def far_end(line: Far) -> None:
        await line.send(AgentTurnStarted())
        await line.send(ToolCalled("c1", "look_up", "{}"))
        async with aclosing(line.events()) as events:
            async for event in events:
                if isinstance(event, ToolResult):
                    answers.append(event)
                    await line.send(Transcript("agent", "found it"))
                    await line.send(AgentTurnEnded())

    call = hold(tmp_path, far_end, lambda session: _wait(session, 1.0))
    assert answers == [ToolResult("c1", '"done"')]
    assert call.only(Transcript)[1].text == "found it"
    assert call.only(TurnClosed)[1].reason is EndReason.TURN_ENDED


def test_a_call_never_outlasts_its_longest_duration(tmp_path: Path, voice: Samples) -> None:
    async def far_end(line: Far) -> None:
        while True:
            await line.send(Audio(words(1.0, voice)))
            await asyncio.sleep(1.0)

    limits = Limits(60, 0.6, 30, 120, 60, max_duration=5.0, patience=5)
    call = hold(tmp_path, far_end, lambda session: _wait(session, 1000), limits=limits)
    assert call.only(CallEnded)[1].by == "limit"
    assert call.only(TurnClosed)[1].reason is EndReason.MAX_DURATION
    assert len(call.agent) / 24_000 == pytest.approx(5.0, abs=0.021)


def test_a_line_cut_short_by_the_end_of_the_call_is_marked(tmp_path: Path) -> None:
    async def far_end(line: Far) -> None:
        await asyncio.sleep(100)

    limits = Limits(60, 0.6, 30, 120, 60, max_duration=1.0, patience=5)

    async def script(session: Session) -> None:
        await session.user.speak(say(tmp_path, 4.0), 0)

    call = hold(tmp_path, far_end, script, limits=limits)
    _, spoken = call.only(LineSpoken)
    assert spoken.truncated
    assert spoken.end_s == pytest.approx(1.0, abs=0.021)


def test_a_paced_line_plays_through_its_jitter_buffer(tmp_path: Path) -> None:
    async def far_end(line: Far) -> None:
        loop = asyncio.get_running_loop()
        start = loop.time()
        whole = tone(1.0)
        for number in range(50):
            await asyncio.sleep(start + 0.5 + number * 0.02 - loop.time())
            piece = whole[number * 480 : (number + 1) * 480]
            await line.send(Audio(AudioChunk.of(piece)))

    call = hold(tmp_path, far_end, lambda session: _wait(session, 3.0), paced=True)
    audible = np.flatnonzero(call.agent)
    assert audible[0] / 24_000 == pytest.approx(0.54, abs=0.001)
    assert audible[-1] / 24_000 == pytest.approx(1.54, abs=0.001)
    assert call.session is not None
    assert call.session.harness.jitter_buffer_s == pytest.approx(0.04)


def test_frames_of_virtual_time_are_never_late(tmp_path: Path) -> None:
    async def far_end(line: Far) -> None:
        await asyncio.sleep(100)

    call = hold(tmp_path, far_end, lambda session: _wait(session, 10.0))
    assert call.session is not None
    assert call.session.harness.frames == pytest.approx(500, abs=1)
    assert call.session.harness.lateness_ms(100) < 0.001


@dataclass(frozen=True)
class Telephone(InProcess):
    """A line with labels that says nothing of the agent's turns' beginnings and runs its tools."""

    @property
    def sends(self) -> frozenset[type[Event]]:
        """Sound and labels; the agent also says when it is done."""
        of_agent = {Audio, Mark, AgentTurnEnded, Cleared, ToolCalled, ToolResult}
        return frozenset({Audio, Mark}) if self.end is End.CLIENT else frozenset(of_agent)

    @property
    def receives(self) -> frozenset[type[Event]]:
        """What the other end sends."""
        return Telephone(self.end.other).sends


def test_a_label_comes_back_when_playout_passes_it(tmp_path: Path) -> None:
    passed: list[float] = []

    async def speak(line: Far) -> None:
        await line.send(sound(1.0))
        await line.send(Mark("after one second"))
        await line.send(sound(0.5))
        await line.send(AgentTurnEnded())
        loop = asyncio.get_running_loop()
        async with aclosing(line.events()) as events:
            async for event in events:
                match event:
                    case Mark("after one second"):
                        passed.append(loop.time())

    async def script(session: Session) -> None:
        await session.until(lambda: False, 3.0)

    hold(tmp_path, speak, script, protocol=Telephone)
    assert passed == [pytest.approx(1.0, abs=0.041)]


def test_an_end_that_comes_with_the_sound_ends_the_turn_that_sound_begins(
    tmp_path: Path, voice: Samples
) -> None:
    async def speak(line: Far) -> None:
        await line.send(Audio(words(1.0, voice)))
        await line.send(AgentTurnEnded())
        await asyncio.sleep(1000)

    async def script(session: Session) -> None:
        await session.until(lambda: False, 3.0)

    call = hold(tmp_path, speak, script, protocol=Telephone)
    at, closed = call.only(TurnClosed)
    assert closed.reason is EndReason.TURN_ENDED
    assert at == pytest.approx(1.0, abs=0.041)


def test_a_tool_that_the_agents_side_runs_is_not_answered(tmp_path: Path) -> None:
    async def use_tool(line: Far) -> None:
        await line.send(ToolCalled("1", "look_up", "{}"))
        await line.send(ToolResult("1", '"found"'))
        await line.send(AgentTurnEnded())
        await asyncio.sleep(1000)

    async def script(session: Session) -> None:
        await session.until(lambda: False, 1.0)

    call = hold(tmp_path, use_tool, script, protocol=Telephone)
    _, result = call.only(ToolResult)
    assert result == ToolResult("1", '"found"')


def test_a_flush_when_nothing_is_left_to_hear_is_no_interruption(
    tmp_path: Path, voice: Samples
) -> None:
    async def speak(line: Far) -> None:
        await line.send(Audio(words(0.5, voice)))
        await line.send(AgentTurnEnded())
        await asyncio.sleep(1.5)
        await line.send(Cleared())
        await asyncio.sleep(1000)

    async def script(session: Session) -> None:
        await session.until(lambda: False, 3.0)

    call = hold(tmp_path, speak, script, protocol=Telephone)
    assert not any(isinstance(entry.what, Cleared | TurnCut) for entry in call.entries)
    _, closed = call.only(TurnClosed)
    assert closed.reason is EndReason.TURN_ENDED


def test_what_had_arrived_before_an_error_is_heard_to_its_end(
    tmp_path: Path, voice: Samples
) -> None:
    async def break_off(line: Far) -> None:
        await line.send(Audio(words(1.5, voice)))
        await line.send(Failed("500", "it broke", fatal=True))
        await asyncio.sleep(1000)

    async def script(session: Session) -> None:
        await session.until(lambda: False, 30.0)

    call = Call()
    with pytest.raises(ExceptionGroup):
        hold(tmp_path, break_off, script, protocol=Complaining, call=call)
    (spoken,) = [e.at for e in call.entries if isinstance(e.what, SpeechStarted)]
    assert call.session is not None
    assert call.session.now - spoken > 1.4


def test_what_the_agent_may_not_say_is_told_once_counted_and_ends_nothing(tmp_path: Path) -> None:
    async def babble(line: Far) -> None:
        for _ in range(3):
            await line.send(Mark("never allowed"))
            await line.send(sound(0.5))
        await line.send(Transcript("agent", "Hello."))
        await asyncio.sleep(1000)

    call = hold(tmp_path, babble, lambda session: _wait(session, 3.0), protocol=Babbling)
    why = "are not understood: the peer sent Mark, which it never may"
    _, warned = call.only(Warned)
    assert warned.message == f"messages such as Mark {why}; they are ignored"
    assert call.only(MessagesIgnored)[1] == MessagesIgnored("Mark", 3, why, known=False)
    assert call.only(LineUsed)[1] == LineUsed(messages=4, sound_s=1.5, carries_sound=True)


def test_a_peer_that_sends_ever_others_is_told_of_no_further() -> None:
    used = LineUse(carries_sound=True)
    told = [used.ignore(Ignored(f"{{type: a{n}}}", "are unknown")) for n in range(500)]
    assert sum(warned is not None for warned in told) == 10
    assert used.ignore(Ignored("{type: a0}", "are unknown")) is None
    tally = [note for note in used.in_all() if isinstance(note, MessagesIgnored)]
    assert len(tally) == 51
    assert (tally[0].shape, tally[0].count) == ("other messages", 450)
    assert sum(note.count for note in tally) == 501


def test_what_the_protocol_has_and_says_nothing_to_a_call_is_counted_and_not_told() -> None:
    used = LineUse(carries_sound=True)
    assert used.ignore(Ignored("{type: rate_limits.updated}", known=True)) is None
    assert [note.count for note in used.in_all() if isinstance(note, MessagesIgnored)] == [1]


class Complaining(InProcess):
    """A line on which the agent may report errors."""

    @property
    def sends(self) -> frozenset[type[Event]]:
        """The usual, and errors."""
        return super().sends | ({Failed} if self.end is End.SERVER else frozenset())

    @property
    def receives(self) -> frozenset[type[Event]]:
        """What the other end sends."""
        return Complaining(self.end.other).sends


class Babbling(InProcess):
    """A line whose agent says what it never may."""

    @property
    def sends(self) -> frozenset[type[Event]]:
        """More than the other end takes."""
        return super().sends | {Mark}


STOP_S = 1.5


def _stopped() -> None:
    """What it is like not to run: nothing of this process goes on meanwhile."""
    time.sleep(STOP_S)


@pytest.mark.process
def test_no_wait_runs_out_while_voicetest_does_not_run(tmp_path: Path) -> None:
    came: list[bool] = []

    async def far_end(line: Far) -> None:
        await asyncio.sleep(0.2)
        _stopped()
        await asyncio.sleep(0.2)
        await line.send(AgentTurnStarted())

    async def script(session: Session) -> None:
        began = session.now
        came.append(await session.until(lambda: session.turns.open is not None, began + 1.2))
        assert session.attended_since(began) == pytest.approx(session.now - began - STOP_S, abs=0.2)

    call = hold(tmp_path, far_end, script, clock=Clock.REAL)
    assert came == [True]
    assert call.session is not None
    (absence,) = [a for a in call.session.harness.absences if a.seconds > 1]
    assert absence.seconds == pytest.approx(STOP_S, abs=0.2)


@pytest.mark.process
def test_a_wait_runs_out_when_it_should_though_voicetest_had_not_run(tmp_path: Path) -> None:
    waited: list[float] = []

    async def far_end(line: Far) -> None:
        _stopped()
        await asyncio.sleep(60)

    async def script(session: Session) -> None:
        assert not await session.until(lambda: False, session.now + 0.5)
        waited.append(session.now)

    hold(tmp_path, far_end, script, clock=Clock.REAL)
    assert STOP_S + 0.3 < waited[0] < STOP_S + 2


@pytest.mark.process
def test_a_pause_of_voicetest_itself_ends_no_turn(tmp_path: Path, voice: Samples) -> None:
    async def far_end(line: Far) -> None:
        await line.send(Audio(words(0.3, voice)))
        await asyncio.sleep(0.4)
        _stopped()
        await asyncio.sleep(0.1)  # the frames that were missed are made up for before it is read
        await line.send(Audio(words(0.3, voice)))
        await asyncio.sleep(60)

    async def script(session: Session) -> None:
        await session.until(lambda: session.turns.all != [], session.now + 5)
        await session.until(lambda: session.turns.open is None, session.now + 5)

    call = hold(tmp_path, far_end, script, protocol=_NoTurns, clock=Clock.REAL)
    assert [entry.what.turn for entry in call.entries if isinstance(entry.what, TurnClosed)] == [0]
    at, closed = call.only(TurnClosed)
    assert closed.reason is EndReason.TAIL_SILENCE
    assert at > 0.4 + STOP_S + LIMITS.tail_silence


class _NoTurns(InProcess):
    """A line whose platform says nothing of turns."""

    @property
    def receives(self) -> frozenset[type[Event]]:
        """All but the ends of turns."""
        return super().receives - {AgentTurnEnded, AgentTurnStarted}


async def _streams(line: Far, voice: Samples) -> None:
    """Says two answers in frames of 20 ms, as a telephone does."""
    loop = asyncio.get_running_loop()
    for pause, seconds in ((0.4, 2.0), (0.9, 1.5)):
        await asyncio.sleep(pause)
        began = loop.time()
        said = words(seconds, voice).samples()
        for number, at in enumerate(range(0, len(said), 480)):
            await line.send(Audio(AudioChunk.of(said[at : at + 480])))
            await asyncio.sleep(max(began + (number + 1) * 0.02 - loop.time(), 0))


@pytest.mark.parametrize("paced", [False, True])
def test_nothing_depends_on_how_long_frames_wait_to_be_listened_to(
    tmp_path: Path, voice: Samples, monkeypatch: pytest.MonkeyPatch, paced: bool
) -> None:
    line = say(tmp_path, 0.8)

    async def script(session: Session) -> None:
        await session.until(lambda: session.turns.audible, 2.0)
        await session.user.speak(line, 0)  # over the agent
        await _wait(session, 5.0)

    async def far_end(line: Far) -> None:
        await _streams(line, voice)

    calls = []
    for frames in (1, 10):
        monkeypatch.setattr("voicetest.call.session._MOST_BEHIND", frames)
        folder = tmp_path / str(frames)
        folder.mkdir()
        calls.append(hold(folder, far_end, script, paced=paced))
    at_once, later = calls
    assert any(isinstance(entry.what, TurnClosed) for entry in at_once.entries)
    assert later.entries == at_once.entries
    assert np.array_equal(later.agent, at_once.agent)
    assert np.array_equal(later.user, at_once.user)
