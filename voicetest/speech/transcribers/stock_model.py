"""The American English model and dictionary that come in pocketsphinx's package."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

__all__ = ["LOG_BASE", "dictionary", "stock_file", "words_by_frequency"]

LOG_BASE = 1.0001
"""pocketsphinx counts probabilities as whole powers of this."""


def stock_file(name: str) -> Path:
    """`en-us` (the acoustic model's folder), `cmudict-en-us.dict` or `en-us.lm.bin`."""
    from pocketsphinx import get_model_path

    return Path(get_model_path(), "en-us", name)


@lru_cache(maxsize=1)
def dictionary() -> frozenset[str]:
    """Its words; a further pronunciation stands there as `word(2)`."""
    with stock_file("cmudict-en-us.dict").open(encoding="utf-8") as lines:
        return frozenset(line.split(" ", 1)[0] for line in lines)


@lru_cache(maxsize=1)
def words_by_frequency() -> dict[str, float]:
    """Dictionary words, commonest first, with their frequencies in the stock language model."""
    from pocketsphinx import NGramModel

    model = NGramModel.readfile(str(stock_file("en-us.lm.bin")))
    words = sorted(word for word in dictionary() if not word.endswith(")"))
    powers = {word: model.prob([word]) for word in words}
    commonest_first = sorted(words, key=powers.__getitem__, reverse=True)
    return {word: LOG_BASE ** powers[word] for word in commonest_first}
