"""Where a report is written: known to work before anyone is called, never over other files."""

from __future__ import annotations

import os
from pathlib import Path

from voicetest.errors import SetupError
from voicetest.report.folder import write_atomically

__all__ = ["check_target", "is_report", "write_report"]

_OURS = (b'<testsuites name="voicetest"', b'name="generator" content="voicetest ')
"""What only reports of voicetest have in their beginning."""
_HEAD_BYTES = 1000


def check_target(path: Path) -> None:
    """Make sure that a report can be written to `path`; its folder is made if need be.

    Raises SetupError where that is not so, or where a file stands that is no report of voicetest.
    """
    try:
        if path.is_dir():
            raise SetupError(f"{path} is a folder: name a file for the report")
        path.parent.mkdir(parents=True, exist_ok=True)
        ours = not path.exists() or is_report(path)
    except OSError as error:
        raise SetupError(f"the report {path} cannot be written: {error.strerror}") from error
    if not ours:
        raise SetupError(f"{path} is no report of voicetest: it is left as it is, name another")
    if not os.access(path.parent, os.W_OK):
        raise SetupError(f"the report {path} cannot be written: its folder may not be changed")


def write_report(path: Path, text: str) -> None:
    """Write a report, in place of an older one; raises SetupError when that cannot be done."""
    check_target(path)
    try:
        write_atomically(path, text)
    except OSError as error:
        raise SetupError(f"the report {path} cannot be written: {error.strerror}") from error


def is_report(path: Path) -> bool:
    """Whether a file is a report of voicetest, or empty."""
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    return not head or any(mark in head for mark in _OURS)
