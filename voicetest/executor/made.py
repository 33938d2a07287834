"""A call that was made and nobody has listened to yet: a value that any process can take on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from voicetest.audio.vad import Segment
from voicetest.call.harness import Harness
from voicetest.call.record import CallError, CallRecord
from voicetest.call.timeline import Entry
from voicetest.executor.plan import Plan
from voicetest.spending import Spent

__all__ = ["Made"]


@dataclass(frozen=True)
class Made:
    """What a call leaves beside the files in its folder."""

    recording: Path
    started: datetime
    entries: tuple[Entry, ...] = ()
    duration_s: float = 0.0
    """Seconds that are recorded."""
    harness: Harness | None = None
    """None when the line never opened."""
    heard: tuple[Segment, ...] | None = None
    """Where the agent speaks on the recording; None if not all of it was listened to."""
    error: CallError | None = None
    """What ended it."""
    spent: tuple[Spent, ...] = ()
    """On the call so far, request by request."""
    learned: frozenset[str] = frozenset()
    """Secrets that became known in it."""

    @property
    def record(self) -> CallRecord:
        """The record so far: of what was said and of its sound nothing is known yet."""
        return replace(
            CallRecord.nothing(self.recording),
            entries=self.entries,
            duration_s=self.duration_s,
            harness=self.harness,
            error=self.error,
        )

    def settled(self, planned: Plan) -> Made:
        """The same with what `planned`, by which it was made, has spent and learned by now."""
        return replace(
            self,
            spent=tuple(planned.world.spending.items),
            learned=planned.file.secrets.learned.texts,
        )

    def taken_up(self, planned: Plan) -> None:
        """Let a plan that was made anew for it know what was spent and learned in it."""
        for spent in self.spent:
            planned.world.spending.add(spent)
        planned.file.secrets.recall(self.learned)
