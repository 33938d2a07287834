"""The lines of `events.jsonl` back into entries of a timeline."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import Any, cast, get_args

from pydantic import TypeAdapter, ValidationError

from voicetest.audio.chunk import AudioFormat, Encoding
from voicetest.call.event_log import event_type
from voicetest.call.timeline import (
    By,
    CallEnded,
    Entry,
    Improvised,
    LineSpoken,
    Note,
    SpeechStarted,
    SpeechStopped,
    StepEnded,
    StepStarted,
    TurnClosed,
    TurnCut,
    TurnOpened,
    TurnResumed,
    TurnTranscribed,
    UserInterrupt,
    Waiting,
)
from voicetest.events import (
    ALL_EVENTS,
    Audio,
    Dtmf,
    Event,
    Ready,
    ToolCalled,
    Transcript,
    TranscriptDelta,
)

__all__ = ["UnreadableEvent", "read_entry", "read_timeline"]

_OWN_PARTY = (SpeechStarted, SpeechStopped, Transcript, TranscriptDelta, CallEnded)
"""What says by itself whose it is, in place of the entry."""
_AT_AND_TYPE = {"at", "type"}
_TIMES = frozenset({"start_s", "end_s", "speech_start_s", "speech_end_s"})
_LONGEST_S = 1e6
"""No call lasts eleven days."""
_SHOWN = 60
"""Characters of what is quoted."""


class UnreadableEvent(ValueError):
    """A line that is no event of this version."""


def read_timeline(written: Iterable[dict[str, Any]]) -> tuple[Entry, ...]:
    """The entries of a whole call, of which each belongs to what came before it.

    Raises UnreadableEvent, which names the line, for what cannot be the log of a call.
    """
    entries: list[Entry] = []
    known = _Known()
    for line, values in enumerate(written, start=1):
        try:
            entry = read_entry(values)
            known.take_in(entry.what)
        except UnreadableEvent as error:
            raise UnreadableEvent(f"line {line}: {error}") from error
        entries.append(entry)
    return tuple(entries)


def read_entry(written: dict[str, Any]) -> Entry:
    """The entry that was written as these JSON values.

    Raises UnreadableEvent for what was not.
    """
    kind = _kinds().get(str(written.get("type")))
    if kind is None:
        raise UnreadableEvent(f"unknown event {_short(written.get('type'))}")
    fields = {name: value for name, value in written.items() if name not in _AT_AND_TYPE}
    by = _party(fields.get("by") if kind in _OWN_PARTY else fields.pop("by", None))
    at = _seconds(written.get("at"))
    for name in _TIMES & fields.keys():
        _seconds(fields[name])
    try:
        if kind is Ready:
            formats = {name: _format(fields[name]) for name in ("speaks", "hears")}
            return Entry(at, by, Ready(fields["session"], **formats))
        return Entry(at, by, TypeAdapter[Any](kind).validate_python(fields))
    except (KeyError, TypeError, ValueError, ValidationError) as error:
        raise UnreadableEvent(f"a damaged event {_short(written.get('type'))}") from error


@dataclass
class _Known:
    """What later events of a log may name."""

    turns: int = 0
    steps: set[int] = field(default_factory=set)

    def take_in(self, what: Event | Note) -> None:
        """Raises UnreadableEvent for a turn or a step that never began, or a turn out of order."""
        match what:
            case TurnOpened(turn):
                if turn != self.turns:
                    raise UnreadableEvent(f"turn {turn} begins after {self.turns} others")
                self.turns += 1
            case TurnClosed(turn) | TurnResumed(turn) | TurnCut(turn) | TurnTranscribed(turn):
                self._find(turn)
            case ToolCalled():
                self._find(self.turns - 1)
            case StepStarted(step) if step >= 0:
                self.steps.add(step)
            case StepEnded(step, turns=turns):
                for turn in turns:
                    self._find(turn)
                self._find_step(step)
            case (
                StepStarted(step)
                | LineSpoken(step)
                | UserInterrupt(step)
                | Improvised(step)
                | Waiting(step)
            ):
                self._find_step(step)
            case _:
                pass

    def _find(self, turn: int) -> None:
        if not 0 <= turn < self.turns:
            raise UnreadableEvent(f"turn {turn} never began")

    def _find_step(self, step: int) -> None:
        if step not in self.steps:
            raise UnreadableEvent(f"step {step} never began")


def _party(written: object) -> By:
    """Whose it is; a limit of the script ends a call in the agent's place."""
    for party in get_args(By):
        if written == party:
            return cast(By, party)
    if written == "limit":
        return "agent"
    raise UnreadableEvent(f"an event by {_short(written)}")


def _seconds(value: object) -> float:
    """A time in a call; raises UnreadableEvent for what is none."""
    match value:
        case bool():
            pass
        case int() | float() if abs(value) <= _LONGEST_S:
            return float(value)
        case _:
            pass
    raise UnreadableEvent(f"{_short(value)} is no time in a call")


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _format(text: str) -> AudioFormat:
    encoding, rate, *channels = text.split("/")
    return AudioFormat(Encoding(encoding), int(rate), *map(int, channels))


@cache
def _kinds() -> dict[str, type[Any]]:
    """Each class of event and note by the name it is written under."""
    kinds: dict[str, type[Any]] = {}
    for kind in (*sorted(ALL_EVENTS - {Audio}, key=lambda k: k.__name__), *get_args(Note)):
        for party in ("user", "agent"):
            kinds[event_type(kind, party)] = kind
    kinds["dtmf_sent"] = kinds["dtmf_received"] = Dtmf
    return kinds
