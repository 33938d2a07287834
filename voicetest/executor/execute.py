"""Runs one call from the first line made to the link closed, whatever goes wrong."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Sequence
from contextlib import AsyncExitStack, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from voicetest import clock
from voicetest.audio.vad import Segment
from voicetest.call.attendance import Absence, DialWatch
from voicetest.call.event_log import EventLog
from voicetest.call.harness import Harness
from voicetest.call.lapses import Lapse, described
from voicetest.call.limits import Limits
from voicetest.call.line import Line
from voicetest.call.record import (
    CallError,
    CallRecord,
    agent_formants,
    agent_speech,
    speech_defects,
)
from voicetest.call.recorder import Recorder
from voicetest.call.session import Session
from voicetest.call.timeline import Entry, Timeline
from voicetest.errors import ConnectionFailed, VoicetestError
from voicetest.events import Status, Transcript, Warned
from voicetest.executor.acoustics import acoustics
from voicetest.executor.plan import Plan
from voicetest.executor.players import players
from voicetest.executor.prepare import prepare
from voicetest.executor.script import play
from voicetest.executor.stage import Stage
from voicetest.executor.tools import Toolbox
from voicetest.executor.transcribe import TurnTranscriber
from voicetest.links.base import Link

__all__ = ["Progress", "execute"]


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
    planned: Plan,
    folder: Path,
    progress: Progress,
    interruption: clock.Interruption | None = None,
) -> CallRecord:
    """Make the call on a loop of its own; recording and events stay in `folder` as they come.

    Errors do not leave: they are in the record, those of voicetest itself with their traceback.
    """
    recording = folder / "recording.wav"
    error = None
    with (
        Recorder(recording, planned.heard) as recorder,
        EventLog(folder / "events.jsonl", planned.file.secrets.mask_value) as log,
    ):
        call = _Call(planned, folder, recorder, log, progress)
        try:
            # Nobody has been called yet, and a voice may be far away.
            lines = clock.run(call.prepare(), clock.Clock.REAL, interruption)
            clock.run(call.run(lines), planned.clock, interruption)
        except KeyboardInterrupt as asked:
            error = CallError("interrupted", str(asked) or "interrupted by Ctrl-C", call.phase)
        except Exception as caught:  # noqa: BLE001  # the one border that makes a crash a result
            error = _describe(caught, call.phase)
            late = [Lapse(-1, 0, a.seconds, "stood_still") for a in call.dial_absences]
            if call.harness is None and late and error.kind != "bug":
                error = replace(error, message=f"{error.message}; {described(late)}")
            if interruption is not None and interruption.asked and error.kind != "bug":
                # What was cut off reports errors of all kinds.
                message = f"interrupted by {interruption.by} ({error.message})"
                error = CallError("interrupted", message, error.where)
    speech = call.heard_speech
    if speech is None:
        speech = agent_speech(recording, planned.world.cache)
    return CallRecord(
        entries=tuple(call.timeline.entries),
        recording=recording,
        duration_s=recorder.duration,
        agent_speech=speech,
        defects=speech_defects(recording, speech),
        formants=agent_formants(recording, speech),
        harness=call.harness,
        error=error,
    )


def _describe(caught: Exception, phase: str) -> CallError:
    """The error that has to be acted on: a bug before anything else."""
    ours = [error for error in _leaves(caught) if isinstance(error, VoicetestError)]
    if len(ours) < len(_leaves(caught)):
        name = type(next(e for e in _leaves(caught) if e not in ours)).__name__
        message = f"a bug in voicetest ({name}); please report it with this manifest"
        return CallError("bug", message, phase, "".join(traceback.format_exception(caught)))
    return CallError(ours[0].kind, str(ours[0]), phase)


def _leaves(caught: BaseException) -> list[BaseException]:
    if isinstance(caught, BaseExceptionGroup):
        return [leaf for error in caught.exceptions for leaf in _leaves(error)]
    return [caught]


class _Call:
    """One call under way; what it has is kept when it breaks."""

    def __init__(
        self,
        planned: Plan,
        folder: Path,
        recorder: Recorder,
        log: EventLog,
        progress: Progress,
    ) -> None:
        self.phase = ""
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
        self.phase = phase
        self._progress.phase(phase)

    async def prepare(self) -> dict[int, Line]:
        """Everything that the user will put on the line, by step."""
        self._enter("preparing")
        planned = self._planned
        if planned.adapter.outside and not planned.world.offline:
            planned.world.spending.check("the agent")
        return await prepare(planned.file, planned.world, self._folder / "segments")

    async def run(self, lines: dict[int, Line]) -> None:
        """Call the agent and play the script."""
        planned = self._planned
        way = acoustics(planned.file, lines.values())
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
            await session.conduct(lambda: play(stage, planned.file.scenario.script))
        self._enter("listening again")
        await transcriber.finish(session)

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
