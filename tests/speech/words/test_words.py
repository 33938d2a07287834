from __future__ import annotations

from collections import defaultdict

import pytest

from tests.speech.words.tables import TABLES, Pair, pairs
from voicetest.speech.words import contains, spoken


def _by_kind(language: str) -> dict[str, list[Pair]]:
    found = defaultdict[str, list[Pair]](list)
    for pair in pairs(language):
        found[pair.kind].append(pair)
    return found


KINDS = [(language, kind) for language in TABLES for kind in _by_kind(language)]


@pytest.mark.parametrize(("language", "kind"), KINDS)
def test_every_pair_of_the_table_holds_or_not_as_it_says(language: str, kind: str) -> None:
    wrong = [
        pair
        for pair in _by_kind(language)[kind]
        if contains(pair.heard, pair.says, language) is not pair.holds
    ]
    assert not wrong


@pytest.mark.parametrize(("language", "least"), [(name, 150) for name in TABLES] + [("en", 600)])
def test_the_tables_have_pairs_of_both_outcomes(language: str, least: int) -> None:
    found = list(pairs(language))
    assert len(found) >= least
    assert sum(not pair.holds for pair in found) >= least / 4


@pytest.mark.parametrize(
    ("heard", "says", "language", "holds"),
    [
        ("Sie sind willkommen", "willkommen", "sv", True),
        ("beställningen kostar 1,250", "1250", "sv", False),
        ("beställningen kostar 1,250", "1,250", "sv", True),
        ("KAPI AÇIK", "kap\u0131 aç\u0131k", "tr", True),
        ("KAPI AÇIK", "kapi açik", "tr", False),
        ("שָׁלוֹם לך", "שלום", "he", True),
        ("مُحَمَّد هنا", "محمد", "ar", True),
        ("சரி, நன்றி", "நன்றி", "ta", True),
        ("சரி, நன்றி", "நன்ற", "ta", False),
        ("ขอบคุณครับ", "ขอบคุณ", "th", True),
    ],
)
def test_a_language_without_tables_is_compared_as_text(
    heard: str, says: str, language: str, holds: bool
) -> None:
    assert contains(heard, says, language) is holds


def test_a_region_decides_between_day_and_month() -> None:
    assert contains("on 03/04/2026", "March 4, 2026", "en-US")
    assert contains("on 03/04/2026", "3 April 2026", "en-GB")
    assert not contains("on 03/04/2026", "3 April 2026", "en-US")


def test_spaces_that_cannot_be_seen_are_spaces_or_nothing() -> None:
    assert contains("order\u00a0number\u202f12", "order number 12")
    assert contains("re\u00adfund\u200b", "refund")


def test_a_phrase_without_words_is_never_found() -> None:
    assert not contains("anything", "...")
    assert not contains("anything", "")


def test_fillers_count_for_nothing_in_a_word_error_rate() -> None:
    assert spoken("um, it is, uh, 45 dollars") == ["it", "is", "4", "5", "dollars"]
