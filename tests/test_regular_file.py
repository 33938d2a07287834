"""Files are opened; what a reader would wait for is refused."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from voicetest.regular_file import is_regular, open_regular


def test_a_file_is_opened(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"content")
    with open_regular(tmp_path / "a") as file:
        assert file.read() == b"content"
    assert is_regular(tmp_path / "a")


def test_a_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError, match="it is a folder"):
        open_regular(tmp_path)
    assert not is_regular(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes here")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="it is a pipe and not a file"):
        open_regular(tmp_path / "pipe")
    assert not is_regular(tmp_path / "pipe")


@pytest.mark.skipif(not Path("/dev/null").exists(), reason="there are no such devices here")
def test_a_device_is_refused() -> None:
    with pytest.raises(OSError, match="it is a device and not a file"):
        open_regular(Path("/dev/null"))


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="there are no such sockets here")
def test_a_socket_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")
        with pytest.raises(OSError, match="it is a socket and not a file"):
            open_regular(Path("socket"))


@pytest.mark.parametrize("name", ["gone", "a\0b", "a" * 5_000])
def test_a_name_that_no_file_has_is_told(tmp_path: Path, name: str) -> None:
    with pytest.raises(OSError, match=r"No such file|File name too long"):
        open_regular(tmp_path / name)
    assert not is_regular(tmp_path / name)
