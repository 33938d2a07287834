"""The tree of a YAML file: texts, mappings and lists that know where they stand."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import Any, TypeAlias

__all__ = [
    "LINES",
    "Mapping",
    "Node",
    "Scalar",
    "Sequence",
    "Style",
    "as_json",
    "as_mapping",
    "position",
    "shown",
]

SHOWN_CHARACTERS = 60
LINES = 1 << 21
"""More lines than any file has: where those of the next file of a document begin."""


class Style(Enum):
    """How a text is written in the file."""

    PLAIN = "plain"
    QUOTED = "quoted"
    BLOCK = "block"


class Scalar(str):
    """A text exactly as the file says it; lines and columns count from 1.

    `rest` is what follows it on its line, `flow` whether it stands inside `[…]` or `{…}`.
    `written` is the text before `${…}` was replaced; `secret` says that an environment variable
    went into it, `unresolved` that a `${…}` in it has no value.
    """

    __slots__ = ("column", "flow", "line", "rest", "secret", "style", "unresolved", "written")

    line: int
    column: int
    style: Style
    rest: str
    flow: bool
    written: str
    secret: bool
    unresolved: bool

    def __new__(
        cls,
        text: str,
        line: int = 0,
        column: int = 0,
        style: Style = Style.PLAIN,
        rest: str = "",
        flow: bool = False,
    ) -> Scalar:
        scalar = super().__new__(cls, text)
        scalar.line = line
        scalar.column = column
        scalar.style = style
        scalar.rest = rest
        scalar.flow = flow
        scalar.written = text
        scalar.secret = False
        scalar.unresolved = False
        return scalar

    def __repr__(self) -> str:
        return repr(self.as_written())

    @property
    def lacks_colon(self) -> bool:
        """Whether this key of a `{…}` stands there without the `:` that gives it a value."""
        return self.flow and not self.rest.lstrip().startswith(":")

    def as_written(self) -> str:
        """The text for people: `${…}` stays where a secret would show."""
        return self.written if self.secret else str(self)

    def renamed(self, text: str) -> Scalar:
        """Another text at the same place in the file."""
        return Scalar(text, self.line, self.column, self.style, self.rest, self.flow)

    def expanded(self, text: str, *, secret: bool, unresolved: bool) -> Scalar:
        """The same place in the file with its `${…}` replaced."""
        scalar = self.renamed(text)
        scalar.written = self.written
        scalar.secret = secret
        scalar.unresolved = unresolved
        return scalar


class Mapping(dict[str, "Node"]):
    """A mapping of the file; its keys are Scalars, so each knows its own place."""

    __slots__ = ("column", "flow", "keys_at", "line")

    def __init__(
        self,
        items: Iterable[tuple[str, Node]] = (),
        line: int = 0,
        column: int = 0,
        flow: bool = False,
    ) -> None:
        super().__init__()
        self.line = line
        self.column = column
        self.flow = flow
        self.keys_at: dict[str, Scalar] = {}
        for key, value in items:
            self.put(key if isinstance(key, Scalar) else Scalar(key), value)

    def put(self, key: Scalar, value: Node) -> None:
        """Add an entry under a key that knows its place."""
        self[key] = value
        self.keys_at[key] = key

    def same_place(self, items: Iterable[tuple[str, Node]]) -> Mapping:
        """A mapping with other entries at this place."""
        return Mapping(items, self.line, self.column, self.flow)

    def without(self, *names: str) -> Mapping:
        """A copy that lacks some keys."""
        return self.same_place(
            (self.keys_at[key], value) for key, value in self.items() if key not in names
        )

    def __reduce__(self) -> tuple[Any, ...]:
        items = [(self.keys_at[key], value) for key, value in self.items()]
        return (Mapping, (items, self.line, self.column, self.flow))


class Sequence(list["Node"]):
    """A list of the file."""

    __slots__ = ("column", "flow", "line")

    def __init__(
        self, items: Iterable[Node] = (), line: int = 0, column: int = 0, flow: bool = False
    ) -> None:
        super().__init__(items)
        self.line = line
        self.column = column
        self.flow = flow

    def __reduce__(self) -> tuple[Any, ...]:
        return (Sequence, (list(self), self.line, self.column, self.flow))


Node: TypeAlias = Scalar | Mapping | Sequence


def position(node: object, key: object = None) -> tuple[int, int]:
    """Line and column of a node, or of one of its keys; (0, 0) for a value made in Python."""
    if isinstance(node, Mapping) and isinstance(key, str) and key in node.keys_at:
        return position(node.keys_at[key])
    if isinstance(node, Scalar | Mapping | Sequence):
        return node.line, node.column
    return 0, 0


def shown(value: object) -> str:
    """A short quotation of a value for an error message, safe to print on one line."""
    match value:
        case Mapping() | dict():
            return "a mapping"
        case Sequence() | list() | tuple():
            return "a list"
        case "":
            return "nothing"
    text = value.as_written() if isinstance(value, Scalar) else str(value)
    text = " ".join(text[: 4 * SHOWN_CHARACTERS].split())
    if len(text) > SHOWN_CHARACTERS:
        text = text[: SHOWN_CHARACTERS - 1] + "…"
    return "'" + "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text) + "'"


def as_json(node: Node) -> Any:
    """A node as plain texts, dicts and lists, with secrets as they are written in the file."""
    match node:
        case Scalar():
            return node.as_written()
        case Mapping():
            return {str(key): as_json(value) for key, value in node.items()}
        case Sequence():
            return [as_json(value) for value in node]


def as_mapping(value: dict[str, Any]) -> Mapping:
    """A mapping made in Python, which stands nowhere in a file, as a node."""
    return Mapping((key, _as_node(item)) for key, item in value.items())


def _as_node(value: Any) -> Node:
    match value:
        case Scalar() | Mapping() | Sequence():
            return value
        case dict():
            return as_mapping(value)
        case list() | tuple():
            return Sequence(_as_node(item) for item in value)
        case _:
            return Scalar(str(value))
