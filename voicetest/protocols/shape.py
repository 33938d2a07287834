"""How a message of a peer is named for people, so that messages like it have the same name."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from voicetest.protocols.json_text import read_json

__all__ = ["shape_of"]

_TELLING = ("type", "event", "kind", "op", "action", "method", "label")
"""Keys whose values tell messages apart on most wires, the first ones first."""
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.:/-]{0,39}")
_MOST_KEYS = 6
_SHORT = 24
"""Characters of a text that is named by what it says."""


def shape_of(message: object, telling: Collection[str] = ()) -> str:
    """Such as `{type: ping, id: …}`; `telling` are further keys whose values tell kinds apart.

    Texts that are no JSON are named by what they say if they are short; what holds samples, or is
    an event within this process, by its kind.
    """
    match message:
        case bytes():
            return _of_text(_decoded(message), telling) or "a binary message"
        case str():
            return _of_text(message, telling) or _of_words(message)
        case dict():
            return _of_object(message, telling)
        case _:
            return type(message).__name__


def _decoded(message: bytes) -> str:
    try:
        return message.decode() if message[:1] in (b"{", b"[") else ""
    except UnicodeDecodeError:
        return ""


def _of_text(text: str, telling: Collection[str]) -> str:
    """The shape of JSON; empty for anything else."""
    try:
        value = read_json(text)
    except ValueError:
        return ""
    match value:
        case dict():
            return _of_object(value, telling)
        case list():
            return "a JSON list"
        case _:
            return "a JSON value that is no object"


def _of_words(text: str) -> str:
    if not text.strip():
        return "an empty text"
    seen = text.strip()
    if len(seen) <= _SHORT and seen.isprintable():
        return f"the text '{seen}'"
    return "a text that is no JSON"


def _of_object(value: Mapping[str, Any], telling: Collection[str]) -> str:
    if not value:
        return "{}"
    tells = [key for key in _TELLING if key in value]
    tells += [key for key in value if key in telling]
    keys = list(dict.fromkeys([*tells, *value]))
    shown = [f"{_key(key)}: {_value(value[key], key in tells)}" for key in keys[:_MOST_KEYS]]
    more = ", …" if len(keys) > _MOST_KEYS else ""
    return f"{{{', '.join(shown)}{more}}}"


def _key(key: str) -> str:
    return key if _NAME.fullmatch(key) else "…"


def _value(value: object, tells: bool) -> str:
    if tells and isinstance(value, bool):
        return "true" if value else "false"
    if tells and isinstance(value, str) and _NAME.fullmatch(value):
        return value
    return "…"
