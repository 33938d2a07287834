"""What this machine has no more of, or does not allow: errors that its user has to act on."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from voicetest.errors import ConnectionFailed, ProtocolError, SetupError, VoicetestError

__all__ = ["OutOfMeans", "look_for_room", "refusal"]

_FULL = ": free some space, or choose another folder with --out"
_FILES = ": raise the limit (ulimit -n), or make fewer calls at once with --jobs"
_ADVICE = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EFBIG: _FULL,
    errno.EROFS: "",
    errno.EACCES: "",
    errno.EIO: ": the disk or the network below it has a fault",
    errno.EMFILE: _FILES,
    errno.ENFILE: _FILES,
    errno.ENOMEM: ": make fewer calls at once with --jobs",
}
"""What to do about an error of the system; all others may be anybody's fault."""
_PASSING = (errno.EMFILE, errno.ENFILE, errno.ENOMEM)
_NO_THREAD = "can't start new thread"
"""What CPython says where the system gives no further thread; it has no type of its own."""


class OutOfMeans(SetupError):
    """There is no memory, thread or descriptor left now; the next call may find some."""


def look_for_room(folder: Path, needed: int) -> None:
    """Raises OSError where less than `needed` bytes of the disk are free."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        full = f"{os.strerror(errno.ENOSPC)} ({free:,} bytes are free, and {needed:,} needed)"
        raise OSError(errno.ENOSPC, full, str(folder))


def refusal(error: BaseException) -> SetupError | None:
    """What the system refused, if that is what `error` is, or why the far side is blamed by it."""
    if not isinstance(error, VoicetestError):
        return _refused(error)
    if not isinstance(error, ConnectionFailed | ProtocolError):
        return None
    return next((found for cause in _causes(error) if (found := _refused(cause))), None)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """What an error was raised from, and what that came of; a chain may end in itself."""
    seen, cause = {id(error)}, error.__cause__
    while cause is not None and id(cause) not in seen:
        yield cause
        seen.add(id(cause))
        cause = cause.__cause__ or cause.__context__


def _refused(error: BaseException) -> SetupError | None:
    match error:
        case MemoryError():
            words = "this machine has too little memory: make fewer calls at once with --jobs"
            return OutOfMeans(words)
        case OSError(errno=int(number)) if number in _ADVICE:
            if number == errno.EACCES and error.filename is None:
                return None  # a socket that may not be opened is no folder that may not be changed
            kind = OutOfMeans if number in _PASSING else SetupError
            where = "" if error.filename is None else f"{error.filename}: "
            return kind(f"{where}{error.strerror}{_ADVICE[number]}")
        case FileNotFoundError(filename=str(name)) if not Path(name).parent.exists():
            return SetupError(f"{name}: {error.strerror}: its folder is not there, or not any more")
        case RuntimeError(args=(str(words), *_)) if words.startswith(_NO_THREAD):
            return OutOfMeans(f"{words}: raise the limit (ulimit -u), or lower --jobs")
        case _:
            return None
