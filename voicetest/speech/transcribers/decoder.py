"""The recogniser itself: what a worker process does with one speech segment."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from voicetest.audio.chunk import INTERNAL
from voicetest.audio.resample import resample
from voicetest.speech.transcribers.language_model import Phrase, arpa

if TYPE_CHECKING:
    from pocketsphinx import Decoder

__all__ = ["Vocabulary", "missing_words", "recognise"]

RATE = 16_000
ORDINARY_WORDS = 5_000
LANGUAGE_WEIGHT = 8.0
MOST_ENDINGS = 8
LOG_BASE = 1.0001
"""pocketsphinx counts probabilities as whole powers of this."""


@dataclass(frozen=True)
class Vocabulary:
    """Phrases to expect, and the ARPABET phones of words in them that the dictionary lacks."""

    phrases: tuple[Phrase, ...] = ()
    pronunciations: tuple[tuple[str, str], ...] = ()


def recognise(means: str | None, vocabulary: Vocabulary, data: bytes) -> str:
    """The words in one whole speech segment, PCM16 mono at 24 kHz.

    `means` is the file with an adapted model's means, None for the stock model. Without phrases
    the stock language model is used.
    """
    decoder = _decoder(means, vocabulary)
    samples = resample(np.frombuffer(data, dtype="<i2"), INTERNAL.rate, RATE)
    # The noise remover goes on learning from one utterance to the next, unless it is made anew;
    # the rest forgets what was heard earlier when an utterance comes as a whole.
    decoder.reinit_feat()
    decoder.start_utt()
    decoder.process_raw(samples.tobytes(), full_utt=True)
    decoder.end_utt()
    hypothesis = decoder.hyp()
    return str(hypothesis.hypstr) if hypothesis else ""


def missing_words(phrases: tuple[Phrase, ...]) -> tuple[tuple[Phrase, ...], tuple[str, ...]]:
    """The phrases with words like `refund*` replaced, and what is not in the dictionary."""
    replaced = tuple(form for phrase in phrases for form in _with_endings(phrase))
    words = sorted({word for phrase in replaced for word in phrase})
    known = _dictionary()
    return replaced, tuple(word for word in words if word not in known)


def _with_endings(phrase: Phrase) -> list[Phrase]:
    """The phrase once for each of the commonest words that a `*` may stand for."""
    for place, word in enumerate(phrase):
        if word.endswith("*"):
            endings = [w for w in _by_frequency() if w.startswith(word[:-1])][:MOST_ENDINGS]
            variants = endings or [word[:-1]]
            rests = _with_endings(phrase[place + 1 :])
            return [(*phrase[:place], variant, *rest) for variant in variants for rest in rests]
    return [phrase]


# Each holds some 60 MB; a run needs one for its dialogue and one without phrases for its checks.
@lru_cache(maxsize=4)
def _decoder(means: str | None, vocabulary: Vocabulary) -> Decoder:
    adapted = {} if means is None else {"mean": means}
    if not vocabulary.phrases:
        return _configured(lm=str(_model("en-us.lm.bin")), **adapted)
    ordinary = _ordinary()
    wanted = {*ordinary, *(word for phrase in vocabulary.phrases for word in phrase)}
    added = "".join(f"{word} {phones}\n" for word, phones in vocabulary.pronunciations)
    with tempfile.TemporaryDirectory(prefix="voicetest-") as folder:
        words, model = Path(folder, "words.dict"), Path(folder, "phrases.lm")
        words.write_text(_pronounced(wanted) + added, encoding="utf-8")
        model.write_text("\n".join(arpa(vocabulary.phrases, ordinary)) + "\n", encoding="utf-8")
        return _configured(lm=str(model), dict=str(words), lw=LANGUAGE_WEIGHT, **adapted)


def _pronounced(wanted: set[str]) -> str:
    """The dictionary's lines for some words; further pronunciations stand there as `word(2)`."""
    with _model("cmudict-en-us.dict").open(encoding="utf-8") as lines:
        return "".join(line for line in lines if line.split(" ", 1)[0].partition("(")[0] in wanted)


def _configured(**settings: str | float) -> Decoder:
    from pocketsphinx import Decoder

    stock = {"hmm": str(_model("en-us")), "dict": str(_model("cmudict-en-us.dict"))}
    return Decoder(**(stock | {"loglevel": "FATAL"} | settings))


def _model(name: str) -> Path:
    from pocketsphinx import get_model_path

    return Path(get_model_path(), "en-us", name)


@lru_cache(maxsize=1)
def _dictionary() -> frozenset[str]:
    with _model("cmudict-en-us.dict").open(encoding="utf-8") as lines:
        return frozenset(line.split(" ", 1)[0] for line in lines)


@lru_cache(maxsize=1)
def _by_frequency() -> dict[str, int]:
    """Dictionary words, commonest first, and the powers of `LOG_BASE` that are their frequencies.

    The frequencies are those of the stock language model.
    """
    from pocketsphinx import NGramModel

    model = NGramModel.readfile(str(_model("en-us.lm.bin")))
    words = sorted(word for word in _dictionary() if not word.endswith(")"))
    powers = {word: model.prob([word]) for word in words}
    return {word: powers[word] for word in sorted(words, key=powers.__getitem__, reverse=True)}


def _ordinary() -> dict[str, float]:
    commonest = islice(_by_frequency().items(), ORDINARY_WORDS)
    return {word: LOG_BASE**power for word, power in commonest}
