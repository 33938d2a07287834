"""Each report is on its own: one that fails stops no other."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

import pytest

from tests.report.runs import call, run_of
from voicetest.report.reports import Reports

RUN = run_of(call())


def _fails(*_: object, **__: object) -> NoReturn:
    raise ZeroDivisionError


def test_a_report_that_fails_stops_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voicetest.report.reports.junit", _fails)
    reports = Reports(tmp_path / "junit.xml", tmp_path / "page.html")
    written = reports.write(RUN, print)
    assert written.files == (tmp_path / "page.html",)
    assert [error.kind for error in written.errors] == ["bug"]
    assert (written.exit_code(0), written.exit_code(1), written.exit_code(130)) == (70, 70, 130)


def test_a_report_without_room_is_told_and_leaves_a_failed_run_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, text: str) -> NoReturn:
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr("voicetest.report.target.write_atomically", full)
    written = Reports(tmp_path / "junit.xml").write(RUN, print)
    assert written.files == ()
    assert "No space left on device" in written.told[0]
    assert str(tmp_path / "junit.xml") in written.told[0]
    assert (written.exit_code(0), written.exit_code(1)) == (3, 1)


def test_a_run_that_cannot_be_loaded_is_told(tmp_path: Path) -> None:
    written = Reports(tmp_path / "junit.xml").render(tmp_path / "gone", print)
    assert written.told == [f"there is no run {tmp_path / 'gone'}"]
    assert written.exit_code(0) == 3
