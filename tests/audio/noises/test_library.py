from __future__ import annotations

import pytest

from voicetest.audio.noises.library import FOLDER, names, path
from voicetest.audio.noises.synthesis import NOISES
from voicetest.registry import UnknownName


def test_every_noise_that_can_be_made_is_shipped() -> None:
    assert names() == tuple(sorted(NOISES)) == ("clap", "cough", "dog", "door", "horn", "keyboard")


def test_a_noise_is_a_file() -> None:
    for name in names():
        assert path(name).read_bytes()[:4] == b"RIFF"


def test_what_the_files_may_be_used_for_lies_beside_them() -> None:
    assert "Apache License" in (FOLDER / "LICENSE").read_text()


@pytest.mark.parametrize("name", ["coughs", "../noises/cough", "COUGH", ""])
def test_another_name_is_told_what_there_is(name: str) -> None:
    with pytest.raises(UnknownName, match=r"unknown noise .*; there are: clap, cough, dog"):
        path(name)


def test_another_name_is_told_the_nearest() -> None:
    with pytest.raises(UnknownName, match="did you mean 'keyboard'"):
        path("keybord")
