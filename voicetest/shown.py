r"""Text of others as it can be shown: nothing in it steers a terminal, a CI server or a reader.

What would steer is written as JSON writes it, `\u001b` for ESC, so that JSON stays JSON.
"""

from __future__ import annotations

import codecs
import json
import re
from typing import Any

__all__ = ["ESCAPING", "shown", "shown_json", "shown_lines"]

ESCAPING = "voicetest.escaping"
"""The error handler of codecs that writes what an encoding does not have in the same way."""

_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_STEERS = re.compile(
    # Control characters; what separates lines beside \n; directions of writing.
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069"
    # What nobody sees: fillers, joints of words, tags; halves of characters and none at all.
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180e\u2060-\u2065\u206a-\u206f\u3164\ufeff\uffa0"
    "\ufff0-\ufffb\ufffe\uffff\ud800-\udfff\U0001d173-\U0001d17a\U000e0000-\U000e00ff"
    "\U000e01f0-\U000e0fff]"
    # Joiners, breaks and variants belong into words of some scripts, and are hidden in others.
    "|(?<![^\x00-\xff\u200c\u200d])[\u200c\u200d]"
    "|(?<![\u0e00-\u109f\u1780-\u17ff])\u200b"
    "|(?<![0-9#*]|[^\x00-\x8f\ufe00-\ufe0f])[\ufe00-\ufe0f]"
    "|(?<![\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff])[\U000e0100-\U000e01ef]"
    # The runner of GitHub Actions takes ##[ for a command wherever it stands, Azure's ##vso[.
    r"|\#(?=\#[A-Za-z]*\[)"
    # Servers that read JUnit XML attach the file that is named behind this.
    r"|\[(?=\[(?i:attachment)\|)"
)
_SUSPECT = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f"
    "\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff"
    "\ud800-\udfff\U0001d173-\U0001d17a\U000e0000-\U000e0fff#[]"
)
"""What may begin one of these: looked for first, because it is found many times as fast."""
_COMMAND = re.compile(r"^([^\S\n]*):(?=:)", re.MULTILINE)
"""The runner of GitHub Actions takes a line for a command after any white space."""


def shown(text: str) -> str:
    """A text on one line."""
    seen = shown_lines(text)
    for char, written in _SHORT.items():
        seen = seen.replace(char, written)
    return seen


def shown_lines(text: str, *, begins_line: bool = True) -> str:
    r"""A text in which only \n and tabs are left of what is no character to be read.

    `begins_line` says whether its first character is the first of a line.
    """
    seen = _SUSPECT.sub(lambda found: _harmless(text, found), text)
    if begins_line:
        return _COMMAND.sub(r"\1\\u003a", seen)
    return _COMMAND.sub(r"\1\\u003a", "." + seen)[1:]


def shown_json(value: Any, indent: int | None = None) -> str:
    """JSON of the same value, which may be printed."""
    return shown_lines(json.dumps(value, indent=indent, ensure_ascii=False))


def _harmless(text: str, found: re.Match[str]) -> str:
    return _escaped(found[0]) if _STEERS.match(text, found.start()) else found[0]


def _escaped(text: str) -> str:
    if text in _SHORT:
        return _SHORT[text]
    units = text.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[n : n + 2].hex()}" for n in range(0, len(units), 2))


def _in_its_place(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return _escaped(error.object[error.start : error.end]), error.end


codecs.register_error(ESCAPING, _in_its_place)
