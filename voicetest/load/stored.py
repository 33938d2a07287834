"""Loads the folder of a load back, also of one that was killed."""

from __future__ import annotations

from pathlib import Path

from voicetest.load.journal import JOURNAL, read_events
from voicetest.load.tally import Tally
from voicetest.report.json_file import Damaged, read_model
from voicetest.report.load_events import LoadPlan
from voicetest.report.load_summary import LoadSummary

__all__ = ["SUMMARY", "is_load", "stored_load"]

SUMMARY = "load.json"


def is_load(folder: Path) -> bool:
    """Whether a folder is that of a load, and not of a run."""
    return (folder / JOURNAL).is_file()


def stored_load(folder: Path) -> LoadSummary:
    """What came of a load; of one without load.json it is computed from its lines.

    Raises SetupError for what cannot be read.
    """
    try:
        return read_model(LoadSummary, folder / SUMMARY)
    except FileNotFoundError:
        pass
    events = read_events(folder / JOURNAL)
    tally: Tally | None = None
    for event in events:
        if tally is not None:
            tally.take(event)
        elif isinstance(event, LoadPlan):
            tally = Tally(event)
    if tally is None:
        raise Damaged(f"{folder / JOURNAL} is empty")
    return tally.summary(str(folder))
