"""JSON messages by example: an example with placeholders says how to write and how to read one."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from voicetest.errors import ProtocolError
from voicetest.protocols.json_text import read_json

__all__ = [
    "Example",
    "Placeholder",
    "compact",
    "json_or_text",
    "object_in",
    "parse_object",
    "placeholder",
    "quoted",
]

_PLACEHOLDER = re.compile(r"<([A-Za-z][A-Za-z0-9_-]*)>")
_SHOWN = 60
_MOST_PLACES = 10_000
"""In how many ways one message may be like one example; several lists in it multiply."""
_DEEPEST = 100
"""How many objects and lists a message may have one in another."""

_COMPACT = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)

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
    that is like it counts; any other list is like one of as many entries, each like its own. A
    value of null is none.
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
            there = isinstance(message, dict) and body.keys() <= message.keys()
            return _read_all((inner, message[key]) for key, inner in body.items()) if there else []
        case [entry] if any(_names(entry)):
            entries = message if isinstance(message, list) else ()
            return [found for inner in entries for found in _read(entry, inner)]
        case list():
            there = isinstance(message, list) and len(body) == len(message)
            return _read_all(zip(body, message, strict=True)) if there else []
        case _:
            same = body == message and isinstance(body, bool) == isinstance(message, bool)
            return [{}] if same else []


def _read_all(pairs: Iterable[tuple[Any, Any]]) -> list[dict[str, Any]]:
    """The values of all parts together: of each of them, where one has several places."""
    found: list[dict[str, Any]] = [{}]
    for body, message in pairs:
        within = _read(body, message)
        if not within:
            return []
        if len(found) * len(within) > _MOST_PLACES:
            raise ProtocolError(f"the peer sent lists that are alike in over {_MOST_PLACES} ways")
        found = [before | after for before in found for after in within]
    return found


def compact(message: Any) -> str:
    """A JSON value as it goes over a wire."""
    return _COMPACT.encode(message)


def json_or_text(text: str) -> Any:
    """The value that a JSON text stands for; another text stands for itself."""
    try:
        return read_json(text)
    except ValueError:
        return text


def parse_object(message: bytes | str) -> dict[str, Any]:
    """The JSON object that a message is, which some send in binary frames.

    Raises ProtocolError for any other message. What Python reads but JSON cannot say is put right:
    a number such as NaN is null, and half of a character is U+FFFD.
    """
    text = message if isinstance(message, str) else _text_of(message)
    try:
        value = read_json(text, _NUMBERS.decode)
    except ValueError:
        if isinstance(message, bytes):
            raise _no_text(message) from None
        raise ProtocolError(f"the peer sent text that is no JSON: {quoted(text)}") from None
    if not isinstance(value, dict):
        raise ProtocolError(f"the peer sent JSON that is no object: {quoted(text)}")
    return value if _is_proper(text) else dict(_proper(value))


def object_in(data: bytes) -> dict[str, Any] | None:
    """The JSON object that a binary message is, where it might be samples as well; else None."""
    trimmed = data.strip()
    if not trimmed.startswith(b"{") or not trimmed.endswith(b"}"):
        return None
    try:
        return parse_object(trimmed)
    except ProtocolError:
        return None


def _text_of(message: bytes) -> str:
    try:
        return message.decode()
    except UnicodeDecodeError:
        raise _no_text(message) from None


def _no_text(message: bytes) -> ProtocolError:
    return ProtocolError(f"the peer sent {len(message)} bytes where JSON text is expected")


def _finite(number: str) -> float | None:
    value = float(number)
    return value if math.isfinite(value) else None


_NUMBERS = json.JSONDecoder(parse_float=_finite, parse_constant=lambda name: None)
"""Reads a number that JSON cannot say as null."""


def _is_proper(text: str) -> bool:
    """Whether it is sure without a look at each value that what a text says can be written."""
    plain = text.isascii() and "\\u" not in text
    return plain and text.count("{") + text.count("[") <= _DEEPEST


def _proper(value: Any, depth: int = 0) -> Any:
    """The value as it can be written again; raises ProtocolError for one that is too deep."""
    match value:
        case dict() | list() if depth >= _DEEPEST:
            raise ProtocolError(f"the peer sent JSON with more than {_DEEPEST} levels")
        case str() if not value.isascii():
            return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        case float() if not math.isfinite(value):
            return None
        case dict():
            return {_proper(key): _proper(inner, depth + 1) for key, inner in value.items()}
        case list():
            return [_proper(inner, depth + 1) for inner in value]
        case _:
            return value


def quoted(message: str) -> str:
    """The beginning of what a peer sent, safe to print on one line."""
    text = message if len(message) <= _SHOWN else message[: _SHOWN - 1] + "…"
    return "'" + "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text) + "'"
