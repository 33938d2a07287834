"""What is valid in a scenario and hardly meant: warnings at its places, before anyone is called."""

from __future__ import annotations

import re
from collections.abc import Iterator

from voicetest.errors import Problem
from voicetest.scenario.document import Document
from voicetest.scenario.nodes import Mapping, Node, Scalar, Sequence, shown

__all__ = ["doubts"]

_BRACES = re.compile(r"\{\{\s*([A-Za-z_][\w.]*)\s*\}\}")
_SLASHES = re.compile(r"/(?P<inner>.+)/[a-z]{0,3}")
_KEYS = ("api_key", "api_secret", "auth_token", "llm_api_key")
_PLACEHOLDERS = frozenset({"change-me", "simulated"})
_SHORTEST_KEY = 8
_UNFINISHED = frozenset(
    "a an and by dial enter hit is key number of or order pound press push the then to use".split()
)
"""No text ends with one of these, unless a sign of YAML cut it short."""


def doubts(root: Mapping, document: Document) -> Iterator[Problem]:
    """One warning for each doubtful place; `root` is the tree with its variables filled in."""

    def doubt(node: Scalar, message: str) -> Problem:
        return document.problem(node.line, node.column, message)

    for key in ("script", "checks", "user"):
        for text in _texts(root.get(key)):
            braces = _BRACES.search(text)
            if braces:
                name = braces[1][:40]
                message = f"{shown(braces[0])} is no variable and stays as it is: write ${{{name}}}"
                yield doubt(text, message)
    for text in _texts(root.get("script")):
        comment = text.rest.strip()
        words = text.split()
        if comment.startswith("# ") and words and words[-1].lower() in _UNFINISHED:
            message = (
                f"{shown(comment[:40])} is a comment and no part of the text: if it is said, put "
                "all of it in quotes"
            )
            yield doubt(text, message)
    for pattern in _values(root.get("script"), "matches"):
        slashes = _SLASHES.fullmatch(pattern)
        if slashes:
            message = (
                "this looks for the slashes too, which nobody says: leave them out, write "
                f"{shown(slashes['inner'])}; case is ignored"
            )
            yield doubt(pattern, message)
    tags = root.get("tags")
    if isinstance(tags, Scalar) and "," in tags:
        listed = ", ".join(word.strip() for word in tags.split(","))
        yield doubt(tags, f"this is one tag: write [{listed}] for several")
    for name, value in _items(root.get("agent")):
        written = isinstance(value, Scalar) and not value.secret and not value.unresolved
        if name in _KEYS and written and _is_a_key(str(value)):
            message = (
                "a key in a file that others may read: write ${env.NAME}, or leave it out where "
                "the adapter reads it from the environment"
            )
            yield doubt(name, message)
    yield from _unused(document)


def _unused(document: Document) -> Iterator[Problem]:
    """Variables of a matrix that nothing uses: its calls would be alike."""
    written = (name for name, _ in _items(document.root.get("matrix")))
    names = [name for name in written if name not in ("include", "exclude")]
    if not names:
        return
    used = {
        found
        for key, value in document.root.items()
        if key != "matrix"
        for text in _texts(value)
        for found in re.findall(r"(?<!\$)\$\{(\w+)\}", text)
    }
    for name in names:
        if name not in used:
            message = f"nothing here says ${{{name}}}: the calls for its values are all alike"
            yield document.problem(name.line, name.column, message)


def _is_a_key(text: str) -> bool:
    return len(text) >= _SHORTEST_KEY and text not in _PLACEHOLDERS


def _items(node: Node | None) -> list[tuple[Scalar, Node]]:
    if not isinstance(node, Mapping):
        return []
    return [(node.keys_at[key], value) for key, value in node.items()]


def _texts(node: Node | None) -> Iterator[Scalar]:
    """Every text below a node."""
    match node:
        case Scalar():
            yield node
        case Mapping():
            for value in node.values():
                yield from _texts(value)
        case Sequence():
            for item in node:
                yield from _texts(item)
        case _:
            pass


def _values(node: Node | None, wanted: str) -> Iterator[Scalar]:
    """Every text below a node that stands behind a key of that name."""
    match node:
        case Mapping():
            for key, value in node.items():
                if key == wanted and isinstance(value, Scalar):
                    yield value
                else:
                    yield from _values(value, wanted)
        case Sequence():
            for item in node:
                yield from _values(item, wanted)
        case _:
            pass
