from __future__ import annotations

from pathlib import Path

import pytest

from tests.limits import files_up_to
from voicetest.appended import AppendedFile


def test_a_piece_that_does_not_fit_leaves_nothing_behind_and_names_the_file(
    tmp_path: Path,
) -> None:
    path = tmp_path / "pieces"
    with files_up_to(10), AppendedFile(path) as file:
        assert file.append(b"whole.")
        with pytest.raises(OSError, match="File too large") as caught:
            file.append(b"too long")
        assert caught.value.filename == str(path)
        assert path.read_bytes() == b"whole."
        assert (file.size, file.failure) == (6, caught.value)


def test_nothing_comes_after_a_hole(tmp_path: Path) -> None:
    path = tmp_path / "pieces"
    with AppendedFile(path) as file:
        with files_up_to(4), pytest.raises(OSError, match="too large"):
            file.append(b"12345")
        assert not file.append(b"1")
    assert path.read_bytes() == b""


def test_a_piece_takes_the_place_of_another(tmp_path: Path) -> None:
    path = tmp_path / "pieces"
    with AppendedFile(path) as file:
        file.append(b"0000data")
        file.replace(0, b"1234")
        file.append(b"more")
    assert path.read_bytes() == b"1234datamore"
