"""The cases of a scenario: combinations of a matrix, rows of a table, and their names."""

from __future__ import annotations

from pathlib import Path

import pytest

from voicetest.errors import ScenarioError
from voicetest.scenario.case import NAME_LENGTH, case_name
from voicetest.scenario.cases import load_cases
from voicetest.scenario.load import load_case
from voicetest.scenario.matrix import MOST_CASES
from voicetest.scenario.model import UserStep

HEAD = "version: 1\nagent: {adapter: x}\n"


def _file(folder: Path, more: str, say: str = "Hi.", table: str = "") -> Path:
    (folder / "rows.csv").write_text(table, encoding="utf-8")
    path = folder / "call.yaml"
    path.write_text(f"{HEAD}{more}script:\n  - user: {say}\n", encoding="utf-8")
    return path


def _said(path: Path, **variables: str) -> dict[str | None, str]:
    said = {}
    for case in load_cases(path, variables):
        (step,) = load_case(case, variables, {}).scenario.script
        assert isinstance(step, UserStep)
        said[case.name] = step.user
    return said


def _problems(path: Path) -> list[str]:
    with pytest.raises(ScenarioError) as caught:
        load_cases(path)
    return [f"{Path(p.file).name}:{p.line}:{p.column}: {p.message}" for p in caught.value.problems]


def test_a_file_without_a_matrix_is_one_case_without_a_name(tmp_path: Path) -> None:
    assert _said(_file(tmp_path, "")) == {None: "Hi."}


def test_every_combination_is_a_case_in_order(tmp_path: Path) -> None:
    path = _file(tmp_path, "matrix:\n  a: [x, y]\n  b: [1, 2]\n", "${a}${b}")
    assert _said(path) == {
        "a=x, b=1": "x1",
        "a=x, b=2": "x2",
        "a=y, b=1": "y1",
        "a=y, b=2": "y2",
    }


def test_combinations_are_left_out_and_added(tmp_path: Path) -> None:
    matrix = "matrix:\n  a: [x, y]\n  b: [1, 2]\n  exclude: {a: y}\n  include: [{a: z, b: 9}]\n"
    assert list(_said(_file(tmp_path, matrix, "${a}${b}")).values()) == ["x1", "x2", "z9"]


def test_a_value_of_a_matrix_may_use_the_environment_and_shows_none_of_it(tmp_path: Path) -> None:
    path = _file(tmp_path, 'matrix: {key: ["${env.KEY}"]}\n', "${key}")
    (case,) = load_cases(path)
    file = load_case(case, {}, {"KEY": "hunter2-hunter2"})
    assert case.name == "key=${env.KEY}"
    assert file.secrets.mask("say hunter2-hunter2") == "say ***"


def test_a_case_stands_before_the_variables_of_the_file(tmp_path: Path) -> None:
    more = "vars:\n  who: nobody\n  hello: Hello ${who} in ${city}\n"
    more += "matrix: {who: [Ada], city: [Rome]}\n"
    assert _said(_file(tmp_path, more, "${hello}")) == {"who=Ada, city=Rome": "Hello Ada in Rome"}


def test_a_variable_of_the_command_line_narrows_the_matrix_down(tmp_path: Path) -> None:
    path = _file(tmp_path, "matrix: {a: [x, y], b: [1, 2]}\n", "${a}${b}")
    assert list(_said(path, a="x")) == ["a=x, b=1", "a=x, b=2"]
    assert _said(path, a="${q}", b="2") == {"a=$${q}, b=2": "${q}2"}


@pytest.mark.parametrize(
    ("matrix", "found"),
    [
        ("matrix: {a: []}\n", "3:13: this list is empty"),
        ("matrix: {a: [x, x]}\n", "3:17: 'x' stands twice"),
        ("matrix: {}\n", "3:9: a matrix needs a variable"),
        ("matrix: {1a: [x]}\n", "3:10: '1a' is no variable name"),
        ("matrix: {a: [x], exclude: {b: x}}\n", "3:28: the matrix has no variable 'b'"),
        ("matrix: {a: [x], exclude: {a: y}}\n", "3:27: this leaves nothing out"),
        ("matrix: {a: [x], exclude: {a: x}}\n", "3:27: every combination is left out"),
        ("matrix: {a: [x], b: [y], include: [{a: z}]}\n", "3:36: a value for b is missing here"),
        ("matrix: {a: [x], include: [{a: x}]}\n", "3:28: this combination is there already"),
        ("matrix: {a: x, include: []}\n", "3:25: expected a list of"),
        ("matrix: a\n", "3:9: expected a mapping"),
        ("cases: none.csv\n", "3:8: there is no file 'none.csv'"),
        ("matrix: {a: [x]}\ncases: rows.csv\n", "4:8: write 'matrix' or 'cases', not both"),
    ],
)
def test_a_matrix_that_means_nothing_is_refused_at_its_place(
    tmp_path: Path, matrix: str, found: str
) -> None:
    first = _problems(_file(tmp_path, matrix))[0]
    assert first.startswith(f"call.yaml:{found}")


def test_a_matrix_is_bounded(tmp_path: Path) -> None:
    values = ", ".join(map(str, range(MOST_CASES // 2 + 1)))
    path = _file(tmp_path, f"matrix: {{a: [{values}], b: [x, y]}}\n")
    assert "more than 1,000 combinations" in _problems(path)[0]


def test_each_row_of_a_table_is_a_case_named_by_its_column(tmp_path: Path) -> None:
    table = "\ufeffcase,item\r\nlamp,a lamp\r\n\r\nchair,'a, b ${x}'\r\n".replace("'", '"')
    path = _file(tmp_path, "cases: rows.csv\n", "Give me ${item}.", table)
    assert _said(path) == {"lamp": "Give me a lamp.", "chair": "Give me a, b ${x}."}


def test_without_that_column_a_case_is_named_by_its_values(tmp_path: Path) -> None:
    path = _file(tmp_path, "cases: rows.csv\n", "${a}", "a,b\n1,2\n3,4\n")
    assert list(_said(path)) == ["a=1, b=2", "a=3, b=4"]


@pytest.mark.parametrize(
    ("table", "found"),
    [
        ("a,b\n1\n2,3\n4,5,6\n", ["2:1: this row has 1 of 2 columns: a, b", "4:1: this row has 3"]),
        ("", ["0:0: expected a row of variable names"]),
        ("a,b\n", ["0:0: expected a row of variable names"]),
        ("a;b\n1;2\n", ["1:1: the columns are separated by ';'"]),
        ("a,\n1,2\n", ["1:1: column 2 needs a variable name in the first row, found nothing"]),
        ("a,a\n1,2\n", ["1:1: the column 'a' stands twice"]),
        ("case\nx\nx\n", ["3:1: the case 'x' stands twice, first in line 2"]),
        ("case,a\n,1\n", ["2:1: this case has no name"]),
        ('a\n"open\n', ["2:1: this is not CSV"]),
        ("a\n\0\n", ["0:0: this is not a text file"]),
    ],
)
def test_a_table_that_means_nothing_is_refused_at_its_line(
    tmp_path: Path, table: str, found: list[str]
) -> None:
    problems = _problems(_file(tmp_path, "cases: rows.csv\n", table=table))
    assert len(problems) == len(found)
    for problem, start in zip(problems, found, strict=True):
        assert problem.startswith(f"rows.csv:{start}")


def test_a_table_that_is_not_utf_8_says_how_to_save_it(tmp_path: Path) -> None:
    path = _file(tmp_path, "cases: rows.csv\n")
    (tmp_path / "rows.csv").write_bytes(b"a\ngr\xf6\xdfe\n")
    assert "save it as 'CSV UTF-8'" in _problems(path)[0]


def test_a_variable_that_is_no_column_is_told_the_columns(tmp_path: Path) -> None:
    path = _file(tmp_path, "cases: rows.csv\n", "${item}", "itm,b\n1,2\n")
    with pytest.raises(ScenarioError, match="unknown variable 'item' \\(did you mean 'itm'"):
        load_case(load_cases(path)[0], {}, {})


def test_a_long_name_is_cut_and_told_apart() -> None:
    one, other = case_name({"a": "x" * 100 + "1"}), case_name({"a": "x" * 100 + "2"})
    assert len(one) <= NAME_LENGTH
    assert one != other
