"""The lines of `events.jsonl` back into entries of a timeline."""

from __future__ import annotations

from functools import cache
from typing import Any, get_args

from pydantic import TypeAdapter, ValidationError

from voicetest.audio.chunk import AudioFormat, Encoding
from voicetest.call.event_log import event_type
from voicetest.call.timeline import CallEnded, Entry, Note, SpeechStarted, SpeechStopped
from voicetest.events import ALL_EVENTS, Audio, Dtmf, Ready, Transcript, TranscriptDelta

__all__ = ["UnreadableEvent", "read_entry"]

_OWN_PARTY = (SpeechStarted, SpeechStopped, Transcript, TranscriptDelta, CallEnded)
"""What says by itself whose it is, in place of the entry."""
_AT_AND_TYPE = {"at", "type"}


class UnreadableEvent(ValueError):
    """A line that is no event of this version."""


def read_entry(written: dict[str, Any]) -> Entry:
    """The entry that was written as these JSON values.

    Raises UnreadableEvent for what was not.
    """
    kind = _kinds().get(str(written.get("type")))
    if kind is None:
        raise UnreadableEvent(f"unknown event {written.get('type')!r}")
    fields = {name: value for name, value in written.items() if name not in _AT_AND_TYPE}
    by = fields["by"] if kind in _OWN_PARTY else fields.pop("by", None)
    try:
        if kind is Ready:
            formats = {name: _format(fields[name]) for name in ("speaks", "hears")}
            return Entry(float(written["at"]), by, Ready(fields["session"], **formats))
        what = TypeAdapter[Any](kind).validate_python(fields)
        return Entry(float(written["at"]), "agent" if by == "limit" else by, what)
    except (KeyError, TypeError, ValueError, ValidationError) as error:
        raise UnreadableEvent(f"a damaged event {written.get('type')!r}") from error


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
