"""Phones of words that a dictionary lacks: from espeak's IPA to the recogniser's ARPABET."""

# ruff: noqa: RUF001, RUF003 - letters of the IPA look like those of the alphabet

from __future__ import annotations

__all__ = ["arpabet"]

STRESS = str.maketrans("", "", "ˈˌ̩ːˑ")

# https://en.wikipedia.org/wiki/ARPABET and espeak-ng/phsource/ph_english_us, by measured use.
PHONES = {
    "ɑ": "AA", "æ": "AE", "a": "AE", "ʌ": "AH", "ə": "AH", "ɐ": "AH", "ɔ": "AO", "ɒ": "AA",
    "ɛ": "EH", "e": "EH", "ɜ": "ER", "ɚ": "ER", "ɝ": "ER", "ɪ": "IH", "ᵻ": "IH", "i": "IY",
    "ʊ": "UH", "u": "UW", "o": "OW", "y": "UW",
    "aʊ": "AW", "aɪ": "AY", "eɪ": "EY", "oʊ": "OW", "əʊ": "OW", "ɔɪ": "OY",
    "aɪɚ": "AY ER", "aɪə": "AY AH", "iə": "IY AH", "əl": "AH L",
    "ɑɹ": "AA R", "ɔɹ": "AO R", "oɹ": "AO R", "ɛɹ": "EH R", "ɪɹ": "IH R", "ʊɹ": "UH R",
    "b": "B", "tʃ": "CH", "d": "D", "ð": "DH", "f": "F", "ɡ": "G", "h": "HH", "dʒ": "JH",
    "k": "K", "l": "L", "m": "M", "n": "N", "ŋ": "NG", "p": "P", "ɹ": "R", "r": "R", "s": "S",
    "ʃ": "SH", "t": "T", "θ": "TH", "v": "V", "w": "W", "j": "Y", "z": "Z", "ʒ": "ZH",
    "x": "K", "ɾ": "T", "ʔ": "T", "ɬ": "L", "ç": "HH",
}  # fmt: skip


def arpabet(ipa: str) -> str:
    """Phones for IPA symbols separated by spaces; a symbol without a counterpart is left out."""
    phones: list[str] = []
    for symbol in ipa.split():
        rest = symbol.translate(STRESS)
        while rest:
            # The longest known beginning first: `aɪɚ` is one symbol of espeak, `aɪ` another.
            size = next((n for n in range(len(rest), 0, -1) if rest[:n] in PHONES), 0)
            phones += PHONES[rest[:size]].split() if size else []
            rest = rest[size or 1 :]
    return " ".join(phones)
