"""A report goes where it was asked for, and never over anything else."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.report.runs import call, run_of
from voicetest.errors import SetupError
from voicetest.report.html import html
from voicetest.report.junit import junit
from voicetest.report.target import check_target, write_report


def test_a_folder_is_made_for_the_report(tmp_path: Path) -> None:
    write_report(tmp_path / "build" / "deep" / "out.xml", "text")
    assert (tmp_path / "build" / "deep" / "out.xml").read_text() == "text"


def test_an_older_report_is_replaced(tmp_path: Path) -> None:
    run = run_of(call(name="x" * 2000))
    for path, text in [
        (tmp_path / "out.xml", junit(run)),
        (tmp_path / "out.html", html(run, tmp_path / "out.html")),
        (tmp_path / "empty", ""),
    ]:
        write_report(path, text)
        write_report(path, "new")
        assert path.read_text() == "new"


def test_any_other_file_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "scenario.yaml"
    path.write_text("version: 1\n")
    with pytest.raises(SetupError, match="is no report of voicetest"):
        write_report(path, "new")
    assert path.read_text() == "version: 1\n"


def test_what_cannot_be_written_is_known_before(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="is a folder"):
        check_target(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(SetupError, match="cannot be written"):
        check_target(tmp_path / "file" / "out.xml")
    with pytest.raises(SetupError, match="cannot be written"):
        check_target(tmp_path / ("x" * 300) / "out.xml")
