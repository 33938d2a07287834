"""`voicetest cache` as its users see it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from voicetest.cli import main
from voicetest.speech.cache import Cache, key


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache with two entries."""
    monkeypatch.setenv("VOICETEST_CACHE", str(tmp_path / "kept"))
    for number in range(2):
        Cache(tmp_path / "kept").put(key({"n": number}), bytes(600_000))
    return tmp_path / "kept"


def _run(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["voicetest", "cache", *words])
    with pytest.raises(SystemExit) as exit_:
        main()
    return exit_.value.code if isinstance(exit_.value.code, int) else 0


def test_where_speech_is_kept_and_how_much_is_printed(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run(monkeypatch, "info") == 0
    expected = f"folder   {folder}\nentries  2\nsize     1.2 MB of 1000 MB\n"
    assert capsys.readouterr().out == expected


def test_all_of_it_is_removed_when_asked(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run(monkeypatch, "clear") == 0
    assert capsys.readouterr().out == "removed 2 entries, 1.2 MB\n"
    assert list(folder.iterdir()) == []
    assert _run(monkeypatch, "clear") == 0
    assert capsys.readouterr().out == "removed 0 entries, 0.0 MB\n"


def test_a_cache_that_cannot_be_emptied_is_a_matter_of_set_up(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(path: Path, missing_ok: bool = False) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "unlink", refuse)
    assert _run(monkeypatch, "clear") == 3
    assert "cannot be emptied: Permission denied" in capsys.readouterr().err
