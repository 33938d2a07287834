"""A piece of sound and the format it is in."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
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
    """Encoding and sample rate in hertz of mono sound; PCM16 is little-endian."""

    encoding: Encoding
    rate: int

    @property
    def sample_bytes(self) -> int:
        """Bytes of one sample."""
        return 2 if self.encoding is Encoding.PCM16 else 1

    def __str__(self) -> str:
        return f"{self.encoding}/{self.rate}"


INTERNAL = AudioFormat(Encoding.PCM16, 24_000)
"""What everything between two links works in: PCM16 mono at 24 kHz."""


@dataclass(frozen=True)
class AudioChunk:
    """Sound in one format; `data` holds whole samples."""

    data: bytes
    format: AudioFormat = INTERNAL

    def __post_init__(self) -> None:
        if len(self.data) % self.format.sample_bytes:
            raise ValueError(f"{len(self.data)} bytes are not whole {self.format.encoding} samples")

    @classmethod
    def of(cls, samples: Samples, rate: int = INTERNAL.rate) -> Self:
        """PCM16 from an int16 array of shape (n,) at `rate` hertz."""
        return cls(samples.astype("<i2").tobytes(), AudioFormat(Encoding.PCM16, rate))

    @property
    def frames(self) -> int:
        """Number of samples."""
        return len(self.data) // self.format.sample_bytes

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return self.frames / self.format.rate

    def samples(self) -> Samples:
        """An int16 array of shape (n,); only for PCM16."""
        if self.format.encoding is not Encoding.PCM16:
            raise ValueError(f"{self.format} is not PCM16")
        import numpy as np

        return np.frombuffer(self.data, dtype="<i2")
