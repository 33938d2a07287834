"""The examples of a protocol map, out of YAML; a placeholder that means nothing is refused."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from voicetest.protocols.example import Example, placeholder
from voicetest.scenario.json_values import json_value
from voicetest.scenario.nodes import position, shown
from voicetest.scenario.refusals import refuse

__all__ = ["Examples", "checked_object", "read_examples"]

BINARY = "binary"


@dataclass(frozen=True)
class Examples:
    """The messages that say one thing; the first is how it is written, all are read."""

    messages: tuple[Example, ...] = ()
    binary: bool = False
    """Whether binary messages say it."""


def read_examples(
    value: object,
    possible: Collection[str] | None,
    needed: Collection[str] = (),
    *,
    may_be_binary: bool = False,
) -> Examples:
    """One example or a list of them; `possible` are the names of placeholders, None for any."""
    if isinstance(value, Examples):
        return value
    if value == BINARY and may_be_binary:
        return Examples(binary=True)
    if isinstance(value, list) and not value:
        raise refuse("this list is empty: write at least one example", at=position(value))
    listed = value if isinstance(value, list) else [value]
    return Examples(tuple(_example(item, possible, needed, may_be_binary) for item in listed))


def _example(
    value: object, possible: Collection[str] | None, needed: Collection[str], may_be_binary: bool
) -> Example:
    if not isinstance(value, dict):
        or_binary = f", or {BINARY}" if may_be_binary else ""
        raise refuse(
            f"expected an example of a message, such as {{type: …}}{or_binary}, found "
            f"{shown(value)}",
            at=position(value),
        )
    if not value:
        raise refuse(
            "an example needs at least one key: every message is like this one", at=position(value)
        )
    found = Example.of(checked_object(value, possible))
    missing = sorted(set(needed) - found.placeholders)
    if missing:
        raise refuse(f"put <{missing[0]}> where it stands in the message", at=position(value))
    return found


def checked_object(value: object, possible: Collection[str] | None) -> dict[str, Any]:
    """A JSON object whose placeholders are all among `possible`; None stands for any."""
    if not isinstance(value, dict):
        raise refuse(
            f"expected a message, such as {{type: …}}, found {shown(value)}", at=position(value)
        )
    found: dict[str, Any] = json_value(value)
    for text in _texts(value):
        name = placeholder(text)
        if name is not None and possible is not None and name not in possible:
            message = f"nothing is known of <{name}> here"
            if not possible:
                raise refuse(f"{message}: this message has no placeholder", at=position(text))
            raise refuse(message, at=position(text), instead_of=(name, possible))
        inside = next((n for n in possible or () if name is None and f"<{n}>" in text), None)
        if inside is not None:
            raise refuse(f"<{inside}> has to be the whole text", at=position(text))
    return found


def _texts(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for inner in value.values():
                yield from _texts(inner)
        case list():
            for inner in value:
                yield from _texts(inner)
