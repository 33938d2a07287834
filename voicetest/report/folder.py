"""Where a run is kept: one folder per run, one folder per call in it, never overwritten."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from voicetest.errors import SetupError

__all__ = ["call_folder", "new_run_folder", "point_latest", "write_atomically"]

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_NAME_LENGTH = 60


def new_run_folder(out: Path, now: datetime) -> Path:
    """Make a new folder `<UTC time>-<short id>` in `out`.

    Raises SetupError when that cannot be done.
    """
    name = f"{now:%Y-%m-%dT%H-%M-%SZ}-{secrets.token_hex(3)}"
    folder = out / name
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise SetupError(
            f"cannot make the run folder {folder}: {error.strerror}; choose another with --out"
        ) from error
    return folder


def call_folder(run: Path, file: Path, taken: set[str]) -> Path:
    """Make the folder of one call, named after its file; a stem that is taken gets its parent."""
    name = _safe(file.stem)
    if name in taken:
        name = _safe(f"{file.resolve().parent.name}-{file.stem}")
    number = 2
    unique = name
    while unique in taken:
        unique = f"{name}-{number}"
        number += 1
    taken.add(unique)
    folder = run / unique
    (folder / "segments").mkdir(parents=True)
    return folder


def _safe(name: str) -> str:
    """A name that every file system takes and that cannot leave its folder."""
    cleaned = _UNSAFE.sub("-", name).strip(".-") or "scenario"
    if len(cleaned) > _NAME_LENGTH or cleaned != name:
        short = sha256(name.encode()).hexdigest()[:6]
        return f"{cleaned[:_NAME_LENGTH]}-{short}"
    return cleaned


def point_latest(run: Path) -> None:
    """Let `latest` beside the run folder point at it: a link, or a text file where none can be."""
    latest = run.parent / "latest"
    try:
        fresh = run.parent / f".latest-{run.name}"
        fresh.symlink_to(run.name, target_is_directory=True)
        fresh.replace(latest)
    except OSError:
        with contextlib.suppress(OSError):
            write_atomically(latest, run.name + "\n")


def write_atomically(path: Path, text: str) -> None:
    """Write a text file so that a reader sees all of it or nothing."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(path)
