"""Where what a user keeps between runs goes, also for a user without a home folder."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

from voicetest.errors import SetupError

__all__ = ["home_folder"]


def home_folder() -> Path:
    """The home folder; services and containers may have none, who get one in the temporary folder.

    Raises SetupError where that one is somebody else's.
    """
    try:
        return Path.home()
    except RuntimeError:  # neither HOME nor an entry in passwd
        return _private(Path(tempfile.gettempdir()) / f"voicetest-{os.getuid()}")


def _private(folder: Path) -> Path:
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
    except OSError as error:
        raise _refusal(f"{folder} cannot be made: {error.strerror}") from error
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o022:
        raise _refusal(f"{folder} can be written by others")
    return folder


def _refusal(why: str) -> SetupError:
    return SetupError(f"this user has no home folder, and {why}: set HOME or VOICETEST_CACHE")
