"""What is said of a call while it runs: values that may come from another process."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from voicetest.call.event_log import event_fields
from voicetest.call.timeline import Entry, SpeechStarted, StepStarted, Waiting
from voicetest.events import ToolCalled, Transcript
from voicetest.shown import shown_json

__all__ = ["Narrator", "Notice", "Waited"]


@dataclass(frozen=True)
class Waited:
    """What a call waits for: since `waited_s` seconds, and for `limit_s` in all."""

    wanted: str
    waited_s: float
    limit_s: float


@dataclass(frozen=True)
class Notice:
    """Something new about call number `call`; secrets are masked."""

    call: int
    phase: str = ""
    """It entered this phase of the run."""
    doing: str = ""
    """What happens in it, with the call's own time."""
    words: str = ""
    """What was said last, and by whom."""
    event: str = ""
    """The event itself as JSON."""
    waiting: Waited | None = None
    """What it waits for."""
    at: float = field(default=0.0, compare=False)
    """When the phase was entered, on the machine's monotonic clock, which its processes share."""


@dataclass(frozen=True)
class Narrator:
    """Tells what a call does, as notices."""

    call: int
    mask: Callable[[Any], Any]
    """Hides its secrets in any JSON value."""
    tell: Callable[[Notice], None]
    verbose: bool = False
    """Whether every event is told."""

    def phase(self, phase: str) -> None:
        """The call entered a phase."""
        self.tell(Notice(self.call, phase=phase, at=time.monotonic()))

    def entry(self, entry: Entry) -> None:
        """Something happened in the call."""
        words = _words(entry)
        doing = words or _doing(entry)
        event = ""
        if self.verbose:
            event = shown_json(self.mask(event_fields(entry)))
        if isinstance(entry.what, Waiting):
            what = entry.what
            waiting = Waited(self.mask(what.wanted), entry.at - what.since_s, what.limit_s)
            self.tell(Notice(self.call, event=event, waiting=waiting))
        elif doing or event:
            at = f"{entry.at:6.1f}s  {doing}" if doing else ""
            self.tell(Notice(self.call, doing=self.mask(at), words=self.mask(words), event=event))


def _doing(entry: Entry) -> str:
    match entry.what:
        case StepStarted(step):
            return f"step {step + 1}"
        case SpeechStarted(by):
            return f"{by} is speaking"
        case ToolCalled(name=name):
            return f"tool {name}"
        case _:
            return ""


def _words(entry: Entry) -> str:
    match entry.what:
        case Transcript(by=by, text=text):
            return f"{by}: {text}"
        case _:
            return ""
