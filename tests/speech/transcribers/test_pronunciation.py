# ruff: noqa: RUF001 - letters of the IPA look like those of the alphabet

from __future__ import annotations

import pytest

from voicetest.speech.transcribers.pronunciation import arpabet


@pytest.mark.parametrize(
    ("ipa", "phones"),
    [
        ("b ˈɜː d", "B ER D"),
        ("tʃ ˈɜː tʃ", "CH ER CH"),
        ("f ˈaɪɚ", "F AY ER"),
        ("l ˈɪ ɾ əl", "L IH T AH L"),
        ("b ˈʌ ʔ n̩", "B AH T N"),
        ("f ˈɔːɹ", "F AO R"),
        ("", ""),
        ("ǂ", ""),
    ],
)
def test_symbols_become_phones(ipa: str, phones: str) -> None:
    assert arpabet(ipa) == phones
