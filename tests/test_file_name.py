r"""Names that are not UTF-8 are text, and the file is found again by it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from voicetest.file_name import named, readable

BAD = os.fsdecode(b"b\xff.yaml")


def test_a_name_is_shown_as_it_is_but_for_bytes_that_are_no_text() -> None:
    assert readable(Path("früh/a.yaml")) == str(Path("früh/a.yaml"))
    assert readable(BAD) == r"b\xff.yaml"
    assert readable(BAD).encode("utf-8")


@pytest.mark.skipif(sys.platform != "linux", reason="names are UTF-8 here")
def test_the_file_of_such_a_name_is_found(tmp_path: Path) -> None:
    (tmp_path / BAD).touch()
    assert named(readable(tmp_path / BAD)) == tmp_path / BAD
    assert named(r"not\xthere") == Path(r"not\xthere")


def test_a_file_whose_name_only_looks_so_is_itself(tmp_path: Path) -> None:
    path = tmp_path / r"b\xff.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    assert named(str(path)) == path
