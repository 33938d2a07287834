"""A scenario file laid over the files that it extends."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from voicetest.errors import Problem, ScenarioError
from voicetest.regular_file import is_regular
from voicetest.scenario.document import Document, load_document
from voicetest.scenario.nodes import LINES, Mapping, Node, Scalar, Sequence, position, shown

__all__ = ["MOST_FILES", "load_inherited"]

MOST_FILES = 20


def load_inherited(path: Path, name: str | None = None) -> Document:
    """Load a YAML file and what it extends: mappings are merged, the rest is replaced.

    Raises ScenarioError with the problems of the first file that cannot be read, or at an
    `extends` that leads nowhere or back.
    """
    document = load_document(path, name)
    below = tuple(_extended(document))
    if not below:
        return document
    root = document.root
    for index, parent in enumerate(below, start=1):
        root = _merged(_moved_mapping(parent.root.without("extends"), index * LINES), root)
    problems = [problem for file in (document, *below) for problem in file.problems]
    return replace(document, root=root, problems=tuple(problems), extends=below)


def _extended(document: Document) -> Iterator[Document]:
    """The files a document extends, nearest first."""
    seen = [document.path.resolve()]
    while (written := document.root.get("extends")) is not None:
        if not isinstance(written, Scalar) or not written.strip():
            raise _problem(document, written, f"expected a file, found {shown(written)}")
        if "${" in written:
            raise _problem(document, written, "the file to extend cannot depend on a variable")
        path = document.path.parent / written
        if not is_regular(path):
            message = f"there is no file {shown(written)} (looked in {document.path.parent})"
            raise _problem(document, written, message)
        if path.resolve() in seen:
            raise _problem(document, written, _circle(seen, path.resolve()))
        if len(seen) >= MOST_FILES:
            raise _problem(document, written, f"more than {MOST_FILES} files extend one another")
        seen.append(path.resolve())
        document = load_document(path, os.path.normpath(Path(document.shown).parent / written))
        yield document


def _circle(seen: list[Path], again: Path) -> str:
    names = [path.name for path in seen[seen.index(again) :]]
    return f"these files extend one another in a circle: {' → '.join([*names, again.name])}"


def _problem(document: Document, node: Node, message: str) -> ScenarioError:
    return ScenarioError([Problem(document.shown, *position(node), message)])


def _moved(node: Node, lines: int) -> Node:
    """A node whose lines are those of another file of the document."""
    match node:
        case Scalar():
            line = node.line + lines
            return Scalar(node, line, node.column, node.style, node.rest, node.flow)
        case Sequence():
            items = (_moved(item, lines) for item in node)
            return Sequence(items, node.line + lines, node.column, node.flow)
        case Mapping():
            return _moved_mapping(node, lines)


def _moved_mapping(node: Mapping, lines: int) -> Mapping:
    items = (
        (_moved_key(node.keys_at[key], lines), _moved(value, lines)) for key, value in node.items()
    )
    return Mapping(items, node.line + lines, node.column, node.flow)


def _moved_key(key: Scalar, lines: int) -> Scalar:
    return Scalar(key, key.line + lines, key.column, key.style, key.rest, key.flow)


def _merged(below: Mapping, above: Mapping) -> Mapping:
    """The entries of both in the order of `below`; where both have one, that of `above`."""
    merged = above.same_place(())
    for key, under in below.items():
        over = above.get(key, under)
        if isinstance(under, Mapping) and isinstance(over, Mapping) and over is not under:
            over = _merged(under, over)
        merged.put(above.keys_at.get(key, below.keys_at[key]), over)
    for key, over in above.items():
        if key not in merged:
            merged.put(above.keys_at[key], over)
    return merged
