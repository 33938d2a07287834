"""The timeline as one JSON object a line, on disk as it happens."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import fields
from pathlib import Path
from typing import Any

from voicetest.appended import AppendedFile
from voicetest.audio.chunk import AudioFormat
from voicetest.call.timeline import CallEnded, Entry, SpeechStarted, SpeechStopped
from voicetest.events import Cleared, Dtmf, Failed, Hangup, Leaving, ToolCalled, Warned
from voicetest.shown import shown_json

__all__ = ["EventLog", "event_fields", "event_type"]

_NAMES: dict[type[Any], str] = {
    Cleared: "agent_interrupted",
    ToolCalled: "tool_call",
    Warned: "warning",
    Failed: "error",
    Leaving: "line_closing",
    Hangup: "line_closed",
    CallEnded: "hangup",
}
_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")


def event_fields(entry: Entry) -> dict[str, Any]:
    """An entry as JSON values: `at` in seconds, `type`, `by`, and the fields of its type."""
    what = entry.what
    party = what.by if isinstance(what, SpeechStarted | SpeechStopped) else entry.by
    named = {"at": round(entry.at, 6), "type": event_type(type(what), party), "by": entry.by}
    rest = {field.name: _plain(getattr(what, field.name)) for field in fields(what)}
    return named | rest


def event_type(kind: type[Any], party: str) -> str:
    """The name under which a kind of event or note is written; some have one per party."""
    if kind in (SpeechStarted, SpeechStopped):
        return f"{party}_{'start' if kind is SpeechStarted else 'stop'}_speaking"
    if kind is Dtmf:
        return "dtmf_received" if party == "agent" else "dtmf_sent"
    return _NAMES.get(kind) or _CAPITAL.sub("_", kind.__name__).lower()


def _plain(value: Any) -> Any:
    match value:
        case AudioFormat() | Path():
            return str(value)
        case float():
            return round(value, 6)
        case _:
            return value


class EventLog(AbstractContextManager["EventLog"]):
    """Writes entries to a new file, one line each, on disk before the next one is taken.

    The file ends in a whole line. `mask` hides secrets in any JSON value.
    """

    def __init__(self, path: Path, mask: Callable[[Any], Any]) -> None:
        self._file = AppendedFile(path)
        self._mask = mask

    def write(self, entry: Entry) -> None:
        """Append one entry with secrets masked.

        Raises OSError the first time that there is no room; later entries are left out.
        """
        line = shown_json(self._mask(event_fields(entry)))
        # A lone surrogate has no UTF-8; escaped it is JSON again.
        self._file.append(f"{line}\n".encode("utf-8", "backslashreplace"))

    def __exit__(self, *failure: object) -> None:
        """Raises OSError if an entry could not be written: its caller may not have minded."""
        self._file.close()
        if self._file.failure is not None:
            raise self._file.failure
