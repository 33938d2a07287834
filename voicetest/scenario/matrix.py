"""The matrix of a scenario: lists of values, of which every combination is run."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from math import prod
from typing import Annotated

from pydantic import BeforeValidator, ConfigDict, Field, ValidationInfo, model_validator
from pydantic.json_schema import SkipJsonSchema

from voicetest.scenario import nodes
from voicetest.scenario.nodes import Scalar, shown
from voicetest.scenario.refusals import complain, refuse
from voicetest.scenario.section import Section
from voicetest.scenario.synonyms import suggestion
from voicetest.scenario.values import Text, TextList
from voicetest.scenario.variables import NAME

__all__ = ["MOST_CASES", "Matrix", "combinations"]

MOST_CASES = 1000


def _entries(value: object) -> object:
    """A list of mappings; one alone may stand without the list."""
    if isinstance(value, dict):
        return (value,)
    if not isinstance(value, list | tuple) or not value:
        raise refuse(f"expected a list of '{{name: value}}', found {shown(value)}")
    return value


Entries = Annotated[
    tuple[dict[str, Text], ...],
    BeforeValidator(_entries, json_schema_input_type=tuple[dict[str, Text], ...]),
]


class Matrix(Section):
    """Lists of values for variables; the scenario is run once for every combination."""

    model_config = ConfigDict(
        json_schema_extra={
            "additionalProperties": {
                "anyOf": [
                    {"type": ["string", "number", "boolean"]},
                    {"type": "array", "items": {"type": ["string", "number", "boolean"]}},
                ]
            }
        }
    )

    include: Entries = Field((), description="Further combinations: a value for every variable.")
    exclude: Entries = Field((), description="Combinations to leave out; some values are enough.")
    axes: SkipJsonSchema[dict[str, TextList]] = Field(description="The values of each variable.")

    @model_validator(mode="before")
    @classmethod
    def _split(cls, value: object, info: ValidationInfo) -> object:
        if not isinstance(value, dict):
            return value
        node = value if isinstance(value, nodes.Mapping) else nodes.as_mapping(value)
        axes = node.without("include", "exclude")
        if not axes:
            raise refuse("a matrix needs a variable with its values, such as 'city: [Rome, Oslo]'")
        for name in axes:
            _check_axis(node, name, info)
        if prod(len(values) for values in axes.values() if isinstance(values, list)) > MOST_CASES:
            raise refuse(f"this matrix has more than {MOST_CASES:,} combinations")
        for key in ("include", "exclude"):
            _check_names(node.get(key), axes, info)
        return {"axes": axes} | {key: node[key] for key in ("include", "exclude") if key in node}


def _check_axis(node: nodes.Mapping, name: str, info: ValidationInfo) -> None:
    if not NAME.fullmatch(name):
        message = f"{shown(name)} is no variable name: use letters, digits and '_'"
        complain(info, node, message, name)
    values = node[name]
    if isinstance(values, nodes.Sequence):
        texts = [value for value in values if isinstance(value, Scalar)]
        for index, value in enumerate(texts):
            if value in texts[:index]:
                complain(info, value, f"{shown(value)} stands twice: keep one")


def _check_names(entries: object, axes: nodes.Mapping, info: ValidationInfo) -> None:
    for entry in entries if isinstance(entries, list) else [entries]:
        for name in entry if isinstance(entry, nodes.Mapping) else ():
            if name not in axes:
                hint = suggestion(name, tuple(axes)) or f"; there is: {', '.join(axes)}"
                complain(info, entry, f"the matrix has no variable {shown(name)}{hint}", name)


def combinations(matrix: Matrix) -> tuple[list[Mapping[str, str]], list[tuple[str, int, str]]]:
    """The values of every run, and what is wrong: the key, the index in it, and a message."""
    problems: list[tuple[str, int, str]] = []
    names = tuple(matrix.axes)
    every = [dict(zip(names, values, strict=True)) for values in product(*matrix.axes.values())]
    for index, entry in enumerate(matrix.exclude):
        kept = [values for values in every if not entry.items() <= values.items()]
        if len(kept) == len(every):
            problems.append(("exclude", index, "this leaves nothing out"))
        every = kept
    for index, entry in enumerate(matrix.include):
        lacking = [name for name in names if name not in entry]
        if lacking:
            problems.append(("include", index, f"a value for {_list(lacking)} is missing here"))
        elif entry in every:
            problems.append(("include", index, "this combination is there already"))
        else:
            every.append({name: entry[name] for name in names})
    if not every and not problems:
        problems.append(("exclude", 0, "every combination is left out"))
    return [*every], problems


def _list(names: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
