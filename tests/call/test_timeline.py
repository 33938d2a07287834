from __future__ import annotations

from voicetest.call.timeline import Entry, StepStarted, Timeline
from voicetest.events import Hangup


def test_every_entry_is_observed_as_it_is_added() -> None:
    seen: list[Entry] = []
    timeline = Timeline(seen.append)
    timeline.add(0.5, "voicetest", StepStarted(0))
    assert seen == [Entry(0.5, "voicetest", StepStarted(0))]
    timeline.add(1.0, "agent", Hangup())
    assert seen == list(timeline.entries)
