"""The two codecs of the telephone, ITU-T G.711: one byte for each sample."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from voicetest.audio.chunk import Encoding, Samples
from voicetest.audio.resample import resample

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["RATE", "compress", "expand", "over_the_phone"]

RATE = 8_000
"""Samples a second on every telephone line."""

MULAW_BIAS = 33
MULAW_LARGEST = 8_158


def compress(samples: Samples, encoding: Encoding) -> bytes:
    """One byte for each of int16 (n,), by µ-law or A-law.

    Raises ValueError for another encoding.
    """
    return _compressing(encoding)[samples.astype(np.int32) + 32_768].tobytes()


def expand(data: bytes, encoding: Encoding) -> Samples:
    """The int16 (n,) that n bytes of µ-law or A-law stand for.

    Raises ValueError for another encoding.
    """
    return _expanding(encoding)[np.frombuffer(data, dtype=np.uint8)]


def over_the_phone(samples: Samples, rate: int) -> Samples:
    """A whole recording, int16 (n,) at `rate` hertz, as it comes out of a µ-law line; also (n,)."""
    narrow = resample(samples, rate, RATE)
    heard = resample(expand(compress(narrow, Encoding.MULAW), Encoding.MULAW), RATE, rate)
    return np.pad(heard[: len(samples)], (0, max(0, len(samples) - len(heard))))


@lru_cache(maxsize=2)
def _expanding(encoding: Encoding) -> Samples:
    """What each byte stands for: 256 times int16, scaled up to 16 bits."""
    byte = np.arange(256)
    match encoding:
        case Encoding.MULAW:  # G.711 table 2a: all bits are inverted on the wire
            sign, exponent, mantissa = _fields(byte ^ 0xFF)
            size = ((2 * mantissa + MULAW_BIAS) << exponent) - MULAW_BIAS << 2
            positive = sign == 0
        case Encoding.ALAW:  # G.711 table 1a: even bits are inverted on the wire
            sign, exponent, mantissa = _fields(byte ^ 0x55)
            middle = 2 * mantissa + np.where(exponent, 33, 1)
            size = middle << np.maximum(exponent - 1, 0) << 3
            positive = sign == 1
        case _:
            raise ValueError(f"{encoding} is not a G.711 encoding")
    return np.where(positive, size, -size).astype(np.int16)


def _fields(
    byte: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    return byte >> 7, byte >> 4 & 7, byte & 15


@lru_cache(maxsize=2)
def _compressing(encoding: Encoding) -> NDArray[np.uint8]:
    """The byte for each int16 value from -32768 up: the decision values of G.711's tables."""
    values = np.arange(-32_768, 32_768)
    match encoding:
        case Encoding.MULAW:
            size = np.minimum(np.abs(values >> 2), MULAW_LARGEST) + MULAW_BIAS
            exponent = np.log2(size).astype(np.int64) - 5
            code = np.where(values < 0, 0x80, 0) | exponent << 4 | size >> exponent + 1 & 15
            table = code ^ 0xFF
        case Encoding.ALAW:
            size = np.where(values < 0, -values - 1, values) >> 3
            exponent = np.maximum(np.log2(np.maximum(size, 1)).astype(np.int64) - 4, 0)
            code = (
                np.where(values < 0, 0, 0x80) | exponent << 4 | size >> np.maximum(exponent, 1) & 15
            )
            table = code ^ 0x55
        case _:
            raise ValueError(f"{encoding} is not a G.711 encoding")
    return np.asarray(table, dtype=np.uint8)
