"""What is kept between runs has a place, also for a user without a home folder."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from voicetest.errors import SetupError
from voicetest.home_folder import home_folder

pytest.importorskip("pwd", reason="only here a user may have no home folder")


@pytest.fixture
def homeless(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Nobody has a home folder; gives the temporary folder."""
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr("os.getuid", lambda: 54_321)  # without an entry in passwd
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_a_user_with_a_home_folder_has_that(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    assert home_folder() == Path("/home/me")


def test_a_folder_among_temporary_files_is_not_taken_from_others(homeless: Path) -> None:
    with pytest.raises(SetupError, match="can be written by others: set HOME"):
        home_folder()


def test_a_place_that_cannot_be_made_is_told(homeless: Path) -> None:
    (homeless / "voicetest-54321").write_text("")
    with pytest.raises(SetupError, match="cannot be made: File exists"):
        home_folder()
