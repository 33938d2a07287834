"""The files of a tied-mixture acoustic model of CMU Sphinx, as far as re-estimation needs them."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from voicetest.speech.transcribers.stock_model import LOG_BASE

__all__ = ["AcousticModel", "Gaussians", "read_gaussians", "read_model", "write_gaussians"]

Gaussians = NDArray[np.float32]
"""Codebooks x streams x densities x dimensions."""

BYTE_ORDER = 0x11223344
END_OF_HEADER = b"endhdr\n"
SCORE_SHIFT = 10
"""A quantised weight w stands for the probability LOG_BASE ** -(w << 10) (`hmm.h`)."""
DESCRIBED = 40
"""Bytes of the ten counts that precede the names in a binary `mdef` (`bin_mdef.c`)."""


@dataclass(frozen=True)
class AcousticModel:
    """Codebooks of Gaussians, one for each phone, and how the states of phones weigh them."""

    phones: tuple[str, ...]
    """What each codebook is for."""
    means: Gaussians
    variances: Gaussians
    weights: NDArray[np.float32]
    """Streams x densities x tied states (senones): probabilities."""


def read_model(folder: Path) -> AcousticModel:
    """The model in a folder with `mdef`, `means`, `variances` and a `sendump` of 8 bits."""
    means = read_gaussians(folder / "means")
    codebooks, streams, densities, _ = means.shape
    phones = _phones((folder / "mdef").read_bytes())
    if len(phones) != codebooks:
        raise ValueError(f"{folder} has {codebooks} codebooks for {len(phones)} phones")
    return AcousticModel(
        phones,
        means,
        read_gaussians(folder / "variances"),
        _weights((folder / "sendump").read_bytes(), streams, densities),
    )


def read_gaussians(path: Path) -> Gaussians:
    """Means or variances: a Sphinx-3 parameter file with streams of one width (`s3file.c`)."""
    data = path.read_bytes()
    at = data.index(END_OF_HEADER) + len(END_OF_HEADER)
    order, codebooks, streams, densities = struct.unpack_from("<4i", data, at)
    widths = struct.unpack_from(f"<{streams}i", data, at + 16)
    if order != BYTE_ORDER or len(set(widths)) != 1:
        raise ValueError(f"{path} is not a little-endian file with streams of one width")
    shape = (codebooks, streams, densities, widths[0])
    values = np.frombuffer(data, "<f4", int(np.prod(shape)), at + 16 + 4 * streams + 4)
    return values.reshape(shape).copy()


def write_gaussians(path: Path, values: Gaussians) -> None:
    """The same format, without a checksum, which the header must not promise then."""
    codebooks, streams, densities, width = values.shape
    shape = struct.pack("<4i", BYTE_ORDER, codebooks, streams, densities)
    shape += struct.pack(f"<{streams}i", *[width] * streams) + struct.pack("<i", values.size)
    header = b"s3\nversion 1.0\n      " + END_OF_HEADER
    path.write_bytes(header + shape + values.astype("<f4").tobytes())


def _phones(mdef: bytes) -> tuple[str, ...]:
    """Names of the phones without context, in the order of the codebooks."""
    if mdef[:4] != b"BMDF":
        raise ValueError("the mdef is not a little-endian binary one")
    description = struct.unpack_from("<i", mdef, 8)[0]
    counts = 12 + description
    phones = struct.unpack_from("<i", mdef, counts)[0]
    return tuple(name.decode() for name in mdef[counts + DESCRIBED :].split(b"\0", phones)[:phones])


def _weights(sendump: bytes, streams: int, densities: int) -> NDArray[np.float32]:
    """Quantised mixture weights, stream by stream and density by density (`s2_semi_mgau.c`)."""
    at = 0
    while size := struct.unpack_from("<i", sendump, at)[0]:  # lines of text up to an empty one
        at += 4 + size
    rows, senones = struct.unpack_from("<2i", sendump, at + 4)
    if rows != densities:
        raise ValueError(f"the sendump weighs {rows} densities, the means have {densities}")
    stored = np.frombuffer(sendump, np.uint8, streams * densities * senones, at + 12)
    scores = stored.reshape(streams, densities, senones).astype(np.float64) * 2**SCORE_SHIFT
    return np.asarray(np.power(LOG_BASE, -scores), dtype=np.float32)
