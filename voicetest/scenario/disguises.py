"""The ways in which a text may stand in another one: escaped, encoded, broken over lines."""

from __future__ import annotations

import html
import re
from array import array
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

__all__ = ["View", "encoded", "views"]

_LAYERS = 3
"""So often a text may have been escaped: a JSON text in a JSON text in a URL."""
_ESCAPE = re.compile(
    r"%[0-7][0-9A-Fa-f]|(?:%[89A-Fa-f][0-9A-Fa-f]){1,60}"
    r"|\\u[Dd][89ABab][0-9A-Fa-f]{2}\\u[Dd][C-Fc-f][0-9A-Fa-f]{2}"
    r"|\\u[0-9A-Fa-f]{4}|\\u\{[0-9A-Fa-f]{1,6}\}|\\U[0-9A-Fa-f]{8}|(?:\\x[0-9A-Fa-f]{2}){1,60}|\\."
    r"|&\#[0-9]{1,7};|&\#[xX][0-9A-Fa-f]{1,6};|&[A-Za-z]{2,31};",
    re.DOTALL,
)
_SIGNS = "%\\&"
"""Without one of these nothing is escaped."""
_BREAK = re.compile(r"[ \t]{0,8}[\r\n]\s*")
_CONTROLS = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
_HIGHEST = 0x10FFFF
_ALIGNMENTS = 3
"""Where in a group of base64 a text may begin."""


@dataclass(frozen=True)
class View:
    """A text as it reads once its escapes are undone, or what else matches `pattern`."""

    text: str
    source: View | None = None
    pattern: re.Pattern[str] = _ESCAPE

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Where a stretch of this text, which is not empty, stands in what all began with."""
        if self.source is None:
            return start, end
        begins, ends = self._places
        return self.source.original(begins[start], ends[end - 1])

    @cached_property
    def _places(self) -> tuple[array[int], array[int]]:
        """Where each sign begins and ends in the source."""
        source = "" if self.source is None else self.source.text
        begins, ends = array("l"), array("l")
        behind = 0
        for found in self.pattern.finditer(source):
            begin, stop = found.span()
            begins.extend(range(behind, begin))
            ends.extend(range(behind + 1, begin + 1))
            for text, width in _pieces(found[0]):
                begins.extend([begin] * len(text))
                ends.extend([begin + width] * len(text))
                begin += width
            behind = stop
        begins.extend(range(behind, len(source)))
        ends.extend(range(behind + 1, len(source) + 1))
        return begins, ends


def views(text: str) -> Iterator[View]:
    """A text, and what it becomes when its escapes are undone or its broken lines joined."""
    view = View(text)
    for _ in range(_LAYERS + 1):
        yield view
        if "\n" in view.text or "\r" in view.text:
            yield View(_BREAK.sub("", view.text), view, _BREAK)
        if not any(sign in view.text for sign in _SIGNS):
            return
        plain = _ESCAPE.sub(_undone, view.text)
        if plain == view.text:
            return
        view = View(plain, view)


def encoded(text: str) -> Iterator[str]:
    """What of a text is seen wherever it is encoded: as hex, or in base64 beside other things."""
    content = text.encode("utf-8", "surrogatepass")
    yield content.hex()
    for before in range(_ALIGNMENTS):
        group = b64encode(b"\0" * before + content).decode()
        found = group[-(-8 * before // 6) : 8 * (before + len(content)) // 6]
        yield found
        yield found.translate({ord("+"): "-", ord("/"): "_"})


def _undone(found: re.Match[str]) -> str:
    pieces = _pieces(found[0])
    return pieces[0][0] if len(pieces) == 1 else "".join(text for text, _ in pieces)


@lru_cache(maxsize=1024)
def _pieces(escape: str) -> tuple[tuple[str, int], ...]:
    """What an escape or a line break stands for, in texts with their widths in the source."""
    return tuple(_read(escape))


def _read(escape: str) -> Iterator[tuple[str, int]]:
    width = len(escape)
    match escape[0], escape[1:2]:
        case "%", _:
            yield from _of_bytes(escape, "%")
        case "\\", "x" if width > len(r"\x"):
            yield from _of_bytes(escape, r"\x")
        case "\\", "u" if width == len(r"\uD800\uDC00") and escape[2] != "{":
            pair = bytes.fromhex(escape[2:6] + escape[8:])
            yield pair.decode("utf-16-be"), width
        case "\\", "u" | "U" if width > len(r"\u"):
            point = int(escape[2:].strip("{}"), 16)
            yield (chr(point) if point <= _HIGHEST else escape), width
        case "\\", sign:
            yield _CONTROLS.get(sign, sign), width
        case "&", _:
            yield html.unescape(escape), width
        case _:
            yield "", width


def _of_bytes(escape: str, mark: str) -> Iterator[tuple[str, int]]:
    """What escaped bytes stand for; those that are no UTF-8 for the signs with their numbers."""
    width = len(mark) + 2
    for sign in bytes.fromhex(escape.replace(mark, "")).decode("utf-8", "surrogateescape"):
        content = sign.encode("utf-8", "surrogateescape")
        yield content.decode("latin-1") if len(content) == 1 else sign, width * len(content)
