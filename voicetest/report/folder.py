"""Where a run is kept: one folder per run, one folder per call in it, never overwritten."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
from collections.abc import Collection
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from voicetest.appended import AppendedFile
from voicetest.errors import SetupError
from voicetest.machine import look_for_room
from voicetest.regular_file import open_regular

__all__ = [
    "call_folder",
    "call_name",
    "give_room_back",
    "keep_room",
    "latest_of",
    "name_run",
    "new_run_folder",
    "point_latest",
    "remove_run_folder",
    "share_run_folder",
    "write_atomically",
]

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_UNSAFE_IN_CASE = re.compile(r"[^A-Za-z0-9._,=-]+")
_NAME_LENGTH = 60
_SUMMARY_BYTES = 4096
_LINE_BYTES = 2048
"""What run.json needs, and what it needs of each call: usually half of it."""
_RESERVED = frozenset(
    {"CON", "PRN", "AUX", "NUL"} | {f"{port}{n}" for port in ("COM", "LPT") for n in range(1, 10)}
)
"""Names of devices on Windows, with any ending."""


MANIFEST_ROOM = 65_536
"""Bytes kept for the manifest of a call; one of a call of an hour may need more."""
LEAST_ROOM = 262_144
"""Bytes without which no call begins: its sound alone takes 96,000 a second."""


def name_run(out: Path, now: datetime) -> Path:
    """A name for a run in `out` that no other has."""
    return out / f"{now:%Y-%m-%dT%H-%M-%SZ}-{secrets.token_hex(3)}"


def new_run_folder(out: Path, now: datetime, calls: int = 1) -> Path:
    """Make a new folder `<UTC time>-<short id>` in `out`, with room for what is said of `calls`.

    Raises SetupError when that cannot be done.
    """
    folder = name_run(out, now)
    try:
        folder.mkdir(parents=True)
        keep_room(folder / "run.json", _SUMMARY_BYTES + _LINE_BYTES * calls)
    except OSError as error:
        with contextlib.suppress(OSError):
            folder.rmdir()
        raise SetupError(
            f"cannot make the run folder {folder}: {error.strerror}; choose another with --out"
        ) from error
    return folder


def share_run_folder(folder: Path) -> bool:
    """Make a named run folder unless another process of the run did; whether it was made now.

    Raises SetupError when that cannot be done.
    """
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        return False
    except OSError as error:
        raise SetupError(f"cannot make the run folder {folder}: {error.strerror}") from error
    return True


def remove_run_folder(run: Path) -> None:
    """Remove the folder of a run in which there is nothing yet."""
    give_room_back(run / "run.json")
    with contextlib.suppress(OSError):
        run.rmdir()


def call_name(
    file: Path, case: str | None, taken: set[str], shared: Collection[str] = frozenset()
) -> str:
    """The name that the folders of a case's calls begin with, put into `taken`.

    A stem in `shared`, which several files of the run have, or one that is taken, gets its parent
    folder as prefix.
    """
    ending = "" if case is None else f"--{_safe(case.replace(', ', ','), _UNSAFE_IN_CASE)}"
    name = _safe(file.stem) + ending
    if file.stem in shared or name.lower() in taken:
        name = _safe(f"{file.resolve().parent.name}-{file.stem}") + ending
    number = 2
    unique = name
    while unique.lower() in taken:
        unique = f"{name}-{number}"
        number += 1
    taken.add(unique.lower())
    return unique


def call_folder(run: Path, name: str, repeat: int | None = None, attempt: int = 1) -> Path:
    """Make the folder of one call: `<name>[--r01][--try2]`, with room for its manifest.

    Raises OSError when there is too little for a call.
    """
    look_for_room(run, LEAST_ROOM)
    repeated = "" if repeat is None else f"--r{repeat:02}"
    folder = run / f"{name}{repeated}{'' if attempt == 1 else f'--try{attempt}'}"
    try:
        (folder / "segments").mkdir(parents=True)
        keep_room(folder / "manifest.json", MANIFEST_ROOM)
    except FileExistsError:
        raise
    except OSError:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return folder


def _safe(name: str, unsafe: re.Pattern[str] = _UNSAFE) -> str:
    """A name that every file system takes and that cannot leave its folder."""
    cleaned = unsafe.sub("-", name).strip("._-") or "scenario"
    reserved = cleaned.partition(".")[0].upper() in _RESERVED
    if len(cleaned) > _NAME_LENGTH or cleaned != name or reserved:
        short = sha256(name.encode(errors="surrogateescape")).hexdigest()[:6]
        kept = cleaned[:_NAME_LENGTH].replace(".", "-") if reserved else cleaned[:_NAME_LENGTH]
        return f"{kept}-{short}"
    return cleaned


def point_latest(run: Path) -> None:
    """Let `latest` beside the run folder point at it: a link, or a text file where none can be."""
    latest = run.parent / "latest"
    fresh = run.parent / f".latest-{run.name}"
    try:
        fresh.symlink_to(run.name, target_is_directory=True)
        fresh.replace(latest)
    except OSError:
        fresh.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            write_atomically(latest, run.name + "\n")


def latest_of(out: Path) -> str | None:
    """The name of the run that `latest` in a folder points at; None where there is none."""
    latest = out / "latest"
    try:
        name = str(latest.readlink()) if latest.is_symlink() else _text(latest)
    except (OSError, UnicodeDecodeError):
        return None
    return Path(name.strip()).name or None


def _text(path: Path) -> str:
    with open_regular(path) as file:
        return file.read().decode()


def keep_room(path: Path, size: int) -> None:
    """Take `size` bytes of the disk for `path`, so that it can be written when that is full.

    Raises OSError when they are not there.
    """
    room = _room(path)
    try:
        with AppendedFile(room) as file:
            file.append(bytes(size))
    except OSError:
        room.unlink(missing_ok=True)
        raise


def give_room_back(path: Path) -> None:
    """Let others have what was kept for `path`."""
    with contextlib.suppress(OSError):
        _room(path).unlink(missing_ok=True)


def write_atomically(path: Path, text: str) -> None:
    """Write a text file so that a reader sees all of it or nothing, into the room kept for it."""
    data = text.encode("utf-8", "backslashreplace")
    room = _room(path)
    if room.exists():
        try:
            with room.open("r+b") as file:
                file.write(data)
                file.truncate()
            room.replace(path)
        except OSError:
            # Some file systems write nothing in place; and more may be needed than was kept.
            room.unlink(missing_ok=True)
        else:
            return
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        fresh.write_bytes(data)
        fresh.replace(path)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise OSError(error.errno, error.strerror, str(path)) from error


def _room(path: Path) -> Path:
    return path.with_name(f".{path.name}.room")
