"""When an agent really spoke, against which measurements of a call can be checked."""

from __future__ import annotations

from dataclasses import dataclass, field

from voicetest.audio.chunk import INTERNAL, AudioChunk
from voicetest.audio.edges import clean_edges

__all__ = ["Spoke", "spoken"]


@dataclass(frozen=True)
class Spoke:
    """From when to when the speech of an utterance is heard by a listener without any delay.

    In seconds of the event loop; an utterance that was hushed ends with what was heard of it.
    """

    start_s: float
    end_s: float
    share: float = field(default=1.0, compare=False)
    """How much of the utterance that was, from 0 to 1."""


def spoken(sound: AudioChunk, start_s: float, stopped_at: float) -> Spoke | None:
    """What is heard of clean sound that begins at `start_s`; None if it stopped before speech."""
    heard_s = min(stopped_at - start_s, sound.duration)
    heard = sound.samples()[: max(round(heard_s * INTERNAL.rate), 0)]
    if not heard.any():
        return None
    speech = clean_edges(heard)
    share = heard_s / sound.duration
    return Spoke(start_s + speech.start, start_s + speech.end, share)
