"""Writes `load.jsonl` while the load goes on, and reads what a load has left."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

from pydantic import ValidationError

from voicetest.errors import SetupError
from voicetest.report.load_events import EVENTS, LoadEvent, LoadPlan, Over, Sampled
from voicetest.shown import shown_lines

__all__ = ["JOURNAL", "Journal", "read_events"]

JOURNAL = "load.jsonl"


class Journal(AbstractContextManager["Journal"]):
    """A new file of events; a process that is killed loses at most the last second."""

    def __init__(self, path: Path) -> None:
        """Raises OSError when it cannot be made."""
        self.failure: OSError | None = None
        """Why an event could not be written; set once, nothing is written after it."""
        self._file = path.open("w", encoding="utf-8", errors="backslashreplace")

    def write(self, event: LoadEvent) -> None:
        """Write an event."""
        if self.failure is not None:
            return
        try:
            self._file.write(shown_lines(event.model_dump_json()) + "\n")
            if isinstance(event, Sampled | Over | LoadPlan):
                self._file.flush()
        except OSError as error:
            self.failure = error

    def __exit__(self, *failure: object) -> None:
        try:
            self._file.close()
        except OSError as error:
            self.failure = self.failure or error


def read_events(path: Path) -> Iterator[LoadEvent]:
    """The events of a load, up to the first line that a killed process left broken.

    Raises SetupError where there is no load, or none that this version can read.
    """
    try:
        with path.open(encoding="utf-8", errors="replace") as lines:
            for number, line in enumerate(lines):
                try:
                    event = EVENTS.validate_json(line)
                except ValidationError as error:
                    if number == 0:
                        raise SetupError(f"{path} does not begin as a load does") from error
                    return
                if number == 0 and not isinstance(event, LoadPlan):
                    raise SetupError(f"{path} does not begin as a load does")
                yield event
    except OSError as error:
        raise SetupError(f"{path} cannot be read: {error.strerror}") from error
