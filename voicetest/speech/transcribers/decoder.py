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
from voicetest.speech.transcribers.stock_model import dictionary, stock_file, words_by_frequency

if TYPE_CHECKING:
    from pocketsphinx import Decoder

__all__ = ["Vocabulary", "missing_words", "recognise"]

RATE = 16_000
ORDINARY_WORDS = 5_000
PHRASES_WEIGHT = 8.0
ADAPTED_WEIGHT = 5.0
"""Of the language model against the acoustic one, which is surer of itself than the stock model."""
MOST_ENDINGS = 8


@dataclass(frozen=True)
class Vocabulary:
    """Phrases to expect, and the ARPABET phones of words in them that the dictionary lacks."""

    phrases: tuple[Phrase, ...] = ()
    pronunciations: tuple[tuple[str, str], ...] = ()


def recognise(means: Path | None, vocabulary: Vocabulary, data: bytes) -> str:
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
    known = dictionary()
    return replaced, tuple(word for word in words if word not in known)


def _with_endings(phrase: Phrase) -> list[Phrase]:
    """The phrase once for each of the commonest words that a `*` may stand for."""
    for place, word in enumerate(phrase):
        if word.endswith("*"):
            endings = [w for w in words_by_frequency() if w.startswith(word[:-1])][:MOST_ENDINGS]
            variants = endings or [word[:-1]]
            rests = _with_endings(phrase[place + 1 :])
            return [(*phrase[:place], variant, *rest) for variant in variants for rest in rests]
    return [phrase]


# Each holds some 60 MB; a run needs one for its dialogue and one without phrases for its checks.
@lru_cache(maxsize=4)
def _decoder(means: Path | None, vocabulary: Vocabulary) -> Decoder:
    adapted = {} if means is None else {"mean": str(means)}
    if not vocabulary.phrases:
        weight = {} if means is None else {"lw": ADAPTED_WEIGHT}
        return _configured(lm=str(stock_file("en-us.lm.bin")), **adapted, **weight)
    ordinary = _ordinary()
    wanted = {*ordinary, *(word for phrase in vocabulary.phrases for word in phrase)}
    added = "".join(f"{word} {phones}\n" for word, phones in vocabulary.pronunciations)
    with tempfile.TemporaryDirectory(prefix="voicetest-") as folder:
        words, model = Path(folder, "words.dict"), Path(folder, "phrases.lm")
        words.write_text(_pronounced(wanted) + added, encoding="utf-8")
        model.write_text("\n".join(arpa(vocabulary.phrases, ordinary)) + "\n", encoding="utf-8")
        return _configured(lm=str(model), dict=str(words), lw=PHRASES_WEIGHT, **adapted)


def _pronounced(wanted: set[str]) -> str:
    """The dictionary's lines for some words; further pronunciations stand there as `word(2)`."""
    with stock_file("cmudict-en-us.dict").open(encoding="utf-8") as lines:
        return "".join(line for line in lines if line.split(" ", 1)[0].partition("(")[0] in wanted)


def _configured(**settings: str | float) -> Decoder:
    from pocketsphinx import Decoder

    stock = {"hmm": str(stock_file("en-us")), "dict": str(stock_file("cmudict-en-us.dict"))}
    return Decoder(**(stock | {"loglevel": "FATAL"} | settings))


def _ordinary() -> dict[str, float]:
    return dict(islice(words_by_frequency().items(), ORDINARY_WORDS))
