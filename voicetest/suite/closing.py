"""Writes run.json at the end of a run, which says what became of each call in any case."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from voicetest.errors import ExitCode
from voicetest.report.folder import write_atomically
from voicetest.report.summary import RunSummary, overall

__all__ = ["close_run"]


def close_run(folder: Path, summary: RunSummary, warn: Callable[[str], object]) -> RunSummary:
    """Write run.json; where that cannot be done it is said, and in the exit code."""
    path = folder / "run.json"
    try:
        write_atomically(path, summary.as_json())
    except OSError as error:
        warn(f"{path} cannot be written: {error.strerror}; what is shown here is all there is")
        code = overall([summary.exit_code, ExitCode.SETUP])
        return summary.model_copy(update={"exit_code": code})
    return summary
