"""Bytes of sound that are read as what they are not: A-law as µ-law, PCM as µ-law and so on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from voicetest.audio.chunk import AudioFormat, Encoding
from voicetest.audio.g711 import expand

__all__ = ["Reading"]

_ENOUGH_S = 0.6
"""Seconds of sound, silence apart, that a judgement needs."""
_CERTAIN_S = 10.0
"""After so many seconds of sound nothing more is looked at: it is what it was announced as."""
_BLOCK_S = 0.02
_SILENT = 200.0
"""Root mean square below which 20 ms are left out, read either way: all of them are smooth."""
_SMOOTH = 0.6
"""Likeness of each sample with the next, of a voice that is read rightly, at least."""
_SMOOTHER = 0.25
"""By how much at least a voice is smoother when it is read rightly."""
_BY_ITS_LAW, _FEW, _TIMES = 0.08, 0.03, 4
"""The same for the two laws of G.711, which are much alike: by so much, or by a few hundredths
where the wrong one leaves so many times the roughness."""
_EIGHT_BITS, _SMOOTHER_THAN_PAIRS = 0.1, 0.05
"""Pairs of samples of 8 bits are as smooth in either byte order, samples of 16 bits are not."""
_LARGEST = 40_000.0
"""What is larger is no sample of 32 bits, be its scale 1 or 32,768."""
_NAMES = {
    "pcm16": "pcm16",
    "mulaw": "µ-law",
    "alaw": "A-law",
    "swapped": "big-endian pcm16",
    "float32": "32-bit floats",
}


class Reading:
    """Says once what sound seems to be that was read as something else.

    A voice is a smooth wave: each sample is much like the next one. Bytes that are read by the
    wrong rule are noise, and by the right one they are a voice.
    """

    def __init__(self) -> None:
        self._pending = b""
        self._format: AudioFormat | None = None
        self._sums = {name: np.zeros(2) for name in _NAMES}
        """Of each reading, the products of neighbouring samples and the squares."""
        self._judged_s = 0.0
        self._told = False

    def feed(self, data: bytes, announced: AudioFormat) -> str | None:
        """What these bytes seem to be if it is not what they are announced as, once."""
        if self._told or announced.channels != 1:
            return None
        if announced != self._format:
            self._format, self._pending, self._judged_s = announced, b"", 0.0
            self._sums = {name: np.zeros(2) for name in _NAMES}
        if self._judged_s >= _CERTAIN_S:
            return None
        sound = self._pending + data
        # A whole number of samples of each kind, so that no reading is out of step.
        size = round(_BLOCK_S * announced.rate) * announced.sample_bytes // 4 * 4
        whole = len(sound) // size * size
        for at in range(0, whole, size):
            if self._judged_s >= _CERTAIN_S:
                break
            self._take_in(sound[at : at + size], Encoding(announced.encoding))
        self._pending = sound[whole:]
        return self._judgement(Encoding(announced.encoding))

    def _take_in(self, block: bytes, announced: Encoding) -> None:
        read = dict(_readings(block))
        if _size(read[announced]) < _SILENT:
            return
        for name, samples in read.items():
            if np.isinf(samples[-1:]).any():
                self._sums[name] = np.array([0.0, np.inf])
            else:
                self._sums[name] += (float(samples[:-1] @ samples[1:]), float(samples @ samples))
        self._judged_s += _BLOCK_S

    def _judgement(self, announced: Encoding) -> str | None:
        if self._judged_s < _ENOUGH_S:
            return None
        likeness = {name: sums[0] / max(sums[1], 1.0) for name, sums in self._sums.items()}
        best = max(likeness, key=lambda name: likeness[name])
        if likeness[best] < _SMOOTH or not _differs(likeness, announced.value, best):
            return None
        self._told = True
        return (
            f"the agent's sound is noisy when it is read as {_NAMES[announced]}, as announced, and"
            f" a voice when it is read as {_NAMES[best]}"
        )


def _differs(likeness: Mapping[str, float], announced: str, best: str) -> bool:
    """Whether a voice is so much smoother by its best reading that it is not the announced one."""
    more = likeness[best] - likeness[announced]
    law = best in ("mulaw", "alaw")
    if law and announced == "pcm16" and more >= _SMOOTHER_THAN_PAIRS:
        pairs = abs(likeness["pcm16"] - likeness["swapped"]) < _EIGHT_BITS
        return pairs or more >= _SMOOTHER
    if law and announced != best and announced != "pcm16":
        much = 1 - likeness[announced] > _TIMES * (1 - likeness[best])
        return more >= _BY_ITS_LAW or (much and more >= _FEW)
    return more >= _SMOOTHER


def _readings(block: bytes) -> Iterator[tuple[str, NDArray[np.float64]]]:
    even = block[: len(block) // 2 * 2]
    yield "pcm16", np.frombuffer(even, dtype="<i2").astype(np.float64)
    yield "swapped", np.frombuffer(even, dtype=">i2").astype(np.float64)
    yield "mulaw", expand(block, Encoding.MULAW).astype(np.float64)
    yield "alaw", expand(block, Encoding.ALAW).astype(np.float64)
    yield "float32", _floats(block)


def _floats(block: bytes) -> NDArray[np.float64]:
    """The block as samples of 32 bits; infinite where it cannot be that."""
    with np.errstate(invalid="ignore"):
        samples = np.frombuffer(block[: len(block) // 4 * 4], dtype="<f4").astype(np.float64)
    sound = bool(np.all(np.isfinite(samples))) and not np.any(np.abs(samples) > _LARGEST)
    return samples * 32_768 if sound else np.array([0.0, np.inf])


def _size(samples: NDArray[np.float64]) -> float:
    return float(np.sqrt(np.mean(samples**2))) if len(samples) else 0.0
