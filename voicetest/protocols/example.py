"""JSON messages by example: an example with placeholders says how to write and how to read one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from voicetest.errors import ProtocolError

__all__ = ["Example", "Placeholder", "compact", "parse_object", "placeholder"]

_PLACEHOLDER = re.compile(r"<([a-z_]+)>")
_SHOWN = 60
_HALF = re.compile(r"\\u[dD][89a-fA-F]")
"""Half a character beyond U+FFFF, as JSON escapes it; alone it is no text (RFC 8259 §8.2)."""

Values: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True)
class Placeholder:
    """Stands in an example for a value of that name."""

    name: str


def placeholder(text: str) -> str | None:
    """The name of the placeholder that a text is, such as `<audio>`; None for any other text."""
    found = _PLACEHOLDER.fullmatch(text)
    return found.group(1) if found else None


@dataclass(frozen=True)
class Example:
    """A JSON object in which texts such as `<audio>` stand for values.

    A message is like the example if it has all of its keys, with the same constants; further keys
    do not matter. A list of one entry with a placeholder in it is like every list, and each entry
    that is like it counts. A value of null is none.
    """

    body: Any

    @classmethod
    def of(cls, value: Any) -> Example:
        """The example that a JSON value is."""
        return cls(_with_placeholders(value))

    @property
    def placeholders(self) -> frozenset[str]:
        """The names in it."""
        return frozenset(_names(self.body))

    def fill(self, values: Values) -> Any:
        """The message in which each placeholder has its value; one without a value is null."""
        return _filled(self.body, values)

    def read(self, message: Any) -> list[dict[str, Any]]:
        """The values of each place where the message is like this; empty if it is not."""
        return _read(self.body, message)


def _with_placeholders(value: Any) -> Any:
    match value:
        case str() if (name := placeholder(value)) is not None:
            return Placeholder(name)
        case dict():
            return {key: _with_placeholders(inner) for key, inner in value.items()}
        case list():
            return [_with_placeholders(inner) for inner in value]
        case _:
            return value


def _names(body: Any) -> Iterator[str]:
    match body:
        case Placeholder(name):
            yield name
        case dict():
            for inner in body.values():
                yield from _names(inner)
        case list():
            for inner in body:
                yield from _names(inner)


def _filled(body: Any, values: Values) -> Any:
    match body:
        case Placeholder(name):
            return values.get(name)
        case dict():
            return {key: _filled(inner, values) for key, inner in body.items()}
        case list():
            return [_filled(inner, values) for inner in body]
        case _:
            return body


def _read(body: Any, message: Any) -> list[dict[str, Any]]:
    match body:
        case Placeholder(name):
            return [] if message is None else [{name: message}]
        case dict():
            return _read_object(body, message) if isinstance(message, dict) else []
        case [entry] if any(_names(entry)):
            entries = message if isinstance(message, list) else ()
            return [found for inner in entries for found in _read(entry, inner)]
        case _:
            same = body == message and isinstance(body, bool) == isinstance(message, bool)
            return [{}] if same else []


def _read_object(body: Mapping[str, Any], message: Mapping[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [{}]
    for key, inner in body.items():
        if key not in message:
            return []
        within = _read(inner, message[key])
        found = [before | after for before in found for after in within]
    return found


def compact(message: Any) -> str:
    """A JSON value as it goes over a wire; raises ProtocolError for one nested too deeply."""
    try:
        return json.dumps(message, separators=(",", ":"), ensure_ascii=False)
    except RecursionError:
        raise ProtocolError("the peer sent JSON that is nested too deeply") from None


def parse_object(message: bytes | str) -> dict[str, Any]:
    """The JSON object that a text message is; raises ProtocolError for any other message.

    Half a character in it is a question mark: nothing could write it down.
    """
    if isinstance(message, bytes):
        raise ProtocolError(f"the peer sent {len(message)} bytes where JSON text is expected")
    try:
        value = json.loads(message)
        if _HALF.search(message):
            value = json.loads(compact(value).encode(errors="replace"))
    except (ValueError, RecursionError):
        raise ProtocolError(f"the peer sent text that is no JSON: {_shown(message)}") from None
    if not isinstance(value, dict):
        raise ProtocolError(f"the peer sent JSON that is no object: {_shown(message)}")
    return value


def _shown(message: str) -> str:
    text = message if len(message) <= _SHOWN else message[: _SHOWN - 1] + "…"
    return "'" + "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text) + "'"
