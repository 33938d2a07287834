"""British and American spellings of the same words, told by their endings and by lists of stems."""

from __future__ import annotations

from collections.abc import Sequence

import regex

__all__ = ["SPELLINGS"]

_OUR = (
    "arm|behavi|cand|clam|col|demean|endeav|fav|ferv|flav|glam|harb|hon|hum|lab|neighb|od|parl|"
    "ranc|rig|rum|sav|splend|succ|tum|val|vap|vig"
)
_RE = "calib|cent|fib|goit|lit|lust|meag|met|nit|och|saltpet|sab|sepulch|somb|spect|theat"
_DOUBLED = (
    "cancel|channel|counsel|dial|duel|enamel|equal|fuel|funnel|grovel|initial|jewel|label|level|"
    "libel|marvel|model|panel|parcel|pedal|pencil|quarrel|revel|rival|shovel|shrivel|signal|snivel|"
    "spiral|swivel|total|travel|tunnel|unravel"
)

SPELLINGS: Sequence[tuple[regex.Pattern[str], str]] = tuple(
    (regex.compile(pattern), replacement)
    for pattern, replacement in (
        (r"^(\p{L}{3,})is(e|es|ed|er|ers|ing|ation|ations)$", r"\1iz\2"),
        (r"^(\p{L}{2,})ys(e|es|ed|er|ers|ing)$", r"\1yz\2"),
        (rf"^(\p{{L}}*(?:{_OUR}))our(\p{{L}}*)$", r"\1or\2"),
        (rf"^(\p{{L}}*(?:{_RE}))re(s|d)?$", r"\1er\2"),
        (rf"^(\p{{L}}*(?:{_DOUBLED}))l(ed|er|ers|ing|ings|ous|ously|or|ors|ery)$", r"\1\2"),
        (r"^(jewel)ry$", r"\1ery"),
        (r"^(def|off|lic|pret)ence(s|d)?$", r"\1ense\2"),
        (r"^practis(e|es|ed|ing)$", r"practic\1"),
        (r"^(anal|catal|dial|monol|prol|epil)ogue(s?)$", r"\1og\2"),
        (r"^(kilogram|gram|program)me(s?)$", r"\1\2"),
        (r"^instalment", "installment"),
        (r"^(judg|acknowledg|abridg)ement", r"\1ment"),
        (r"^gr[ea]y(s|er|est|ed|ing)?$", r"gray\1"),
        (r"^enquir(y|ies|e|ed|es|ing)$", r"inquir\1"),
        (r"^cheque(s?)$", r"check\1"),
        (r"^tyre(s?)$", r"tire\1"),
        (r"^mum(s?)$", r"mom\1"),
        (r"^(back|for|to|up|down|after)wards$", r"\1ward"),
        (r"^(pyjama)", "pajama"),
        (r"^aero?plane", "airplane"),
        (r"^aluminium$", "aluminum"),
        (r"^ageing$", "aging"),
        (r"^(learn|burn|dream|spell|spoil)t$", r"\1ed"),
        (r"^skilful", "skillful"),
        (r"^fulfil(s|ment)?$", r"fulfill\1"),
        (r"^enrol(s|ment)?$", r"enroll\1"),
        (r"^whilst$", "while"),
        (r"^amongst$", "among"),
    )
)
"""Each puts one spelling in the place of another; what they make is compared, never shown."""
