"""Finds what YAML silently took away from a text, so that nobody's words get lost."""

from __future__ import annotations

import re

from voicetest.scenario.nodes import Mapping, Scalar, Sequence, Style

__all__ = ["TYPOGRAPHIC", "lost", "not_a_text"]

# “ ” „ ‟ « » and the single ones, as escapes: some look like ASCII characters.
TYPOGRAPHIC = "\u201c\u201d\u201e\u201f\u00ab\u00bb\u2018\u2019\u201a\u201b\u2039\u203a"

_COMMENT = re.compile(r"(\s+)#\S")
_OPENING = "“„‟«"
_CLOSING = "”“»"


def lost(text: str) -> tuple[str, tuple[int, int]] | None:
    """What YAML made of a text against its writer's intention: message and position."""
    if not isinstance(text, Scalar) or text.style is Style.QUOTED:
        return None
    place = text.line, text.column
    if text.style is Style.BLOCK:
        if text:
            return None
        return "put a text that starts with '>' or '|' in quotes; here no text follows", place
    comment = _COMMENT.match(text.rest)
    if comment:
        return "' #' starts a comment: put the text in quotes", place
    if _in_typographic_quotes(text.written):
        return "use straight quotes (\" or ') around a text, not typographic ones", place
    return None


def _in_typographic_quotes(text: str) -> bool:
    """Whether typographic quotes seem to delimit a text, or to lose an end of it."""
    if len(text) < 2:
        return False
    first, last = text[0], text[-1]
    if first in TYPOGRAPHIC and last in TYPOGRAPHIC + "\"'":
        return True
    if first in _OPENING:
        return not any(c in _CLOSING + '"' for c in text[1:])
    return last in _CLOSING and not any(c in _OPENING + '"' for c in text[:-1])


def not_a_text(node: Mapping | Sequence) -> str:
    """What to say where a text is wanted and YAML made something else of it."""
    if isinstance(node, Mapping):
        key = next(iter(node), "")
        if node.flow:
            return "expected a text, found '{…}' or 'key: value': put the text in quotes"
        return f"expected a text: if '{key[:40]}: ' belongs to it, put the text in quotes"
    if node.flow:
        return "expected a text, found a list: put a text that starts with '[' in quotes"
    return "expected one text, found a list"
