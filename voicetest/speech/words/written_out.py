"""Numbers in words as num2words writes them, for languages whose numbers it knows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import regex
from num2words import num2words

__all__ = ["below_thousand", "places"]

_APART = regex.compile(r"[\s-]+")


def below_thousand(
    language: str, others: Iterable[tuple[str, str]] = (), *, hundred: str = ""
) -> dict[tuple[str, ...], int]:
    """The words of 0 to 999; each pair of `others` is a pattern and what may be said instead.

    With a word for `hundred` that is written behind eleven to nineteen, those up to 1,999 as well.
    """
    plain = {num2words(value, lang=language): value for value in range(1000)}
    if hundred:
        small = [num2words(value, lang=language) for value in range(100)]
        for head in range(11, 20):
            plain[small[head] + hundred] = head * 100
            plain |= {
                small[head] + hundred + small[rest]: head * 100 + rest for rest in range(1, 100)
            }
    found: dict[tuple[str, ...], int] = {}
    patterns = [(regex.compile(pattern), instead) for pattern, instead in others]
    for form, value in plain.items():
        forms = {form}
        for pattern, instead in patterns:
            forms |= {pattern.sub(instead, each) for each in forms}
        for each in forms:
            found.setdefault(tuple(_APART.split(each.strip())), value)
    return found


def places(
    language: str, endings: Mapping[str, Iterable[str]], most: int = 100
) -> dict[tuple[str, ...], int]:
    """The words of the first to the hundredth place, in all their endings.

    `endings` has for the end of a word the ends that may stand in its place.
    """
    found: dict[tuple[str, ...], int] = {}
    for value in range(1, most + 1):
        form = num2words(value, lang=language, to="ordinal").casefold()
        forms = {form}
        for ending, others in endings.items():
            if form.endswith(ending):
                forms |= {form.removesuffix(ending) + other for other in others}
        for each in forms:
            found.setdefault(tuple(_APART.split(each)), value)
    return found
