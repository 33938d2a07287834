"""The cases of a scenario as a CSV file: the first row names the variables."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Mapping
from io import StringIO
from pathlib import Path

from voicetest.errors import Problem, ScenarioError
from voicetest.regular_file import open_regular
from voicetest.scenario.matrix import MOST_CASES
from voicetest.scenario.nodes import shown
from voicetest.scenario.variables import NAME

__all__ = ["Row", "read_table"]

MOST_BYTES = 1 << 20

Row = Mapping[str, str]


def read_table(path: Path, shown_as: str) -> list[tuple[int, Row]]:
    """Each row below the first with its line; empty rows are passed over, cells are literal.

    Raises ScenarioError with all that is wrong with the file.
    """
    reader = csv.reader(StringIO(_text(path, shown_as), newline=""), strict=True)
    rows: list[tuple[int, list[str]]] = []
    line = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                rows.append((line, [cell.strip() for cell in cells]))
            line = reader.line_num + 1
    except csv.Error as error:
        raise _error(shown_as, [(reader.line_num, f"this is not CSV: {error}")]) from None
    if len(rows) < 2:
        raise _error(shown_as, [(0, "expected a row of variable names, and rows of values")])
    if len(rows) > MOST_CASES + 1:
        raise _error(shown_as, [(0, f"this table has more than {MOST_CASES:,} rows")])
    (first, names), *others = rows
    problems = _wrong_names(first, names) or _wrong_rows(names, others)
    if problems:
        raise _error(shown_as, problems)
    return [(at, dict(zip(names, cells, strict=True))) for at, cells in others]


def _text(path: Path, shown_as: str) -> str:
    try:
        with open_regular(path) as file:
            data = file.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise _error(shown_as, [(0, "this file is larger than 1 MiB: split it")])
        text = data.removeprefix(codecs.BOM_UTF8).decode("utf-8")
    except OSError as error:
        raise _error(shown_as, [(0, f"this file cannot be read: {error.strerror}")]) from None
    except UnicodeDecodeError:
        message = "this file is not UTF-8: save it as 'CSV UTF-8'"
        raise _error(shown_as, [(0, message)]) from None
    if "\0" in text:
        raise _error(shown_as, [(0, "this is not a text file")])
    return text


def _wrong_names(line: int, names: list[str]) -> list[tuple[int, str]]:
    if len(names) == 1 and ";" in names[0]:
        return [(line, "the columns are separated by ';': save the table with commas")]
    wrong = [
        (line, f"column {column} needs a variable name in the first row, found {shown(name)}")
        for column, name in enumerate(names, start=1)
        if not NAME.fullmatch(name)
    ]
    twice = sorted({name for name in names if names.count(name) > 1})
    return wrong or [(line, f"the column {shown(name)} stands twice") for name in twice]


def _wrong_rows(names: list[str], rows: list[tuple[int, list[str]]]) -> list[tuple[int, str]]:
    return [
        (line, f"this row has {len(cells)} of {len(names)} columns: {', '.join(names)}")
        for line, cells in rows
        if len(cells) != len(names)
    ]


def _error(file: str, problems: list[tuple[int, str]]) -> ScenarioError:
    return ScenarioError(Problem(file, line, min(line, 1), text) for line, text in problems)
