"""What Pydantic found wrong with a tree, as problems of the file in plain words."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from voicetest.errors import Problem
from voicetest.scenario.document import MAX_PROBLEMS, Document
from voicetest.scenario.losses import not_a_text
from voicetest.scenario.nodes import Mapping, Node, Scalar, Sequence, position, shown
from voicetest.scenario.refusals import carried_problems
from voicetest.scenario.synonyms import suggestion

__all__ = ["Place", "find", "translate"]

_EXPECTED = {
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "dict_type": "a mapping, lines of 'key: value'",
    "float_parsing": "a number",
    "float_type": "a number",
    "frozen_set_type": "a list",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "int_parsing_size": "a smaller whole number",
    "int_type": "a whole number",
    "list_type": "a list",
    "mapping_type": "a mapping, lines of 'key: value'",
    "model_attributes_type": "a mapping, lines of 'key: value'",
    "model_type": "a mapping, lines of 'key: value'",
    "set_type": "a list",
    "string_type": "a text",
    "tuple_type": "a list",
    "is_instance_of": "a mapping, lines of 'key: value'",
    "url_parsing": "an address such as wss://host/path",
    "url_type": "an address such as wss://host/path",
}
_INPUT_SHOULD = re.compile(r"^(?:Input|Value|String|List) should (?:be |have )?")
_AFTER_COMMA = re.compile(r"[0-9]+\s*(?:ms|s|m|h|%|dB)?")
_SUCH_AS = re.compile(r"such as ([^,;.\s]+(?:\.[^,;.\s]+)*)")
_LIMITS = {
    "greater_than": ("more than", "gt"),
    "greater_than_equal": ("at least", "ge"),
    "less_than": ("less than", "lt"),
    "less_than_equal": ("at most", "le"),
    "multiple_of": ("a multiple of", "multiple_of"),
}


@dataclass(frozen=True)
class Place:
    """Where a location of an error leads in the tree: the node, its key, and its parent."""

    node: Node
    key: Scalar | None

    @property
    def position(self) -> tuple[int, int]:
        """Line and column of the node."""
        return position(self.node)


def find(root: Node, loc: Iterable[str | int]) -> Place:
    """Follow a location as far as the tree goes; what it does not hold (union tags) is skipped."""
    node: Node = root
    key: Scalar | None = None
    for step in loc:
        if isinstance(node, Mapping) and step in node:
            key, node = node.keys_at[str(step)], node[str(step)]
        elif isinstance(node, Sequence) and isinstance(step, int) and step < len(node):
            key, node = None, node[step]
    return Place(node, key)


def translate(
    error: ValidationError, model: type[BaseModel], root: Node, document: Document
) -> list[Problem]:
    """All problems of a validation, sorted, and no more of them than a person can read."""
    details = [(find(root, detail["loc"]), detail) for detail in error.errors(include_url=False)]
    details.sort(key=lambda item: item[0].position)
    problems: set[Problem] = set()
    parted = dict(_parted_numbers(details, root))
    mismatches: dict[tuple[int, int], tuple[list[str], str]] = {}
    for place, detail in details[:MAX_PROBLEMS]:
        if isinstance(place.node, Scalar) and place.node.unresolved:
            continue
        where = position(place.key) if detail["type"] == "extra_forbidden" else place.position
        if where in parted:
            problems.add(document.problem(*parted[where]))
            continue
        match detail["type"]:
            case "voicetest_carried":
                problems.update(carried_problems(detail["ctx"]))
            case "voicetest_nested":
                inner = detail["ctx"]
                problems.update(translate(inner["error"], inner["model"], inner["node"], document))
            case "voicetest_refused" | "extra_forbidden" | "missing" | "value_error":
                problems.add(document.problem(*_plain_problem(place, detail, model)))
            case _:
                wanted, found = _mismatch(detail, place.node)
                mismatches.setdefault(place.position, ([], found))[0].append(wanted)
    for where, (every, found) in mismatches.items():
        wanted = " or ".join(dict.fromkeys(every))
        problems.add(document.problem(*where, f"expected {wanted}{found}"))
    if len(details) > MAX_PROBLEMS:
        more = details[MAX_PROBLEMS][0].position
        message = f"and {len(details) - MAX_PROBLEMS} problems more"
        problems.add(document.problem(*more, message))
    return sorted(problems)


def _parted_numbers(
    details: Iterable[tuple[Place, Any]], root: Node
) -> Iterator[tuple[tuple[int, int], tuple[int, int, str]]]:
    """Numbers that a comma has parted inside `{…}`, such as 1,5s: both places, and the problem."""
    for place, detail in details:
        key = place.key
        if detail["type"] != "extra_forbidden" or key is None or not key.lacks_colon:
            continue
        parent = find(root, detail["loc"][:-1]).node
        if not isinstance(parent, Mapping) or not _AFTER_COMMA.fullmatch(key):
            continue
        names = list(parent)
        before = parent[names[names.index(str(key)) - 1]]
        if isinstance(before, Scalar) and before.isdecimal():
            message = f"write {before}.{key}: a decimal point, not a comma"
            problem = (before.line, before.column, message)
            yield from ((position(key), problem), (position(before), problem))


def _plain_problem(place: Place, detail: Any, model: type[BaseModel]) -> tuple[int, int, str]:
    """Position and message of an error that is no mismatch of types."""
    match detail["type"]:
        case "voicetest_refused":
            context = detail["ctx"]
            where = context["line"], context["column"]
            message = context["message"]
            if context["word"]:
                message += _instead_of(context["word"], context["names"])
            return *(where if where[0] else place.position), message
        case "extra_forbidden":
            names = _models(model, detail["loc"][:-1])
            return *position(place.key or place.node), _unknown_key(place, detail, names)
        case "missing":
            return *position(place.key or place.node), _missing(detail, model)
        case _:
            return *place.position, str(detail["ctx"]["error"])


def _missing(detail: Any, model: type[BaseModel]) -> str:
    """What is missing, with the example that its description gives."""
    name = str(detail["loc"][-1])
    for candidate in _models(model, detail["loc"][:-1]):
        field = candidate.model_fields.get(name)
        example = _SUCH_AS.search(field.description or "") if field is not None else None
        if example:
            return f"'{name}' is missing here: write '{name}: …', such as {example[1]}"
    return f"'{name}' is missing here"


def _models(model: type[BaseModel], loc: Iterable[str | int]) -> list[type[BaseModel]]:
    """The models that may stand at a location; the tag of a union is the name of its class."""
    models = [model]
    for step in loc:
        named = [candidate for candidate in models if candidate.__name__ == step]
        fields = [
            field
            for candidate in models
            for name, field in candidate.model_fields.items()
            if step in (name, field.alias)
        ]
        if named:
            models = named
        elif fields:
            models = [found for field in fields for found in _models_in(field.annotation)]
    return models


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for part in get_args(annotation) for found in _models_in(part)]


def _unknown_key(place: Place, detail: Any, models: list[type[BaseModel]]) -> str:
    """What to do about a key that no model at its place has."""
    key = str(detail["loc"][-1])
    fields = {field.alias or name: field for m in models for name, field in m.model_fields.items()}
    if place.key is not None and place.key.lacks_colon and place.node == "":
        return f"{shown(key)} stands after a comma: put a text that contains a comma in quotes"
    if key.startswith("-"):
        return "write a space after the '-'"
    if not key.isidentifier():
        return f"unknown key {shown(key)}: if it belongs to a text, put the text in quotes"
    for name, field in fields.items():
        if any(key in inner.model_fields for inner in _models_in(field.annotation)):
            return f"unknown key '{key[:60]}' here: indent it further, it belongs under '{name}:'"
    return f"unknown key {shown(key)}{_instead_of(key, fields)}"


def _instead_of(word: str, names: Collection[str]) -> str:
    return suggestion(word, names) or f"; possible: {', '.join(names)}"


def _mismatch(detail: Any, node: Node) -> tuple[str, str]:
    """What was wanted at a node, and what was found there."""
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == "string_type" and isinstance(node, Mapping | Sequence):
        return not_a_text(node).removeprefix("expected "), ""
    found = f", found {shown(node)}"
    if kind in _EXPECTED:
        return _EXPECTED[kind], found
    if kind in _LIMITS:
        word, name = _LIMITS[kind]
        return f"{word} {context[name]}", found
    if kind == "too_short":
        least = context["min_length"]
        return f"a list with at least {least} {'entry' if least == 1 else 'entries'}", ""
    if kind in ("literal_error", "enum"):
        return str(context["expected"]), found
    return _INPUT_SHOULD.sub("", detail["msg"]), found
