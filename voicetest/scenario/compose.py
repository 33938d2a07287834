"""Builds the tree of a document from YAML events, without recursion and within bounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NoReturn, TypeAlias

import yaml

from voicetest.scenario.losses import TYPOGRAPHIC
from voicetest.scenario.nodes import Mapping, Node, Scalar, Sequence, Style, shown

__all__ = ["MAX_DEPTH", "MAX_NODES", "MAX_PROBLEMS", "Composer", "Refused"]

MAX_DEPTH = 50
MAX_NODES = 20_000
MAX_PROBLEMS = 100
REST_CHARACTERS = 200

_STYLES = {"'": Style.QUOTED, '"': Style.QUOTED, "|": Style.BLOCK, ">": Style.BLOCK}

_Place: TypeAlias = tuple[int, int, str]


class Refused(Exception):
    """Parsing stops here; `problem` is line, column and message."""

    def __init__(self, line: int, column: int, message: str) -> None:
        super().__init__(message)
        self.problem: _Place = (line, column, message)


@dataclass
class _Open:
    """A mapping or list whose end has not come yet."""

    node: Mapping | Sequence
    anchor: _Anchor | None
    nodes_before: int
    height: int = 0
    key: Scalar | None = None


@dataclass
class _Anchor:
    """A node that aliases may repeat: its expanded size and height, and whether one did."""

    node: Node | None
    line: int
    column: int
    nodes: int = 1
    height: int = 0
    used: bool = False


class Composer:
    """Takes the events of one file in order; `problems` collects what does not stop it."""

    def __init__(self, text: str) -> None:
        self.problems: list[_Place] = []
        self._text = text
        self._root: Node | None = None
        self._stack: list[_Open] = []
        self._anchors: dict[str, _Anchor] = {}
        self._all_anchors: list[_Anchor] = []
        self._nodes = 0
        self._documents = 0

    def feed(self, event: Any) -> None:
        """Take the next event."""
        match event:
            case yaml.ScalarEvent():
                self._scalar(event)
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                self._open(event)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self._close()
            case yaml.AliasEvent():
                self._alias(event)
            case yaml.DocumentStartEvent():
                self._documents += 1
                if self._documents > 1:
                    _stop(event.start_mark, "a second document starts here: one file, one call")

    def finish(self) -> Mapping:
        """The root of the tree, after the last event."""
        for anchor in self._all_anchors:
            if not anchor.used:
                message = "put a text that starts with '&' in quotes"
                self._problem(anchor.line, anchor.column, message)
        match self._root:
            case Mapping():
                return self._root
            case None | "":
                raise Refused(1, 1, "this file is empty")
            case Sequence(line=line, column=column):
                raise Refused(
                    line, column, "the file starts with a list: write 'key: value' lines, no '-'"
                )
            case Scalar(line=line, column=column):
                raise Refused(line, column, "expected 'key: value' lines, found only a text")

    def _scalar(self, event: Any) -> None:
        start, end = event.start_mark, event.end_mark
        self._refuse_tag(event)
        stop = self._text.find("\n", end.index, end.index + REST_CHARACTERS)
        rest = self._text[end.index : stop if stop >= 0 else end.index + REST_CHARACTERS]
        scalar = Scalar(
            event.value,
            start.line + 1,
            start.column + 1,
            _STYLES.get(event.style, Style.PLAIN),
            rest.rstrip("\r"),
            bool(self._stack) and self._stack[-1].node.flow,
        )
        self._count(start, 1)
        if event.anchor:
            self._remember(event.anchor, _Anchor(scalar, scalar.line, scalar.column))
        self._place(scalar, start, 0)

    def _open(self, event: Any) -> None:
        start = event.start_mark
        self._refuse_tag(event)
        if len(self._stack) >= MAX_DEPTH:
            _stop(start, f"this is nested more than {MAX_DEPTH} levels deep")
        is_mapping = isinstance(event, yaml.MappingStartEvent)
        if self._stack and self._expects_key():
            _stop(start, f"put a text that starts with '{'{' if is_mapping else '['}' in quotes")
        kind = Mapping if is_mapping else Sequence
        node = kind((), start.line + 1, start.column + 1, bool(event.flow_style))
        anchor = _Anchor(None, node.line, node.column) if event.anchor else None
        if anchor:
            self._remember(event.anchor, anchor)
        self._stack.append(_Open(node, anchor, self._nodes))
        self._count(start, 1)

    def _close(self) -> None:
        opened = self._stack.pop()
        height = opened.height + 1
        if opened.anchor:
            opened.anchor.node = opened.node
            opened.anchor.nodes = self._nodes - opened.nodes_before
            opened.anchor.height = height
        self._place(opened.node, None, height)

    def _alias(self, event: Any) -> None:
        start = event.start_mark
        anchor = self._anchors.get(event.anchor)
        if anchor is None:
            message = "put a text that starts with '*' in quotes"
            self._problem(start.line + 1, start.column + 1, message)
            self._place(Scalar(f"*{event.anchor}", start.line + 1, start.column + 1), start, 0)
            return
        anchor.used = True
        node = anchor.node
        if node is None:
            _stop(start, f"'*{event.anchor}' stands inside what it repeats")
        if len(self._stack) + anchor.height > MAX_DEPTH:
            _stop(start, f"with '*{event.anchor}' this is nested more than {MAX_DEPTH} levels deep")
        self._count(start, anchor.nodes)
        self._place(node, start, anchor.height)

    def _expects_key(self) -> bool:
        top = self._stack[-1]
        return isinstance(top.node, Mapping) and top.key is None

    def _place(self, node: Node, mark: Any, height: int) -> None:
        """Put a complete node where it belongs."""
        if not self._stack:
            self._root = node
            return
        top = self._stack[-1]
        top.height = max(top.height, height)
        if isinstance(top.node, Sequence):
            top.node.append(node)
        elif top.key is not None:
            key, top.key = top.key, None
            self._put(top.node, key, node)
        elif isinstance(node, Scalar):
            top.key = node
        else:
            _stop(mark, "a key must be a text")

    def _put(self, mapping: Mapping, key: Scalar, value: Node) -> None:
        """Add an entry, unless its key says that the file means something else."""
        name = key
        if key == "<<" and key.style is Style.PLAIN:
            message = "'<<' (merging) is not possible here: write the values out"
            self._problem(key.line, key.column, message)
            return
        if key and key[0] in TYPOGRAPHIC and key.style is Style.PLAIN:
            message = "use straight quotes (\" or ') here, not typographic ones"
            self._problem(key.line, key.column, message)
            name = key.renamed(key.strip(TYPOGRAPHIC))
        elif key != key.strip() and key.style is Style.PLAIN:
            message = "a non-breaking space stands here: use ordinary spaces"
            self._problem(key.line, key.column, message)
            name = key.renamed(key.strip())
        if name in mapping:
            first = mapping.keys_at[name].line
            message = f"the key {shown(key)} stands twice, first in line {first}: keep one"
            self._problem(key.line, key.column, message)
            return
        mapping.put(name, value)

    def _refuse_tag(self, event: Any) -> None:
        if event.tag is not None:
            mark = event.start_mark
            message = "put a text that starts with '!' in quotes (YAML tags are not possible)"
            self._problem(mark.line + 1, mark.column + 1, message)

    def _remember(self, name: str, anchor: _Anchor) -> None:
        self._anchors[name] = anchor
        self._all_anchors.append(anchor)

    def _count(self, mark: Any, nodes: int) -> None:
        self._nodes += nodes
        if self._nodes > MAX_NODES:
            _stop(mark, f"this file has more than {MAX_NODES:,} values: split it")

    def _problem(self, line: int, column: int, message: str) -> None:
        if len(self.problems) >= MAX_PROBLEMS:
            raise Refused(line, column, f"{message}; too many problems, stopped here")
        self.problems.append((line, column, message))


def _stop(mark: Any, message: str) -> NoReturn:
    raise Refused(mark.line + 1, mark.column + 1, message)
