"""A file that grows by whole pieces, however little room there is for it."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager, suppress
from io import FileIO
from pathlib import Path

__all__ = ["AppendedFile"]


class AppendedFile(AbstractContextManager["AppendedFile"]):
    """A new file of pieces of which each is in it whole or not at all.

    After the first piece for which there was no room nothing is taken any more, so that what
    stands in the file has no hole.
    """

    def __init__(self, path: Path) -> None:
        self.failure: OSError | None = None
        """Why a piece could not be written; set once, by the first one."""
        self.size = 0
        """Bytes of whole pieces in it; grows with each."""
        self._path = path
        self._file = FileIO(path, "x")

    def append(self, piece: bytes) -> bool:
        """Put a piece at the end; whether it was taken.

        Raises OSError with the file's name for the first that cannot be written.
        """
        if self.failure is not None:
            return False
        try:
            self._file.seek(self.size)
            _write_all(self._file, piece)
        except OSError as error:
            with suppress(OSError):
                self._file.truncate(self.size)
            self.failure = _named(error, self._path)
            raise self.failure from error
        self.size += len(piece)
        return True

    def replace(self, at: int, piece: bytes) -> None:
        """Put a piece in the place of what is there, from byte `at` on."""
        self._file.seek(at)
        try:
            _write_all(self._file, piece)
        except OSError as error:
            self.failure = self.failure or _named(error, self._path)
            raise self.failure from error

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __exit__(self, *failure: object) -> None:
        self.close()


def _write_all(file: FileIO, data: bytes) -> None:
    """Write all of it: the system may take a part of it and tell only the next time why."""
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]


def _named(error: OSError, path: Path) -> OSError:
    return OSError(error.errno, error.strerror or os.strerror(error.errno or 0), str(path))
