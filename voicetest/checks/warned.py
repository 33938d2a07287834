"""What a call warned of: odd things that it survived, each once, in order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from voicetest.call.timeline import Entry
from voicetest.checks.result import CallWarning
from voicetest.errors import Problem
from voicetest.events import Failed, Warned

__all__ = ["warnings_of"]

_LONGEST = 500
"""Characters of one warning."""


def warnings_of(before: Sequence[Problem], entries: Iterable[Entry]) -> tuple[CallWarning, ...]:
    """What was found before the call in its file, then what the timeline warned of."""
    found = [
        CallWarning(message=problem.message, where=problem.where)
        for problem in dict.fromkeys(before)
    ]
    by_message: dict[str, list[Entry]] = {}
    for message, entry in _told(entries):
        by_message.setdefault(_one_line(message), []).append(entry)
    for message, alike in by_message.items():
        at = round(max(0.0, alike[0].at), 6)
        found.append(CallWarning(message=message, at_s=at, by=alike[0].by, times=len(alike)))
    return tuple(found)


def _told(entries: Iterable[Entry]) -> Iterator[tuple[str, Entry]]:
    for entry in entries:
        match entry.what:
            case Warned(message):
                yield message, entry
            case Failed(code, message, fatal=False):
                words = f"{message} ({code})" if message and code else message or code
                yield f"the {entry.by} reports an error: {words or 'without a word'}", entry
            case _:
                pass


def _one_line(text: str) -> str:
    """A text of whoever is at the other end as one line that people can read."""
    words = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return words if len(words) <= _LONGEST else f"{words[:_LONGEST]}…"
