"""Text as it is compared: the same words, however they were written or heard."""

from __future__ import annotations

from voicetest.speech.words import spoken

__all__ = ["normalise"]


def normalise(text: str, language: str = "en") -> list[str]:
    """The words of a text in lower case without punctuation, numbers digit by digit.

    Contractions are written out, sounds such as `um` are left out, currency, per cent and units
    are words behind the number; `language` is a BCP 47 tag.
    """
    return spoken(text, language)
