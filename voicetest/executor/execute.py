"""Makes one call from its first line to the link closed, whatever goes wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import AsyncExitStack, nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from voicetest import clock
from voicetest.audio.chunk import INTERNAL
from voicetest.audio.vad import Segment
from voicetest.call.acoustics import Acoustics
from voicetest.call.attendance import Absence, DialWatch
from voicetest.call.event_log import EventLog
from voicetest.call.harness import Harness
from voicetest.call.lapses import Lapse, described
from voicetest.call.limits import Limits
from voicetest.call.line import Line
from voicetest.call.record import CallError, CallRecord
from voicetest.call.recorder import Recorder
from voicetest.call.session import Session
from voicetest.call.timeline import Entry, Timeline
from voicetest.errors import ConnectionFailed
from voicetest.events import Status, Transcript, Warned
from voicetest.executor.acoustics import acoustics
from voicetest.executor.border import Border
from voicetest.executor.listening import listened
from voicetest.executor.lookout import hold_ups
from voicetest.executor.made import Made
from voicetest.executor.plan import Plan
from voicetest.executor.players import players
from voicetest.executor.prepare import prepare
from voicetest.executor.script import play
from voicetest.executor.shared_loop import SharedLoops
from voicetest.executor.stage import Stage
from voicetest.executor.tools import Toolbox
from voicetest.executor.transcribe import TurnTranscriber
from voicetest.links.base import Link
from voicetest.machine import look_for_room

__all__ = ["Progress", "execute", "make_call"]

_FRAME_BYTES = 4
"""A sample of each party."""


class Progress(Protocol):
    """Who is told how a call goes."""

    def phase(self, phase: str) -> None:
        """The call entered a phase."""

    def entry(self, entry: Entry) -> None:
        """Something happened in the call."""


def limits_of(planned: Plan) -> Limits:
    """The bounds of the call: the adapter's and the scenario's."""
    adapter, of_call = planned.adapter, planned.file.scenario.limits
    return Limits(
        response_timeout=adapter.response_timeout,
        tail_silence=adapter.tail_silence,
        response_max_duration=adapter.response_max_duration,
        turn_timeout=of_call.turn_timeout,
        idle_timeout=of_call.idle_timeout,
        max_duration=of_call.max_duration,
        patience=of_call.patience,
        late_sound=adapter.late_sound,
        jitter_buffer=adapter.jitter_buffer,
    )


def sound_bytes(lines: Iterable[Line]) -> int:
    """What the recording of these turns of the user takes at least."""
    seconds = sum(line.speech_end_s for line in lines if line.kind in ("user", "play"))
    return round(seconds * INTERNAL.rate) * _FRAME_BYTES


async def turn_transcriber(planned: Plan) -> TurnTranscriber:
    """The scenario's transcriber, for agent turns to which the platform gives no text."""
    wanted = planned.file.scenario.transcriber
    if wanted is None:
        return TurnTranscriber(None, waits_for_platform=False)
    gives_text = Transcript in planned.adapter.capabilities.receives
    transcriber = planned.world.transcriber(wanted.use, ())
    if planned.world.real_time:
        await transcriber.prepare()
    return TurnTranscriber(transcriber, waits_for_platform=gives_text and not wanted.always)


def execute(
    planned: Plan, folder: Path, progress: Progress, interruption: clock.Interruption | None = None
) -> CallRecord:
    """Make the call and listen to it; see `make_call`."""
    made = make_call(planned, folder, progress, interruption)
    return listened(made, planned.world.cache, interruption)


def make_call(
    planned: Plan,
    folder: Path,
    progress: Progress,
    interruption: clock.Interruption | None = None,
    loops: SharedLoops | None = None,
) -> Made:
    """Make the call; recording and events stay in `folder` as they come.

    It has an event loop of its own unless `loops` has one for it.

    Errors do not leave: they are in what is made, those of voicetest itself with their traceback.
    """
    made = Made(folder / "recording.wav", datetime.now(UTC))
    border = Border("preparing", interruption)
    beside = nullcontext() if loops is None else loops.beside
    call: _Call | None = None
    with (
        border,
        Recorder(made.recording, planned.heard) as recorder,
        EventLog(folder / "events.jsonl", planned.file.secrets.mask_value) as log,
    ):
        call = _Call(planned, folder, recorder, log, progress, border)
        with beside:
            # Nobody has been called yet, and a voice may be far away.
            lines = clock.run(call.prepare(), clock.Clock.REAL, interruption)
            look_for_room(folder, sound_bytes(lines.values()))
            way = acoustics(planned.file, lines.values())
        shared = None if loops is None else loops.of(planned)
        if shared is None:
            clock.run(call.run(lines, way), planned.clock, interruption)
        else:
            shared.run(call.run(lines, way), interruption)
    if call is None:
        return replace(made, error=border.error).settled(planned)
    with beside:
        return replace(
            made,
            entries=tuple(call.timeline.entries),
            duration_s=call.duration_s,
            harness=call.harness,
            heard=call.heard_speech,
            error=None if border.error is None else _late(border.error, call),
        ).settled(planned)


def _late(error: CallError, call: _Call) -> CallError:
    """The error; one of a line that never opened says also that voicetest was late meanwhile."""
    if call.harness is not None or error.kind in ("bug", "interrupted"):
        return error
    late = [Lapse(-1, 0, a.seconds, "stood_still") for a in call.dial_absences]
    return replace(error, message=f"{error.message}; {described(late)}") if late else error


class _Call:
    """One call under way; what it has is kept when it breaks."""

    def __init__(
        self,
        planned: Plan,
        folder: Path,
        recorder: Recorder,
        log: EventLog,
        progress: Progress,
        border: Border,
    ) -> None:
        self.harness: Harness | None = None
        """Set when the line is open."""
        self._session: Session | None = None
        """Set when the line is open."""
        self.dial_absences: Sequence[Absence] = ()
        """When voicetest did not run while the line was opened, on the clock of its event loop."""
        self.timeline = Timeline(self._observe)
        self._planned = planned
        self._folder = folder
        self._recorder = recorder
        self._log = log
        self._progress = progress
        self._border = border

    @property
    def duration_s(self) -> float:
        """Seconds that are recorded."""
        return self._recorder.duration

    @property
    def heard_speech(self) -> tuple[Segment, ...] | None:
        """Where the agent speaks on the whole recording; None if not all of it was listened to."""
        session = self._session
        if session is None or session.hearing.frames != self._recorder.frames:
            return None
        return session.hearing.segments()

    def _observe(self, entry: Entry) -> None:
        self._log.write(entry)
        self._progress.entry(entry)

    def _report(self, event: Status | Warned) -> None:
        """What is said before the line is open is said at its beginning."""
        at = 0.0 if self._session is None else self._session.now
        self.timeline.add(at, "platform", event)

    def _enter(self, phase: str) -> None:
        self._border.where = phase
        self._progress.phase(phase)

    async def prepare(self) -> dict[int, Line]:
        """Everything that the user will put on the line, by step."""
        self._enter("preparing")
        planned = self._planned
        if planned.adapter.outside and not planned.world.offline:
            planned.world.spending.check("the agent")
        return await prepare(planned.file, planned.world, self._folder / "segments")

    async def run(self, lines: dict[int, Line], way: Acoustics) -> None:
        """Call the agent and play the script."""
        planned = self._planned
        transcriber = await turn_transcriber(planned)
        async with AsyncExitStack() as line:
            users = await players(planned, self._folder / "segments", line)
            self._enter("dialling")
            link = await self._watched_dial(line)
            toolbox = Toolbox(planned.file.scenario.tools)
            session = Session(
                link, self._recorder, self.timeline, limits_of(planned), toolbox.answer, way
            )
            self.harness, self._session = session.harness, session
            self.harness.absences += [
                Absence(
                    a.start_s - session.harness.epoch, a.end_s - session.harness.epoch, a.seconds
                )
                for a in self.dial_absences
            ]
            language = planned.file.scenario.language
            stage = Stage(session, lines, transcriber, language, users)
            self._enter("calling")
            try:
                await session.conduct(lambda: play(stage, planned.file.scenario.script))
            finally:
                self._tell_of_hold_ups(session)
        self._enter("listening again")
        await transcriber.finish(session)

    def _tell_of_hold_ups(self, session: Session) -> None:
        """Name the code that kept all calls waiting while this one was on."""
        start = session.harness.epoch
        for found in hold_ups(asyncio.get_running_loop(), start):
            session.note("voicetest", Warned(found.message), max(found.start - start, 0.0))

    async def _watched_dial(self, line: AsyncExitStack) -> Link:
        """Open the line; that this machine was late meanwhile is known, and said if it fails."""
        real = self._planned.clock is clock.Clock.REAL
        watch = DialWatch(asyncio.get_running_loop()) if real else None
        try:
            with watch or nullcontext():
                return await self._dial(line)
        finally:
            self.dial_absences = () if watch is None else tuple(watch.absences)

    async def _dial(self, line: AsyncExitStack) -> Link:
        """Open the line; it is hung up when `line` is closed."""
        world = replace(self._planned.world, report=self._report)
        connection = self._planned.adapter.connect(world)
        limit = self._planned.adapter.dial_limit
        try:
            async with asyncio.timeout(limit):
                return await line.enter_async_context(connection)
        except TimeoutError as error:
            message = f"the agent did not pick up within {limit:g} s"
            raise ConnectionFailed(message) from error
