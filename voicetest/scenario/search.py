"""Finds any of many texts in another one, however they are written there, and fast if none is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from voicetest.scenario.disguises import View, views

__all__ = ["Search", "Wanted"]

_GRAM = 5
_STEM = 8
"""So many signs of the beginning are enough where a text was cut off."""
_CUT_OFF = re.compile(r"""\s{0,4}(?:…|\.\.\.|["'`)\]}>]{0,8}\s{0,4}\Z)""")
_WORD = re.compile(r"\w")


@dataclass(frozen=True)
class Wanted:
    """A text that is looked for whatever its case, and what is written in its place."""

    text: str
    instead: str
    whole: bool = False
    """Whether it is found only where it is no part of a longer word."""
    secret: bool = True
    """Whether its beginning is found too, where the text around it was cut off."""


@dataclass(frozen=True)
class Search:
    """Looks for texts of at least `_GRAM` signs.

    Most texts have none of them, and are only looked at in a few places: wherever a text that is
    looked for stands, one of its first pieces of `_GRAM` signs begins at a multiple of `_stride`.
    """

    wanted: tuple[Wanted, ...]

    @classmethod
    def of(cls, wanted: Iterable[Wanted]) -> Search:
        """A search for each text once: as the first that is given of those that read the same."""
        unique: dict[str, Wanted] = {}
        for one in wanted:
            if len(one.text) >= _GRAM:
                unique.setdefault(_folded(one.text), one)
        return cls(tuple(unique.values()))

    def replace(self, text: str) -> str:
        """The text with all that is found replaced."""
        if len(text) < self._shortest:
            return text
        found = [stretch for view in views(text) for stretch in self._stretches(view)]
        if not found:
            return text
        parts: list[str] = []
        behind = 0
        for start, end, instead in _apart(found):
            parts += text[behind:start], instead
            behind = end
        return "".join([*parts, text[behind:]])

    def _stretches(self, view: View) -> Iterator[tuple[int, int, str]]:
        text = _folded(view.text)
        if not self._may_hold(text):
            return
        for one, pattern in self._patterns:
            for found in pattern.finditer(text):
                start, end = found.span()
                if one.secret and not one.whole:
                    end = _reaches(text, start, _folded(one.text))
                if end > start:
                    yield *view.original(start, end), one.instead

    def _may_hold(self, text: str) -> bool:
        grams = (text[at : at + _GRAM] for at in range(0, len(text), self._stride))
        return not self._grams.isdisjoint(grams)

    @cached_property
    def _shortest(self) -> int:
        return min((len(one.text) for one in self.wanted), default=1 << 62)

    @cached_property
    def _stride(self) -> int:
        return min(self._shortest, _STEM) - _GRAM + 1

    @cached_property
    def _grams(self) -> frozenset[str]:
        return frozenset(
            _folded(one.text)[at : at + _GRAM] for one in self.wanted for at in range(self._stride)
        )

    @cached_property
    def _patterns(self) -> tuple[tuple[Wanted, re.Pattern[str]], ...]:
        return tuple((one, _pattern(one)) for one in self.wanted)


def _pattern(one: Wanted) -> re.Pattern[str]:
    """Finds a text, or for a secret that may be cut off where it begins."""
    text = _folded(one.text)
    if one.whole:
        before = r"(?<!\w)" if _WORD.match(text) else ""
        after = r"(?!\w)" if _WORD.match(text[-1]) else ""
        return re.compile(before + re.escape(text) + after)
    return re.compile(re.escape(text[:_STEM] if one.secret else text))


def _reaches(text: str, start: int, wanted: str) -> int:
    """Where a text that begins here ends, if it is all there or was cut off; else `start`."""
    end = start
    for sign in wanted:
        if text[end : end + 1] != sign:
            return end if _CUT_OFF.match(text, end) else start
        end += 1
    return end


def _folded(text: str) -> str:
    """In small letters, with each sign where it was."""
    small = text.lower()
    if len(small) == len(text):
        return small
    return "".join(low if len(low := sign.lower()) == 1 else sign for sign in text)


def _apart(found: list[tuple[int, int, str]]) -> Iterator[tuple[int, int, str]]:
    """Stretches that do not overlap: of two that do, one that is as long as both."""
    stretches = iter(sorted(found, key=lambda stretch: (stretch[0], -stretch[1])))
    start, end, instead = next(stretches)
    for begin, stop, other in stretches:
        if begin >= end:
            yield start, end, instead
            start, end, instead = begin, stop, other
        end = max(end, stop)
    yield start, end, instead
