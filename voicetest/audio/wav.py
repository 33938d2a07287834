"""WAV files: written with a header that is valid at every moment, read in blocks."""

from __future__ import annotations

import struct
import wave
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np

from voicetest.appended import AppendedFile
from voicetest.audio.chunk import INTERNAL, Samples

__all__ = ["WavWriter", "extent", "read_blocks", "read_span", "write_wav"]

_HEADER_BYTES = 44


def _header(channels: int, rate: int, data_bytes: int) -> bytes:
    """A RIFF header for PCM16 (Microsoft, "Multimedia Programming Interface", 1991)."""
    frame = channels * 2
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF",
        _HEADER_BYTES - 8 + data_bytes,
        b"WAVE",
        b"fmt ",
        16,
        1,
        channels,
        rate,
        rate * frame,
        frame,
        16,
        b"data",
        data_bytes,
    )


class WavWriter(AbstractContextManager["WavWriter"]):
    """Appends PCM16 to a new file; after every `write` the file is playable as it stands.

    Its header never promises more than there is.
    """

    def __init__(self, path: Path, channels: int, rate: int = INTERNAL.rate) -> None:
        self._channels = channels
        self._rate = rate
        self._file = AppendedFile(path)
        try:
            self._file.append(_header(channels, rate, 0))
        except OSError:
            self.close()
            path.unlink(missing_ok=True)
            raise
        self.frames = 0
        """Frames in the file; grows with each write."""

    @property
    def full(self) -> bool:
        """Whether samples could not be written any more, and none are taken."""
        return self._file.failure is not None

    def write(self, samples: Samples) -> None:
        """Append int16 of shape (n, channels), or (n,) for one channel.

        Raises OSError the first time that there is no room for them; later ones are left out.
        """
        data = samples.astype("<i2", copy=False).tobytes()
        if not self._file.append(data):
            return
        frames = self.frames + len(data) // (2 * self._channels)
        self._file.replace(0, _header(self._channels, self._rate, frames * 2 * self._channels))
        self.frames = frames

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __exit__(self, *failure: object) -> None:
        self.close()


def write_wav(path: Path, samples: Samples, rate: int = INTERNAL.rate) -> None:
    """Write int16 of shape (n,) as a new mono file."""
    with WavWriter(path, 1, rate) as writer:
        writer.write(samples)


def extent(path: Path) -> tuple[int, int, int]:
    """Frames, channels and sample rate."""
    with wave.open(str(path), "rb") as file:
        return file.getnframes(), file.getnchannels(), file.getframerate()


def read_span(path: Path, start: int, frames: int) -> Samples:
    """At most `frames` frames from frame `start`, int16 of shape (n, channels)."""
    with wave.open(str(path), "rb") as file:
        start = min(max(start, 0), file.getnframes())
        file.setpos(start)
        return _frames(file, frames)


def read_blocks(
    path: Path, frames: int = INTERNAL.rate, start: int = 0, end: int | None = None
) -> Iterator[Samples]:
    """Frames `start` to `end` of a file in blocks of at most `frames`, shape (n, channels)."""
    with wave.open(str(path), "rb") as file:
        end = file.getnframes() if end is None else min(end, file.getnframes())
        start = min(max(start, 0), end)
        file.setpos(start)
        for at in range(start, end, frames):
            block = _frames(file, min(frames, end - at))
            if not len(block):
                return  # its header promises more than is there
            yield block


def _frames(file: wave.Wave_read, frames: int) -> Samples:
    """The next whole frames, which may be fewer where a file was cut."""
    data, size = file.readframes(frames), 2 * file.getnchannels()
    return np.frombuffer(data[: len(data) // size * size], dtype="<i2").reshape(-1, size // 2)
