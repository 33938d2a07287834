"""The recording of a call, whichever kind of file it is kept in."""

from __future__ import annotations

import wave
from collections.abc import Iterator
from pathlib import Path

from voicetest.audio import flac, wav
from voicetest.audio.chunk import INTERNAL, Samples

__all__ = ["NAMES", "UnreadableRecording", "extent", "read_blocks", "read_span"]

NAMES = ("recording.wav", "recording.flac")
"""What the recording of a call is called; the first is written while it goes on."""


class UnreadableRecording(ValueError):
    """A file whose sound cannot be read."""


def extent(path: Path) -> tuple[int, int, int]:
    """Frames, channels and sample rate; raises OSError or UnreadableRecording."""
    try:
        return flac.extent(path) if _is_flac(path) else wav.extent(path)
    except (flac.NoFlac, wave.Error, EOFError) as error:
        raise _unreadable(path, error) from error


def read_span(path: Path, start: int, frames: int) -> Samples:
    """At most `frames` frames from frame `start`, int16 of shape (n, channels).

    Raises OSError or UnreadableRecording.
    """
    try:
        if _is_flac(path):
            return flac.read_span(path, start, frames)
        return wav.read_span(path, start, frames)
    except (flac.NoFlac, wave.Error, EOFError) as error:
        raise _unreadable(path, error) from error


def read_blocks(path: Path, frames: int = INTERNAL.rate) -> Iterator[Samples]:
    """All of it in blocks of at most `frames`, shape (n, channels).

    Raises OSError or UnreadableRecording.
    """
    try:
        yield from (flac if _is_flac(path) else wav).read_blocks(path, frames)
    except (flac.NoFlac, wave.Error, EOFError) as error:
        raise _unreadable(path, error) from error


def _is_flac(path: Path) -> bool:
    return path.suffix == ".flac"


def _unreadable(path: Path, error: Exception) -> UnreadableRecording:
    return UnreadableRecording(str(error) or f"{path} ends within its header")
