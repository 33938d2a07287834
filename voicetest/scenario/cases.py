"""The cases of a scenario file: one per combination of its matrix, or per row of its table."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from pydantic import Field

from voicetest.errors import Problem, ScenarioError
from voicetest.file_name import readable
from voicetest.scenario.case import Case, case_name, short_name
from voicetest.scenario.document import Document
from voicetest.scenario.inherit import load_inherited
from voicetest.scenario.load import problem_at, validate
from voicetest.scenario.matrix import Matrix, combinations
from voicetest.scenario.section import Section
from voicetest.scenario.table import read_table
from voicetest.scenario.values import InputFile

__all__ = ["cases_of", "load_cases"]

NAMING_COLUMN = "case"


class _Variants(Section):
    matrix: Matrix | None = Field(None, description="As in a scenario.")
    cases: InputFile | None = Field(None, description="As in a scenario.")


def load_cases(path: Path, overrides: Mapping[str, str] | None = None) -> list[Case]:
    """The cases of a scenario file; see `cases_of`."""
    return cases_of(load_inherited(path), overrides or {})


def cases_of(document: Document, overrides: Mapping[str, str]) -> list[Case]:
    """One case without a name, or one per combination or row; `overrides` narrow them down.

    Raises ScenarioError for what is wrong with the matrix or the table.
    """
    root = document.root
    entries = [(root.keys_at[key], root[key]) for key in ("matrix", "cases") if key in root]
    if not entries:
        return [Case(document)]
    if len(entries) == 2:
        raise ScenarioError([problem_at(document, "write 'matrix' or 'cases', not both", "cases")])
    variants = validate(_Variants, root.same_place(entries), document)
    if variants is None:
        raise ScenarioError(
            [problem_at(document, "this cannot depend on a variable", entries[0][0])]
        )
    if variants.matrix is not None:
        named = _of_matrix(document, variants.matrix, overrides)
    elif variants.cases is not None:
        named = _of_table(document, variants.cases, overrides)
    return [Case(document, name, values) for name, values in named.items()]


def _of_matrix(
    document: Document, matrix: Matrix, overrides: Mapping[str, str]
) -> dict[str, Mapping[str, str]]:
    every, wrong = combinations(matrix)
    if wrong:
        raise ScenarioError(
            problem_at(document, message, "matrix", key, index) for key, index, message in wrong
        )
    narrowed = [_overridden(values, overrides) for values in every]
    return {case_name(values): values for values in narrowed}


def _of_table(
    document: Document, path: Path, overrides: Mapping[str, str]
) -> dict[str, Mapping[str, str]]:
    """The rows by name: that in the column `case` if there is one, else by all their values."""
    shown = readable(os.path.relpath(path) if path.is_relative_to(Path.cwd()) else path)
    named: dict[str, Mapping[str, str]] = {}
    lines: dict[str, int] = {}
    problems: list[Problem] = []
    for line, row in read_table(path, shown):
        name = short_name(row[NAMING_COLUMN]) if NAMING_COLUMN in row else case_name(row)
        if not name:
            problems.append(Problem(shown, line, 1, "this case has no name"))
        elif name in lines:
            message = f"the case '{name}' stands twice, first in line {lines[name]}"
            problems.append(Problem(shown, line, 1, message))
        lines[name] = line
        literal = {key: value.replace("${", "$${") for key, value in row.items()}
        named[name] = _overridden(literal, overrides)
    if problems:
        raise ScenarioError(problems)
    return named


def _overridden(values: Mapping[str, str], overrides: Mapping[str, str]) -> dict[str, str]:
    return {
        name: overrides[name].replace("${", "$${") if name in overrides else str(value)
        for name, value in values.items()
    }
