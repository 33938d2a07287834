"""Files of environment variables."""

from __future__ import annotations

from pathlib import Path

import pytest

from voicetest.errors import ScenarioError
from voicetest.suite.env_file import read_env_file


def test_each_form_of_a_line_is_read(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text(
        "\ufeff# keys\n\nA=one\nexport B = two words # said\nC='a # b'\nD=\"x=y\"\nE=\nF=p#q\n"
    )
    assert read_env_file(path) == {
        "A": "one",
        "B": "two words",
        "C": "a # b",
        "D": "x=y",
        "E": "",
        "F": "p#q",
    }


def test_a_line_that_is_none_is_told_without_its_value(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("A=1\nhunter2\nB='open\n")
    with pytest.raises(ScenarioError) as caught:
        read_env_file(path)
    assert str(caught.value) == f"{path}:2:1: expected NAME=value\n{path}:3:1: expected NAME=value"


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="No such file"):
        read_env_file(tmp_path / "none")
