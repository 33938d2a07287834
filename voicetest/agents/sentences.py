"""Cuts a text that is still being written into sentences that can be spoken."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, AsyncIterable

__all__ = ["sentences"]

_LONGEST = 240
"""Characters after which a sentence that does not end is cut between two words."""
_END = re.compile(r"[.!?\u2026]+[\"'\u201d\u2019)\]]*\s|[\u3002\uff01\uff1f]|\n")
"""Closing quotes and brackets belong to a sentence; Chinese and Japanese need no space after it."""
_NO_END = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|Prof|St|No|Nr|vs|etc|e\.g|i\.e|a\.m|p\.m|approx)|\b[A-Z]|^\W*\d+)\.\s$"
)
"""A full stop that ends an abbreviation, an initial, or the number of an item in a list."""
_MARKUP = re.compile(r"[*#`]+")
"""What language models write in spite of being asked to speak."""


async def sentences(pieces: AsyncIterable[str]) -> AsyncGenerator[str, None]:
    """Each sentence as soon as its end is known; what holds no letter or digit is left out."""
    waiting = ""
    async for piece in pieces:
        waiting += piece
        while end := _end(waiting):
            if spoken := _spoken(waiting[:end]):
                yield spoken
            waiting = waiting[end:]
    if spoken := _spoken(waiting):
        yield spoken


def _end(text: str) -> int:
    """Where the first sentence ends; 0 if that is not known yet."""
    for found in _END.finditer(text):
        if not _NO_END.search(text[: found.end()]):
            return found.end()
    if len(text) <= _LONGEST:
        return 0
    return text.rfind(" ", 0, _LONGEST) + 1 or _LONGEST


def _spoken(text: str) -> str:
    words = " ".join(_MARKUP.sub("", text).split())
    return words if any(character.isalnum() for character in words) else ""
