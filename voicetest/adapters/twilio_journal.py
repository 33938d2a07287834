"""Remembers on disk what a run changes at Twilio, so that it is undone even after a crash."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from errno import ENOENT, ENOSPC
from io import FileIO
from pathlib import Path

if sys.platform != "win32":
    import fcntl

__all__ = ["Change", "Entry", "Journal", "default_folder"]

_SID = re.compile(r"(PN|CA)[0-9a-f]{32}")
_LARGEST = 64 * 1024
"""Bytes of an entry; more was not written by us."""


def default_folder() -> Path | None:
    """`$VOICETEST_STATE`, else `voicetest` in `$XDG_STATE_HOME`, else in `~/.local/state`.

    None for a user without a home.
    """
    if own := os.environ.get("VOICETEST_STATE"):
        return Path(own)
    try:
        base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    except RuntimeError:
        return None
    return Path(base) / "voicetest"


@dataclass(frozen=True)
class Change:
    """Something at Twilio that is to be undone: a redirected number, or a call that was placed.

    It holds no credentials, and of telephone numbers nothing but Twilio's names for them.
    """

    base_url: str
    account_sid: str
    sid: str
    """The number (PN…) or the call (CA…)."""
    url: str = ""
    """The webhook of ours that a number has; its former settings follow."""
    former_url: str = ""
    former_method: str = ""
    former_application_sid: str = ""


class Entry:
    """The place of one change, held by this process until it is closed."""

    def __init__(self, path: Path, file: FileIO) -> None:
        self._path = path
        self._file = file

    def read(self) -> Change | None:
        """What was written; None for nothing, or for what was never written to its end.

        A change is made only after it stands here, so what is not whole was not made.
        """
        self._file.seek(0)
        try:
            found = json.loads((self._file.read(_LARGEST) or b"").decode())
            change = Change(**found)
        except (ValueError, TypeError, RecursionError):
            return None
        sound = all(isinstance(value, str) for value in found.values())
        return change if sound and _SID.fullmatch(change.sid) else None

    @property
    def place(self) -> Path:
        """The file."""
        return self._path

    def write(self, change: Change) -> None:
        """Write a change before it is made; it is on the disk when this returns.

        Raises OSError when it cannot be written.
        """
        written = json.dumps(asdict(change)).encode()
        self._file.seek(0)
        self._file.truncate()
        if self._file.write(written) != len(written):
            raise OSError(ENOSPC, os.strerror(ENOSPC))  # a short write is the first sign of it
        os.fsync(self._file.fileno())

    def remove(self) -> None:
        """Forget a change that was undone; where that cannot be, nothing is undone twice."""
        with suppress(OSError):
            self._path.unlink()


class Journal:
    """A folder with a file for each change; whoever holds a file is still at work on it.

    Without a folder nothing can be kept, and nothing is left.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = None if folder is None else folder / "twilio"

    @contextmanager
    def entry(self, sid: str) -> Iterator[Entry]:
        """The entry of something, held inside the block; BlockingIOError if another holds it.

        Raises OSError when nothing can be kept.
        """
        if self._folder is None:
            raise FileNotFoundError(ENOENT, "this user has no home folder")
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = self._held(self._folder / f"{sid}.json")
        with file:
            entry = Entry(self._folder / f"{sid}.json", file)
            try:
                yield entry
            finally:
                if entry.read() is None:
                    entry.remove()

    def left(self) -> tuple[str, ...]:
        """The SIDs of what was changed and not undone, be it that a run is still at work on it."""
        found = () if self._folder is None else self._folder.glob("*.json")
        return tuple(sorted(path.stem for path in found))

    def _held(self, path: Path) -> FileIO:
        """The open file of an entry, locked as long as it is open."""
        while True:
            # Without a buffer, which would try once more to write when the file is closed.
            file = FileIO(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+")
            try:
                _lock(file)
                # It may have been removed by whoever held it before.
                with suppress(FileNotFoundError):
                    if os.path.samestat(os.fstat(file.fileno()), path.stat()):
                        return file
            except BaseException:
                file.close()
                raise
            file.close()


def _lock(file: FileIO) -> None:
    """Hold a file until it is closed or the process ends; raises BlockingIOError if another does.

    Where the system has no such locks, nobody is kept out.
    """
    if sys.platform != "win32":
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
