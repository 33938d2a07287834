"""A trigram model that expects some phrases, in the midst of ordinary words."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from math import log10

__all__ = ["Phrase", "arpa"]

Phrase = tuple[str, ...]

EXPECTED = 0.2
"""Share of all words for which a phrase is expected; more hears phrases that were not said."""
STAYS = 0.8
"""Probability that a phrase that has begun goes on."""
INSIDE = 0.3
"""Weight of a word inside a phrase against the word that begins it."""
ENDS = 0.1
RAREST = 1e-6


def arpa(phrases: Sequence[Phrase], background: Mapping[str, float]) -> Iterator[str]:
    """Lines of a language model in ARPA format (Doug Paul's, as SRILM's `ngram-format` describes).

    `background` holds ordinary words and their frequencies: without it every sound would be forced
    into the phrases. Phrases outside the background's words add them.
    """
    once = _unigrams(phrases, background)
    bigrams, once_left = _bigrams(phrases, once)
    trigrams, twice_left = _trigrams(phrases, once, bigrams, once_left)
    yield "\\data\\"
    yield f"ngram 1={len(once) + 1}"
    yield f"ngram 2={len(bigrams)}"
    yield f"ngram 3={len(trigrams)}"
    yield "\n\\1-grams:"
    yield "-99 <s> 0"
    for word in sorted(once):
        yield f"{log10(once[word]):.4f} {word} {log10(once_left.get(word, 1)):.4f}"
    yield "\n\\2-grams:"
    for pair in sorted(bigrams):
        left = log10(twice_left.get(pair, 1))
        yield f"{log10(bigrams[pair]):.4f} {' '.join(pair)} {left:.4f}"
    yield "\n\\3-grams:"
    for triple in sorted(trigrams):
        yield f"{log10(trigrams[triple]):.4f} {' '.join(triple)}"
    yield "\n\\end\\"


def _unigrams(phrases: Sequence[Phrase], background: Mapping[str, float]) -> dict[str, float]:
    ordinary = dict(background)
    expected: dict[str, float] = defaultdict(float)
    for phrase in phrases:
        for place, word in enumerate(phrase):
            ordinary.setdefault(word, RAREST)
            expected[word] += INSIDE if place else 1.0
    share = EXPECTED if expected else 0.0
    of_ordinary = (1 - share) * (1 - ENDS) / sum(ordinary.values())
    of_expected = share * (1 - ENDS) / (sum(expected.values()) or 1.0)
    once = {
        word: of_ordinary * frequency + of_expected * expected.get(word, 0.0)
        for word, frequency in ordinary.items()
    }
    return once | {"</s>": ENDS}


def _bigrams(
    phrases: Sequence[Phrase], once: Mapping[str, float]
) -> tuple[dict[Phrase, float], dict[str, float]]:
    """P(b | a) of pairs inside phrases, and the back-off weight of each a."""
    following: dict[str, Counter[str]] = defaultdict(Counter)
    for phrase in phrases:
        for first, second in pairwise(phrase):
            following[first][second] += 1
    pairs: dict[Phrase, float] = {}
    left: dict[str, float] = {}
    for first, seconds in following.items():
        shares = {word: count / seconds.total() for word, count in seconds.items()}
        for word, share in shares.items():
            pairs[first, word] = STAYS * share + (1 - STAYS) * once[word]
        # The rest of the probability goes to all other words, as their unigrams share it.
        left[first] = (1 - sum(pairs[first, w] for w in shares)) / (
            1 - sum(once[w] for w in shares)
        )
    return pairs, left


def _trigrams(
    phrases: Sequence[Phrase],
    once: Mapping[str, float],
    pairs: Mapping[Phrase, float],
    once_left: Mapping[str, float],
) -> tuple[dict[Phrase, float], dict[Phrase, float]]:
    """P(c | a b) of triples inside phrases, and the back-off weight of each pair a b."""
    following: dict[Phrase, Counter[str]] = defaultdict(Counter)
    for phrase in phrases:
        for first, second, third in zip(phrase, phrase[1:], phrase[2:], strict=False):
            following[first, second][third] += 1
    triples: dict[Phrase, float] = {}
    left: dict[Phrase, float] = {}
    for (first, second), thirds in following.items():
        lower = {
            word: pairs.get((second, word), once_left.get(second, 1.0) * once[word])
            for word in thirds
        }
        for word, count in thirds.items():
            share = count / thirds.total()
            triples[first, second, word] = STAYS * share + (1 - STAYS) * lower[word]
        kept = sum(triples[first, second, word] for word in thirds)
        left[first, second] = (1 - kept) / (1 - sum(lower.values()))
    return triples, left
