from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from voicetest.errors import ConnectionFailed, SetupError
from voicetest.machine import OutOfMeans, refusal


def _of(number: int, file: str | None = None) -> OSError:
    return OSError(number, os.strerror(number), file)


def test_a_full_disk_is_told_with_the_path() -> None:
    found = refusal(_of(errno.ENOSPC, "/there/recording.wav"))
    assert isinstance(found, SetupError)
    assert str(found).startswith("/there/recording.wav: No space left on device: free some space")
    assert not isinstance(found, OutOfMeans)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (_of(errno.EMFILE), "Too many open files: raise the limit"),
        (MemoryError(), "too little memory"),
        (RuntimeError("can't start new thread"), "ulimit -u"),
    ],
)
def test_what_the_next_call_may_have_again_is_told_apart(error: Exception, words: str) -> None:
    found = refusal(error)
    assert isinstance(found, OutOfMeans)
    assert words in str(found)


def test_nobody_else_is_blamed_for_what_the_machine_lacks() -> None:
    failed = ConnectionFailed("cannot reach the agent")
    failed.__cause__ = _of(errno.EMFILE)
    assert isinstance(refusal(failed), OutOfMeans)


def test_a_folder_that_was_removed_meanwhile_is_no_bug(tmp_path: Path) -> None:
    found = refusal(_of(errno.ENOENT, str(tmp_path / "gone" / "recording.wav")))
    assert isinstance(found, SetupError)
    assert "gone/recording.wav: No such file or directory: its folder is not there" in str(found)
    assert refusal(_of(errno.ENOENT, str(tmp_path / "recording.wav"))) is None


@pytest.mark.parametrize(
    "error",
    [
        ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"),
        _of(errno.EACCES),
        ConnectionFailed("gone"),
        SetupError("a key is missing"),
        ValueError("a bug"),
    ],
)
def test_anything_else_is_not_the_machines(error: Exception) -> None:
    assert refusal(error) is None


def test_causes_that_go_round_in_a_circle_are_looked_at_once() -> None:
    broken, closed = ConnectionFailed("it hung up"), ValueError("closed")
    broken.__cause__, closed.__context__ = closed, broken
    assert refusal(broken) is None
    closed.__context__, closed.__cause__ = None, closed
    assert refusal(broken) is None
