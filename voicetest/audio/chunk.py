"""A piece of sound and the format it is in."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Self, TypeAlias

__all__ = ["INTERNAL", "AudioChunk", "AudioFormat", "Encoding", "Samples"]

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Samples: TypeAlias = NDArray[np.int16]
else:
    # Scenarios are validated without numpy, which is slow to import.
    Samples = object


class Encoding(StrEnum):
    """How one sample is written."""

    PCM16 = "pcm16"
    MULAW = "mulaw"
    ALAW = "alaw"


@dataclass(frozen=True)
class AudioFormat:
    """Encoding, sample rate in hertz and interleaved channels; PCM16 is little-endian."""

    encoding: Encoding
    rate: int
    channels: int = 1

    @cached_property
    def sample_bytes(self) -> int:
        """Bytes of one sample of one channel."""
        return 2 if self.encoding is Encoding.PCM16 else 1

    @cached_property
    def frame_bytes(self) -> int:
        """Bytes of one sample of every channel."""
        return self.sample_bytes * self.channels

    def __str__(self) -> str:
        mono = f"{self.encoding}/{self.rate}"
        return mono if self.channels == 1 else f"{mono}/{self.channels}"


INTERNAL = AudioFormat(Encoding.PCM16, 24_000)
"""What everything between two links works in: PCM16 mono at 24 kHz."""


@dataclass(frozen=True)
class AudioChunk:
    """Sound in one format; `data` holds whole samples of every channel."""

    data: bytes
    format: AudioFormat = INTERNAL

    def __post_init__(self) -> None:
        if len(self.data) % self.format.frame_bytes:
            raise ValueError(f"{len(self.data)} bytes are not whole samples of {self.format}")

    @classmethod
    def of(cls, samples: Samples, rate: int = INTERNAL.rate) -> Self:
        """PCM16 from an int16 array of shape (n,) at `rate` hertz."""
        internal = rate == INTERNAL.rate
        written = INTERNAL if internal else AudioFormat(Encoding.PCM16, rate)
        return cls(samples.astype("<i2", copy=False).tobytes(), written)

    @property
    def frames(self) -> int:
        """Number of samples of each channel."""
        return len(self.data) // self.format.frame_bytes

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return self.frames / self.format.rate

    def samples(self) -> Samples:
        """An int16 array of shape (n,); raises ValueError unless this is PCM16 mono."""
        if self.format.encoding is not Encoding.PCM16 or self.format.channels != 1:
            raise ValueError(f"{self.format} is not PCM16 mono")
        import numpy as np

        return np.frombuffer(self.data, dtype="<i2")
