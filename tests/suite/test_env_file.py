"""Files of environment variables."""

from __future__ import annotations

import os
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


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"A=1\nB=a\0b\n", ":2:1: a value cannot hold a null byte"),
        (b"A='1' 2\n", ":1:1: expected NAME=value"),
        (b'A="1\n', ":1:1: expected NAME=value"),
        (b"A=\xff\n", "is not UTF-8"),
        (b"#" * (1 << 20) + b"\n", "larger than 1 MiB"),
    ],
)
def test_what_cannot_be_a_variable_is_told(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / ".env"
    path.write_bytes(content)
    with pytest.raises(ScenarioError, match=said):
        read_env_file(path)


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "line", ["A=a" + " " * 500_000 + "b", "A='" + "a " * 250_000, "export " * 70_000]
)
def test_a_long_line_takes_no_longer_than_its_length(tmp_path: Path, line: str) -> None:
    path = tmp_path / ".env"
    path.write_text(f"B=1\n{line}\n")
    try:
        assert read_env_file(path)["B"] == "1"
    except ScenarioError as error:
        assert "expected NAME=value" in str(error)  # noqa: PT017  # either is right, and soon


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes here")
def test_a_pipe_is_read_only_where_a_shell_hands_it_over(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / ".env")
    with pytest.raises(ScenarioError, match="it is a pipe and not a file"):
        read_env_file(tmp_path / ".env")
    reader, writer = os.pipe()
    os.write(writer, b"A=1\n")
    os.close(writer)
    try:
        assert read_env_file(Path(f"/dev/fd/{reader}")) == {"A": "1"}
    finally:
        os.close(reader)
