"""Which Gaussians of the model explain which frames of speech whose words are known."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from voicetest.speech.adaptation.corpus import SpokenText
from voicetest.speech.adaptation.model_files import (
    AcousticModel,
    Gaussians,
    read_gaussians,
    read_model,
)
from voicetest.speech.transcribers.stock_model import stock_file

if TYPE_CHECKING:
    from pocketsphinx import Decoder

__all__ = ["Evidence", "features", "gather"]

CEPSTRA = 13
VARIANCE_FLOOR = 1e-4
WIDE = {"beam": 1e-100, "pbeam": 1e-100, "wbeam": 1e-80}
"""An unadapted model prefers other states by far; these still let it follow the words."""


@dataclass
class Evidence:
    """How much each density explains, and the sum of the frames that it explains."""

    occupation: NDArray[np.float64]
    """Codebooks x streams x densities, in frames."""
    sums: NDArray[np.float64]
    """Codebooks x streams x densities x dimensions."""
    skipped: int = 0
    """Utterances whose words the model could not follow."""

    @classmethod
    def none(cls, shape: tuple[int, ...]) -> Evidence:
        """About means of that shape."""
        return cls(np.zeros(shape[:-1]), np.zeros(shape))

    def add(self, other: Evidence) -> None:
        """Take in what was found elsewhere."""
        self.occupation += other.occupation
        self.sums += other.sums
        self.skipped += other.skipped


@dataclass(frozen=True)
class _State:
    """A stretch of frames that belongs to one tied state of a phone."""

    phone: str
    senone: int
    first: int
    frames: int


def gather(means: Path, spoken: tuple[SpokenText, ...]) -> Evidence:
    """Aligns each text with its sound by the stock model with other means, and counts frames.

    A frame belongs to one tied state (Viterbi), and within it to each density by its posterior.
    """
    stock = read_model(stock_file("en-us"))
    current = read_gaussians(means)
    precisions = np.reciprocal(np.maximum(stock.variances, VARIANCE_FLOOR)).astype(np.float32)
    found = Evidence.none(current.shape)
    with tempfile.TemporaryDirectory(prefix="voicetest-") as folder:
        log = Path(folder)
        decoder = _aligner(means, log)
        for text, sound in spoken:
            try:
                states = _align(decoder, text, sound)
            except RuntimeError:  # the last word was not reached
                decoder = _aligner(means, log)
                found.skipped += 1
                continue
            frames = features(_last_cepstra(log))
            for state in states:
                _count(found, state, frames, stock, current, precisions)
    return found


def _count(
    found: Evidence,
    state: _State,
    frames: NDArray[np.float32],
    stock: AcousticModel,
    current: Gaussians,
    precisions: Gaussians,
) -> None:
    book = stock.phones.index(state.phone)
    part = frames[state.first : state.first + state.frames]  # frames x streams x dimensions
    apart = part[:, :, None, :] - current[book]
    scores = 0.5 * (np.log(precisions[book]) - apart**2 * precisions[book]).sum(axis=-1)
    scores += np.log(stock.weights[:, :, state.senone])
    shares = np.exp(scores - scores.max(axis=-1, keepdims=True))
    shares /= shares.sum(axis=-1, keepdims=True)  # frames x streams x densities
    found.occupation[book] += shares.sum(axis=0)
    found.sums[book] += np.einsum("tsk,tsd->skd", shares, part)


def features(cepstra: NDArray[np.float32]) -> NDArray[np.float32]:
    """Cepstra (frames, 13) as the model takes them: (frames, 3 streams, 13).

    Cepstra without their mean over the utterance, their change over four frames, and the change of
    that (feature type `1s_c_d_dd`, `feat.c`); frames without energy are no part of the mean.
    """
    loud = cepstra[cepstra[:, 0] >= 0]
    centred = cepstra - loud.mean(axis=0) if len(loud) else cepstra
    wide = np.pad(centred, ((3, 3), (0, 0)), mode="edge")

    def at(offset: int) -> NDArray[np.float32]:
        return wide[3 + offset : 3 + offset + len(cepstra)]

    change = at(2) - at(-2)
    of_change = (at(3) - at(-1)) - (at(1) - at(-3))
    return np.stack((centred, change, of_change), axis=1).astype(np.float32)


def _aligner(means: Path, log: Path) -> Decoder:
    """A decoder that follows given words, and writes the cepstra of each utterance into `log`."""
    from pocketsphinx import Decoder

    return Decoder(
        hmm=str(stock_file("en-us")),
        dict=str(stock_file("cmudict-en-us.dict")),
        lm=None,
        mean=str(means),
        mfclogdir=str(log),
        loglevel="FATAL",
        **WIDE,
    )


def _align(decoder: Decoder, text: str, sound: bytes) -> list[_State]:
    decoder.set_align_text(text)
    _hear(decoder, sound)
    decoder.set_alignment()  # the words found, with their phones and states in a second pass
    _hear(decoder, sound)
    return [
        _State(phone.name, int(state.name), state.start, state.duration)
        for word in decoder.get_alignment()
        for phone in word
        for state in phone
    ]


def _hear(decoder: Decoder, sound: bytes) -> None:
    decoder.reinit_feat()
    decoder.start_utt()
    decoder.process_raw(sound, full_utt=True)
    decoder.end_utt()


def _last_cepstra(log: Path) -> NDArray[np.float32]:
    """The newest file, after which the folder is empty: a count, then the values, big-endian."""
    files = sorted(log.iterdir())
    data = files[-1].read_bytes()
    for file in files:
        file.unlink()
    return np.frombuffer(data, ">f4", -1, 4).reshape(-1, CEPSTRA).astype(np.float32)
