"""Calls told entry by entry, so that the truth about them can be computed by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.calls import HEAD
from voicetest.audio.defects import Defect
from voicetest.audio.vad import Segment
from voicetest.call.harness import Harness
from voicetest.call.line import LineKind
from voicetest.call.record import CallError, CallRecord
from voicetest.call.timeline import (
    By,
    CallEnded,
    EndReason,
    Entry,
    LineSpoken,
    Note,
    SpeechStarted,
    SpeechStopped,
    StepEnded,
    StepStarted,
    TurnClosed,
    TurnOpened,
)
from voicetest.checks.evaluate import evaluate
from voicetest.checks.metrics import Measured
from voicetest.checks.result import Check, Result
from voicetest.checks.speech import place_turns, responses
from voicetest.checks.view import CallView, view
from voicetest.events import Event, Hangup, ToolCalled, ToolResult, Transcript
from voicetest.scenario.load import ScenarioFile, load_scenario

__all__ = ["Story", "checks_of", "harness_late_by", "only", "write_scenario"]


@dataclass
class Story:
    """A call as it becomes known; all times in seconds on the call clock."""

    entries: list[Entry] = field(default_factory=list)
    speech: list[Segment] = field(default_factory=list)
    """What a detector would find on the agent's channel."""
    turns: int = 0
    defects: list[Defect] = field(default_factory=list)
    """What a listener would find wrong with the agent's sound."""

    def add(self, at: float, by: By, *what: Event | Note) -> Story:
        """Anything that happened at one moment."""
        self.entries += [Entry(at, by, item) for item in what]
        return self

    def copy(self) -> Story:
        """The same call so far, to be told on in another way."""
        return Story([*self.entries], [*self.speech], self.turns, [*self.defects])

    def user_says(
        self,
        start: float,
        end: float,
        text: str = "Hello.",
        *,
        step: int = 0,
        kind: LineKind = "user",
    ) -> Story:
        """A line of the user that is nothing but speech."""
        line = LineSpoken(step, kind, text, start, end, start, end, False, f".step-{step:03}.wav")
        self.add(start, "user", SpeechStarted("user"))
        self.add(end, "user", SpeechStopped("user"))
        return self.add(end, "user", line)

    def agent_says(
        self,
        start: float,
        end: float,
        text: str | None = None,
        *,
        reason: EndReason = EndReason.TURN_ENDED,
    ) -> Story:
        """A whole turn of the agent with its text, if the platform gives one."""
        self.add(start, "agent", TurnOpened(self.turns))
        if text is not None:
            self.add(start, "agent", Transcript("agent", text))
        self.add(start, "agent", SpeechStarted("agent"))
        self.add(end, "agent", SpeechStopped("agent"))
        self.add(end, "agent", TurnClosed(self.turns, reason))
        self.speech.append(Segment(start, end))
        self.turns += 1
        return self

    def agent_calls(self, at: float, name: str, arguments: str = "{}") -> Story:
        """A turn of one tool call that is answered after half a second."""
        call = ToolCalled(f"call-{self.turns}", name, arguments)
        self.add(at, "agent", TurnOpened(self.turns), call)
        self.add(at + 0.5, "user", ToolResult(call.id, '"done"'))
        self.add(at + 0.5, "agent", TurnClosed(self.turns, EndReason.TURN_ENDED))
        self.turns += 1
        return self

    def begin(self, step: int, at: float) -> Story:
        """A step begins."""
        return self.add(at, "voicetest", StepStarted(step))

    def end(
        self,
        step: int,
        at: float,
        *turns: int,
        reason: EndReason | None = None,
        limit_s: float | None = None,
        cause: str = "",
    ) -> Story:
        """A step ends that listened to `turns`."""
        return self.add(at, "voicetest", StepEnded(step, reason, limit_s, cause, turns))

    def agent_leaves(self, at: float) -> Story:
        """The agent hangs up."""
        self.add(at, "agent", Hangup(1000, "done"))
        return self.add(at, "agent", CallEnded("agent", 1000, "done"))

    @property
    def call(self) -> CallView:
        """What the timeline says."""
        return view(self.entries)

    def measured(
        self,
        duration_s: float = 60.0,
        *,
        quiet: Sequence[Segment] = (),
        awaited: Sequence[int] = (),
        jitter_buffer_s: float = 0.0,
    ) -> Measured:
        """What metrics are computed from."""
        call = self.call
        return Measured(
            call=call,
            placed=place_turns(call, self.speech, duration_s),
            responses=responses(call, self.speech, jitter_buffer_s),
            agent_speech=self.speech,
            duration_s=duration_s,
            jitter_buffer_s=jitter_buffer_s,
            quiet=quiet,
            awaited=awaited,
        )

    def record(
        self,
        duration_s: float = 60.0,
        *,
        harness: Harness | None = None,
        error: CallError | None = None,
        opened: bool = True,
    ) -> CallRecord:
        """The record of this call; its sound is nowhere."""
        return CallRecord(
            entries=tuple(self.entries),
            recording=Path("nowhere.wav"),
            duration_s=duration_s,
            agent_speech=tuple(self.speech),
            defects=tuple(self.defects),
            harness=(harness or Harness()) if opened else None,
            error=error,
        )

    def judged(
        self,
        folder: Path,
        scenario: str,
        duration_s: float = 60.0,
        *,
        harness: Harness | None = None,
        error: CallError | None = None,
        opened: bool = True,
    ) -> Result:
        """What a scenario (without its head) says about this call."""
        record = self.record(duration_s, harness=harness, error=error, opened=opened)
        return evaluate(write_scenario(folder, scenario), record)


def write_scenario(folder: Path, scenario: str) -> ScenarioFile:
    """A scenario from its YAML, which needs no head."""
    path = folder / "scenario.yaml"
    path.write_text(HEAD + scenario, encoding="utf-8")
    return load_scenario(path)


def checks_of(result: Result, name: str) -> list[Check]:
    """All checks of one name."""
    return [check for check in result.checks if check.name == name]


def only(result: Result, name: str) -> Check:
    """The one check of that name."""
    (found,) = checks_of(result, name)
    return found


def harness_late_by(seconds: float, *, at_s: float, frames: int = 3000) -> Harness:
    """A harness that was on time but for the one frame that was due at `at_s`."""
    harness = Harness()
    for number in range(frames):
        due = number * 0.02
        late = seconds if number == round(at_s / 0.02) else 0.0
        harness.frame(due, due, due + late)
    return harness
