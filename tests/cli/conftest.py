from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from voicetest.cli import main


@dataclass(frozen=True)
class Done:
    """A command that has exited."""

    returncode: int
    stdout: str
    stderr: str


Run = Callable[..., Done]


@pytest.fixture
def voicetest(
    tmp_path: Path,
    cache_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    """Runs the command in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VOICETEST_CACHE", str(cache_folder))

    def run(*words: str | Path) -> Done:
        monkeypatch.setattr(sys, "argv", ["voicetest", *map(str, words)])
        with pytest.raises(SystemExit) as exit_:
            main()
        output = capsys.readouterr()
        code = exit_.value.code
        return Done(code if isinstance(code, int) else 0, output.out, output.err)

    return run
