from __future__ import annotations

from collections import defaultdict

import pytest

from voicetest.speech.transcribers.language_model import arpa

ORDINARY = {"the": 0.05, "a": 0.03, "yes": 0.001, "refund": 0.0001}
PHRASES = [
    ("yes",),
    ("my", "refund"),
    ("my", "refund", "now"),
    ("refund", "my", "refund", "please"),
]


def _read(lines: list[str]) -> dict[tuple[str, ...], tuple[float, float]]:
    """Probability and back-off weight of every n-gram."""
    found = {}
    size = 0
    for line in "\n".join(lines).splitlines():
        if line.endswith("-grams:"):
            size = int(line[1])
        elif size and line and not line.startswith("\\"):
            chance, *words = line.split()
            left = words[size:] or ["0"]
            found[tuple(words[:size])] = (10 ** float(chance), 10 ** float(left[0]))
    return found


def test_the_probabilities_of_what_may_follow_add_up_to_one() -> None:
    grams = _read(list(arpa(PHRASES, ORDINARY)))
    words = [gram[0] for gram in grams if len(gram) == 1 and gram[0] != "<s>"]

    def chance(history: tuple[str, ...], word: str) -> float:
        if (*history, word) in grams:
            return grams[*history, word][0]
        if not history:
            return 0.0
        left = grams[history][1] if history in grams else 1.0
        return left * chance(history[1:], word)

    histories = [(), *(gram for gram in grams if len(gram) < 3)]
    for history in histories:
        assert sum(chance(history, word) for word in words) == pytest.approx(1, abs=2e-3), history


def test_the_header_counts_what_follows() -> None:
    lines = list(arpa(PHRASES, ORDINARY))
    counts: dict[int, int] = defaultdict(int)
    for gram in _read(lines):
        counts[len(gram)] += 1
    assert lines[1:4] == [f"ngram {size}={counts[size]}" for size in (1, 2, 3)]


def test_a_phrase_is_likelier_than_its_words_by_chance() -> None:
    grams = _read(list(arpa(PHRASES, ORDINARY)))
    assert grams["my", "refund"][0] > 0.8 > 0.5 > grams[("refund",)][0]
    assert grams[("yes",)][0] > 3 * _read(list(arpa([], ORDINARY)))[("yes",)][0] > 0
