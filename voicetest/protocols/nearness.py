"""Which example of a protocol map a message was meant for that fits none, and what is amiss."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from voicetest.protocols.example import Example, Placeholder

__all__ = ["amiss", "constants", "written"]

_MOST = 3
"""How many things that are amiss are told of one message."""


def written(body: Any) -> str:
    """An example as a map has it: `{type: audio, data: <audio>}`."""
    match body:
        case Placeholder(name):
            return f"<{name}>"
        case bool():
            return "true" if body else "false"
        case None:
            return "null"
        case dict():
            return "{" + ", ".join(f"{key}: {written(inner)}" for key, inner in body.items()) + "}"
        case list():
            return "[" + ", ".join(written(inner) for inner in body) + "]"
        case _:
            return str(body)


def constants(body: Any) -> frozenset[str]:
    """The keys of an object whose values say what kind of message it is."""
    if not isinstance(body, dict):
        return frozenset()
    return frozenset(key for key, value in body.items() if isinstance(value, str | bool))


def amiss(
    named: Iterable[tuple[str, Example]], message: Mapping[str, Any]
) -> tuple[str, Example, str] | None:
    """The name and the example that a message is nearest to, and what is amiss with it.

    None where it has no constant of any example: it was meant for something else.
    """
    rated = [(_alike(example.body, message), name, example) for name, example in named]
    best = max(rated, key=lambda one: one[0], default=None)
    if best is None or not best[0]:
        return None
    _, name, example = best
    faults = list(_faults(example.body, message, ""))
    return name, example, _joined(faults) if faults else "it is not like it"


def _alike(body: Any, message: Any) -> int:
    """How many constants of an example a message has in their place."""
    match body:
        case dict() if isinstance(message, dict):
            return sum(_alike(inner, message.get(key)) for key, inner in body.items())
        case list() if isinstance(message, list):
            return sum(_alike(one, other) for one, other in zip(body, message, strict=False))
        case str() | int() | float():
            return int(body == message and isinstance(body, bool) == isinstance(message, bool))
        case _:
            return 0


def _faults(body: Any, message: Any, place: str) -> Iterator[str]:
    match body:
        case Placeholder():
            if message is None:
                yield f"'{place}' is null there"
        case dict() if not isinstance(message, dict):
            yield f"'{place}' is no object there"
        case dict():
            yield from _faults_of_object(body, message, place)
        case list() if not isinstance(message, list):
            yield f"'{place}' is no list there"
        case [entry, *_] if message:
            yield from _faults(entry, message[0], f"{place}[0]")
        case list():
            yield f"'{place}' is empty there"
        case _ if body != message:
            yield f"'{place}' is not {written(body)} there"
        case _:
            return


def _faults_of_object(
    body: Mapping[str, Any], message: Mapping[str, Any], place: str
) -> Iterator[str]:
    missing = [key for key in body if key not in message]
    further = [key for key in message if key not in body and key.isprintable() and len(key) < 40]
    has = f", it has {_listed(further[:_MOST])}" if further else ""
    for key in missing:
        yield f"'{_at(place, key)}' is missing there{has}"
    for key in body.keys() & message.keys():
        yield from _faults(body[key], message[key], _at(place, key))


def _at(place: str, key: str) -> str:
    return f"{place}.{key}" if place else key


def _listed(keys: list[str]) -> str:
    return " and ".join(f"'{key}'" for key in keys)


def _joined(faults: list[str]) -> str:
    return "; ".join(faults[:_MOST])
