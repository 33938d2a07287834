"""Replaces `${name}` and `${env.NAME}` in the texts of a document."""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Mapping as AnyMapping
from dataclasses import dataclass
from itertools import islice

from voicetest.errors import Problem, ScenarioError
from voicetest.scenario.document import MAX_PROBLEMS, Document
from voicetest.scenario.masking import Secrets
from voicetest.scenario.nodes import Mapping, Node, Scalar, Sequence, position, shown
from voicetest.scenario.synonyms import suggestion
from voicetest.scenario.written_secrets import doubt_of_length, written_secrets

__all__ = ["NAME", "Expanded", "expand"]

MAX_EXPANDED = 1 << 20
MAX_SUGGESTED = 100

_REFERENCE = re.compile(r"\$\$\{|\$\{([^{}]*)\}|\$\{")
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_ENVIRONMENT = re.compile(r"env\.([A-Za-z_][A-Za-z0-9_]*)")
_RESULT = re.compile(r"result\.[\w.-]+")


@dataclass(frozen=True)
class Expanded:
    """A document's tree with its variables replaced, and what became known on the way.

    `variables` are as they may be shown: with secrets as written. `unset` names the environment
    variables without a value, at each place that needs one.
    """

    root: Mapping
    variables: AnyMapping[str, str]
    secrets: Secrets
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    unset: tuple[Problem, ...]


def expand(
    document: Document,
    overrides: AnyMapping[str, str],
    environment: AnyMapping[str, str],
    case: AnyMapping[str, str] | None = None,
) -> Expanded:
    """Replace every `${…}` of a document; `overrides` replace what its `vars` say.

    The values of a `case`, as written, stand for those of `vars` or beside them.
    An empty environment variable counts as unset.
    """
    expansion = _Expansion(document, environment, case or {})
    written = document.root.get("vars")
    written = written if isinstance(written, Mapping) else Mapping()
    for name in overrides:
        if name not in written and name not in expansion.case:
            known = f"; it defines {', '.join(written)}" if written else ": it has no 'vars'"
            hint = suggestion(name, tuple(islice(written, MAX_SUGGESTED)))
            message = f"--var {name}: this file defines no such variable{hint}"
            expansion.problem(*position(document.root, "vars"), message + known)
    defined = expansion.define(written, overrides)
    entries = (
        (document.root.keys_at[key], defined if node is written else expansion.node(node, key))
        for key, node in document.root.items()
    )
    root = document.root.same_place(list(entries))
    return Expanded(
        root,
        {name: value.as_written() for name, value in expansion.known.items()},
        Secrets.of(
            [*expansion.used, *written_secrets(root, expansion.known)], environment, _filled(root)
        ),
        tuple(expansion.problems),
        (*_spoken_secrets(root, document), *expansion.short.values()),
        tuple(expansion.unset),
    )


def _filled(node: Node) -> Iterator[tuple[str, str]]:
    """The texts with an environment variable in them: with its value, and as written."""
    match node:
        case Scalar():
            if node.secret:
                yield str(node), node.written
        case Mapping():
            for value in node.values():
                yield from _filled(value)
        case Sequence():
            for item in node:
                yield from _filled(item)


class _Expansion:
    """The state of one pass over a tree: what is known, and what was found wrong."""

    def __init__(
        self, document: Document, environment: AnyMapping[str, str], case: AnyMapping[str, str]
    ) -> None:
        self.case = case
        self.known: dict[str, Scalar] = {}
        self.used: set[str] = set()
        self.problems: list[Problem] = []
        self.unset: list[Problem] = []
        self.short: dict[str, Problem] = {}
        """By variable, what is too short to be masked."""
        self._document = document
        self._environment = environment
        self._later: tuple[str, ...] = ()
        self._characters = 0

    def problem(self, line: int, column: int, message: str) -> None:
        """Record something the user has to mend."""
        self.problems.append(self._document.problem(line, column, message))
        if len(self.problems) > MAX_PROBLEMS:
            raise ScenarioError(self.problems)

    def define(self, written: Mapping, overrides: AnyMapping[str, str]) -> Mapping:
        """Set the variables in order, so that each may use those above it; a case's own first."""
        for name in self.case:
            if name not in written:
                self.known[name] = self._of_case(name)
        entries: list[tuple[str, Node]] = []
        for index, (name, node) in enumerate(written.items()):
            self._later = tuple(written)[index:] if index < 100 else ()
            key = written.keys_at[name]
            value = self._value(key, node)
            entries.append((key, value))
            if name in overrides:
                self.known[name] = Scalar(overrides[name])
            elif name in self.case:
                self.known[name] = self._of_case(name)
            elif isinstance(value, Scalar):
                self.known[name] = value
        self._later = ()
        return written.same_place(entries)

    def _of_case(self, name: str) -> Scalar:
        root = self._document.root
        place = position(root, "matrix" if "matrix" in root else "cases")
        return self._scalar(Scalar(self.case[name], *place), "vars")

    def _value(self, key: Scalar, node: Node) -> Node:
        if not NAME.fullmatch(key):
            message = f"{shown(key)} is no variable name: use letters, digits and '_'"
            self.problem(key.line, key.column, message)
        if isinstance(node, Scalar):
            return self._scalar(node, "vars")
        return node

    def node(self, node: Node, section: str) -> Node:
        """A node with all its texts expanded; nesting is bounded by the document."""
        match node:
            case Scalar():
                return self._scalar(node, section)
            case Mapping():
                return node.same_place(
                    [(self._key(node, key), self.node(node[key], section)) for key in node]
                )
            case Sequence():
                items = [self.node(item, section) for item in node]
                return Sequence(items, node.line, node.column, node.flow)

    def _key(self, mapping: Mapping, name: str) -> Scalar:
        key = mapping.keys_at[name]
        if "${" in name:
            self.problem(key.line, key.column, "a key cannot contain '${': only values can")
        return key

    def _scalar(self, scalar: Scalar, section: str) -> Scalar:
        if "${" not in scalar:
            return scalar
        secret = False
        parts: list[str] = []
        end = 0
        for found in _REFERENCE.finditer(scalar):
            value = self._reference(found, scalar, section)
            secret = secret or value.secret
            if value.unresolved:
                return scalar.expanded(scalar, secret=secret or value.secret, unresolved=True)
            parts += scalar[end : found.start()], value
            end = found.end()
            self._characters += len(value)
            if self._characters > MAX_EXPANDED:
                message = "the variables of this file make more than 1 MiB of text"
                place = self._document.problem(scalar.line, scalar.column, message)
                raise ScenarioError([*self.problems, place])
        text = "".join([*parts, scalar[end:]])
        return scalar.expanded(text, secret=secret, unresolved=False)

    def _reference(self, found: re.Match[str], scalar: Scalar, section: str) -> Scalar:
        """What stands for one `${…}`; itself where there is nothing to put."""
        if found[0] == "$${":
            return Scalar("${")
        name = found[1]
        if name is None:
            self._wrong(scalar, "'${' is never closed: write '}', or '$${' for the characters '${'")
        elif name in self.known:
            return self.known[name]
        elif environment := _ENVIRONMENT.fullmatch(name):
            return self._from_environment(environment[1], found[0], scalar)
        elif section == "agent" and _RESULT.fullmatch(name):
            return Scalar(found[0])
        else:
            self._wrong(scalar, self._unknown(name))
        return Scalar(found[0]).expanded(found[0], secret=False, unresolved=True)

    def _wrong(self, scalar: Scalar, message: str) -> None:
        self.problem(scalar.line, scalar.column, message)

    def _unknown(self, name: str) -> str:
        if not NAME.fullmatch(name):
            written = shown("${" + name + "}")
            return f"{written} is no variable: write ${{name}} or ${{env.NAME}}, nothing else"
        if name in self._later:
            return f"'{name[:60]}' is defined further down: a variable can use those above it"
        hint = suggestion(name, tuple(islice(self.known, MAX_SUGGESTED)))
        known = ", ".join(islice(self.known, 10)) or "none"
        return f"unknown variable {shown(name)}{hint or f'; defined: {known}'}"

    def _from_environment(self, name: str, written: str, scalar: Scalar) -> Scalar:
        value = self._environment.get(name)
        if value:
            self.used.add(value)
            doubt = doubt_of_length(name, value)
            if doubt is not None and name not in self.short:
                self.short[name] = self._document.problem(scalar.line, scalar.column, doubt)
            return Scalar(written).expanded(value, secret=True, unresolved=False)
        message = f"the environment variable {name[:100]} is not set"
        self.unset.append(self._document.problem(scalar.line, scalar.column, message))
        return Scalar(written).expanded(written, secret=True, unresolved=True)


def _spoken_secrets(root: Mapping, document: Document) -> Iterator[Problem]:
    """A warning for each step that would say a secret aloud."""
    script = root.get("script")
    for step in script if isinstance(script, Sequence) else ():
        said = step.get("user") if isinstance(step, Mapping) else None
        if isinstance(said, Scalar) and said.secret:
            message = "this text contains an environment variable: it will be spoken and recorded"
            yield document.problem(said.line, said.column, message)
