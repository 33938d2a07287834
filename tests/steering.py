"""A text of the far side that would steer whatever shows it, and a look for what it left."""

from __future__ import annotations

import json
import re
import unicodedata

__all__ = ["MARKER", "found_in", "steers"]

MARKER = (
    "mark\x1b[1m\x9b\x07\r\n::error::one\r::warning::two\u2028::notice::three\x85\x0b\x0c"
    " ##[group]four [[ATTACHMENT|five]] \u202esix\u2066\u200f\u200b\ufeff\U000e0041 \ud83d \uffff"
    " <b>seven</b></script>|`eight`| @nine https://ten.example ![x](y) $z$ kram"
)
_COMMAND = re.compile(r"^\s*::|##[A-Za-z]*\[|\[\[ATTACHMENT\|five", re.IGNORECASE | re.MULTILINE)
_READ = frozenset("\n\t")


def found_in(text: str) -> int:
    """How many times the text of the far side is told, from its beginning to its end."""
    return min(text.count("mark"), text.count("kram"))


def steers(text: str, *, own: re.Pattern[str] | None = None) -> list[str]:
    """What in a text steers; `own` is what voicetest itself is to say."""
    rest = text if own is None else own.sub("", text)
    characters = {
        json.dumps(char)
        for char in rest
        if char not in _READ and unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp", "Cn")
    }
    return sorted(characters | set(_COMMAND.findall(rest)))
