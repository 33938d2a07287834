"""Text without what makes no difference: case, forms of characters, stage directions."""

from __future__ import annotations

import unicodedata

import regex

from voicetest.speech.words.lexicon import Lexicon

__all__ = ["folded"]

_DASHES = regex.compile(r"[\u2010-\u2013\u2212\u30fc](?=\d)|[\u2010-\u2013\u2212]")
_PART_OF_ONE = regex.compile(r"[\u00bc-\u00be\u2150-\u215e]")
"""Fractions of one character; behind digits they would become one number with them."""
_NUMERO = regex.compile(r"(?i)\bn\.? ?[º°]\.? ?(?=\d)|№ ?(?=\d)")
_LIGATURES = {ord("œ"): "oe", ord("Œ"): "Oe", ord("æ"): "ae", ord("Æ"): "Ae", 0x301C: "~"}
_QUOTES = regex.compile(r"[\u2018\u2019\u02bc`\u00b4]")
_UNSEEN = regex.compile(
    r"[\u200b-\u200f\u2060\u2066-\u2069\u00ad\ufeff\u0640\u064b-\u0652\u0670\u0591-\u05c7]"
)
_STAGED = regex.compile(r"<[/\p{L}][^<>]*>|\[[^\[\]\n]*\]")
_LINKED = regex.compile(r"\[([^\[\]\n]*)\]\([^()\s]*\)")
_LETTERED = regex.compile(r"[\p{Latin}\p{Greek}]\p{Mn}+")


_DIGITS = regex.compile(r"(?![0-9])\p{Nd}")


def folded(text: str, lexicon: Lexicon) -> str:
    """A text without what makes no difference: case, forms of characters, directions in it."""
    text = _NUMERO.sub("#", text.translate(_LIGATURES))
    plain = _STAGED.sub(" ", _LINKED.sub(r"\1", text))
    plain = _PART_OF_ONE.sub(lambda found: f" {unicodedata.normalize('NFKC', found[0])} ", plain)
    plain = plain.replace("\u2044", "/")
    plain = _UNSEEN.sub("", unicodedata.normalize("NFKC", plain))
    plain = _DASHES.sub("-", _QUOTES.sub("'", plain)).replace("\u2014", " ; ")
    plain = _DIGITS.sub(lambda found: str(unicodedata.decimal(found[0], " ")), plain)
    if lexicon.unspaced:
        plain = plain.replace("~", "-")
    if lexicon.tag in ("tr", "az"):
        plain = plain.replace("I", "\u0131").replace("\u0130", "i")
    plain = plain.casefold().replace("\u2044", "/")
    for pattern, replacement in lexicon.rewrites:
        plain = pattern.sub(replacement, plain)
    if lexicon.folds_accents:
        apart = unicodedata.normalize("NFD", plain)
        plain = unicodedata.normalize("NFC", _LETTERED.sub(lambda found: found[0][0], apart))
    return plain
