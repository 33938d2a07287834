"""The languages whose numbers, amounts, dates and times are known."""

from __future__ import annotations

from functools import cache

from voicetest.speech.words.lexicon import Lexicon

__all__ = ["FOLDED", "lexicon"]

FOLDED = frozenset({"de", "en", "es", "fr", "hi", "it", "ja", "nl", "pt", "zh"})
"""Languages (BCP 47, without a region) in which numbers are the same however they are written."""


@cache
def lexicon(tag: str) -> Lexicon:
    """The tables of a language (BCP 47); of one that is not known, none at all."""
    language, *rest = tag.casefold().split("-")
    if language == "en":
        from voicetest.speech.words.english import english

        # Without a region as in the United States, where the month is first
        return english(day_first=bool(rest) and rest[-1] not in ("us", "ph", "pr"))
    return _other(language)


def _other(language: str) -> Lexicon:
    # Each takes some time to make: only what a scenario speaks is.
    match language:
        case "de":
            from voicetest.speech.words.german import german

            return german()
        case "es":
            from voicetest.speech.words.spanish import spanish

            return spanish()
        case "fr":
            from voicetest.speech.words.french import french

            return french()
        case "hi":
            from voicetest.speech.words.hindi import hindi

            return hindi()
        case "it":
            from voicetest.speech.words.italian import italian

            return italian()
        case "ja":
            from voicetest.speech.words.chinese_japanese import japanese

            return japanese()
        case "nl":
            from voicetest.speech.words.dutch import dutch

            return dutch()
        case "pt":
            from voicetest.speech.words.portuguese import portuguese

            return portuguese()
        case "zh":
            from voicetest.speech.words.chinese_japanese import chinese

            return chinese()
        case _:
            return Lexicon(tag=language, numerals={}, scales={}, literal=True)
