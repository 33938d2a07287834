"""The immutable record of a finished call: its timeline and where its sound is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from voicetest.audio.vad import Activity, Segment
from voicetest.audio.wav import read_blocks
from voicetest.call.harness import Harness
from voicetest.call.recorder import AGENT
from voicetest.call.timeline import Entry

__all__ = ["CallError", "CallRecord", "agent_speech"]


@dataclass(frozen=True)
class CallError:
    """An error that ended a call; `traceback` is set for bugs in voicetest."""

    kind: str
    message: str
    where: str
    traceback: str | None = None


@dataclass(frozen=True)
class CallRecord:
    """All that checks and reports may look at."""

    entries: tuple[Entry, ...]
    recording: Path
    duration_s: float
    agent_speech: tuple[Segment, ...]
    """Where the agent speaks on the right channel, in seconds."""
    harness: Harness | None
    """None when the line never opened."""
    error: CallError | None = None


def agent_speech(recording: Path) -> tuple[Segment, ...]:
    """Find speech on the right channel of a recording, reading it in blocks."""
    activity = Activity()
    for block in read_blocks(recording):
        activity.feed(block[:, AGENT])
    return tuple(activity.segments())
