"""How rightly words are compared, by language and kind, and how long it takes."""

from __future__ import annotations

from collections import Counter
from time import process_time

import pytest

from tests.speech.words.tables import TABLES, pairs
from voicetest.speech import words

pytestmark = pytest.mark.benchmark

TEXT = "Your order four five two one seven was shipped on March 14th and costs $4.50 in all. " * 13
PHRASES = [f"item number {number} was shipped on May {number + 1}th" for number in range(20)]


def test_pairs_of_the_tables_are_told_apart() -> None:
    print("\nprecision and recall of 'says' on the tables of tests/speech/words, by kind")
    wrong = 0
    for language in sorted(TABLES):
        held, kinds = Counter[tuple[str, bool, bool]](), dict[str, None]()
        for pair in pairs(language):
            found = words.contains(pair.heard, pair.says, language)
            held[pair.kind, pair.holds, found] += 1
            kinds[pair.kind] = None
        for kind in kinds:
            right, missed = held[kind, True, True], held[kind, True, False]
            false, refused = held[kind, False, True], held[kind, False, False]
            wrong += false + missed
            precision = right / max(right + false, 1)
            recall = right / max(right + missed, 1)
            counts = f"{right + missed:5} that hold {false + refused:5} that do not"
            print(f"{language} {kind:14}{precision:8.1%}{recall:8.1%}{counts}")
    assert not wrong


def test_a_long_text_is_held_against_twenty_phrases() -> None:
    words.contains("", "warm")
    began = process_time()
    for phrase in PHRASES:
        words.contains(TEXT, phrase)
    spent = process_time() - began
    print(
        f"\n{len(TEXT.split())} words, {len(PHRASES)} phrases, nothing kept: {spent * 1000:.0f} ms"
    )
