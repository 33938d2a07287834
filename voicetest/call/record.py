"""The immutable record of a finished call: its timeline and where its sound is."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from voicetest.audio.chunk import INTERNAL, Samples
from voicetest.audio.defects import Defect, look, settle
from voicetest.audio.formants import Formants, formants
from voicetest.audio.recording import read_blocks, read_span
from voicetest.audio.vad import DETECTOR, Activity, Segment
from voicetest.call.harness import Harness
from voicetest.call.recorder import AGENT
from voicetest.call.timeline import Entry
from voicetest.speech.cache import Cache, key

__all__ = ["CallError", "CallRecord", "agent_formants", "agent_speech", "speech_defects"]

_VOICE_S = 30.0
"""So many seconds of a voice say where its resonances lie."""


@dataclass(frozen=True)
class CallError:
    """An error that ended a call; `traceback` is set for bugs in voicetest."""

    kind: str
    message: str
    where: str
    traceback: str | None = None
    passing: bool = False
    """Whether the next call may go better though nothing is changed."""


@dataclass(frozen=True)
class CallRecord:
    """All that checks and reports may look at."""

    entries: tuple[Entry, ...]
    recording: Path
    duration_s: float
    agent_speech: tuple[Segment, ...]
    """Where the agent speaks on the right channel, in seconds."""
    defects: tuple[Defect, ...]
    """What is wrong with that speech; times in seconds on the recording."""
    harness: Harness | None
    """None when the line never opened."""
    error: CallError | None = None
    formants: Formants | None = None
    """Where the resonances of the agent's voice lie; None where too little was said."""

    @classmethod
    def nothing(cls, recording: Path) -> CallRecord:
        """The record of a call of which nothing is known."""
        return cls((), recording, 0.0, agent_speech=(), defects=(), harness=None)


def agent_speech(recording: Path, cache: Cache) -> tuple[Segment, ...]:
    """Find speech on the right channel of a recording, reading it in blocks.

    What was found is kept by content: a call that gives the same bytes is not searched again.
    """
    digest = sha256()
    for block in read_blocks(recording):
        digest.update(block[:, AGENT].tobytes())
    name = key({"speech": digest.hexdigest(), "detector": DETECTOR})
    kept = cache.get(name)
    if kept is not None:
        return tuple(Segment(start, end) for start, end in json.loads(kept))
    activity = Activity()
    for block in read_blocks(recording):
        activity.feed(block[:, AGENT])
    found = tuple(activity.segments())
    cache.put(name, json.dumps([(segment.start, segment.end) for segment in found]).encode())
    return found


def speech_defects(recording: Path, speech: tuple[Segment, ...]) -> tuple[Defect, ...]:
    """What is wrong with the speech on the right channel of a recording."""
    stretches = [look(sound) for sound in _stretches(recording, speech)]
    return tuple(
        Defect(defect.kind, segment.start + defect.at_s)
        for segment, found in zip(speech, settle(stretches), strict=True)
        for defect in found
    )


def agent_formants(recording: Path, speech: tuple[Segment, ...]) -> Formants | None:
    """Where the resonances of the voice on the right channel lie, by half a minute of it."""
    said, some = 0.0, []
    for segment in speech:
        if said < _VOICE_S:
            some.append(segment)
            said += segment.end - segment.start
    return formants(list(_stretches(recording, some)))


def _stretches(recording: Path, speech: Iterable[Segment]) -> Iterator[Samples]:
    for segment in speech:
        start = round(segment.start * INTERNAL.rate)
        frames = round(segment.end * INTERNAL.rate) - start
        yield read_span(recording, start, frames)[:, AGENT]
