"""FLAC files: made of WAV files without loss, read in blocks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from voicetest.audio import wav
from voicetest.audio.chunk import INTERNAL, Samples

if TYPE_CHECKING:
    from soundfile import SoundFile

__all__ = ["NoFlac", "extent", "read_blocks", "read_span", "write_flac"]


class NoFlac(ValueError):
    """A file that is no FLAC, or sound that could not be put into one; the text says why."""


def write_flac(source: Path, target: Path) -> None:
    """Write the sound of a WAV file as a new FLAC file, and read it back.

    Raises NoFlac, and leaves no file, if that is not what was to be written.
    """
    try:
        _write(source, target)
        whole = _same(source, target)
    except (RuntimeError, OSError, NoFlac) as error:  # those of soundfile are RuntimeErrors
        target.unlink(missing_ok=True)
        raise NoFlac(f"{target} cannot be written: {error}") from error
    if not whole:
        target.unlink(missing_ok=True)
        raise NoFlac(f"{target} does not hold what was written to it: is the disk full?")


def extent(path: Path) -> tuple[int, int, int]:
    """Frames, channels and sample rate; raises NoFlac."""
    with _opened(path) as file:
        return file.frames, file.channels, file.samplerate


def read_span(path: Path, start: int, frames: int) -> Samples:
    """At most `frames` frames from frame `start`, int16 of shape (n, channels); raises NoFlac."""
    with _opened(path) as file:
        file.seek(min(max(start, 0), file.frames))
        return _read(file, frames)


def read_blocks(
    path: Path, frames: int = INTERNAL.rate, start: int = 0, end: int | None = None
) -> Iterator[Samples]:
    """Frames `start` to `end` in blocks of at most `frames`, shape (n, channels).

    Raises NoFlac.
    """
    with _opened(path) as file:
        end = file.frames if end is None else min(end, file.frames)
        start = min(max(start, 0), end)
        file.seek(start)
        for at in range(start, end, frames):
            yield _read(file, min(frames, end - at))


@contextmanager
def _opened(path: Path) -> Iterator[SoundFile]:
    from soundfile import SoundFile, SoundFileError

    try:
        with SoundFile(str(path)) as file:
            if (file.format, file.subtype) != ("FLAC", "PCM_16"):
                raise NoFlac(f"{path} is no FLAC file of 16 bits")
            yield file
    except SoundFileError as error:
        raise NoFlac(f"{path} cannot be read: {error}") from error


def _read(file: SoundFile, frames: int) -> Samples:
    found: Samples = file.read(frames, dtype="int16", always_2d=True)
    return found


def _write(source: Path, target: Path) -> None:
    from soundfile import SoundFile

    _, channels, rate = wav.extent(source)
    with SoundFile(str(target), "w", rate, channels, subtype="PCM_16", format="FLAC") as writer:
        for block in wav.read_blocks(source):
            writer.write(block)


def _same(source: Path, target: Path) -> bool:
    """Whether both hold the same sound."""
    if extent(target) != wav.extent(source):
        return False
    blocks = zip(wav.read_blocks(source), read_blocks(target), strict=True)
    return all(np.array_equal(written, found) for written, found in blocks)
