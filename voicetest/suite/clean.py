"""Removes old runs, and nothing but runs."""

from __future__ import annotations

import json
import re
import shutil
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from voicetest.audio.recording import NAMES
from voicetest.errors import SetupError
from voicetest.report.begun import is_going
from voicetest.report.folder import latest_of
from voicetest.report.target import is_report

__all__ = ["Fate", "clean"]

_RUN = re.compile(r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ-[0-9a-f]{6}")
_OF_CALL = frozenset({"manifest.json", "events.jsonl", "transcript.txt", *NAMES})
_UNFINISHED = re.compile(r"\.(run\.json|manifest\.json|transcript\.txt|report\.html)\.(\d+|room)")
"""What is being written, or was when the run was killed."""
_GOING_ON_S = 86_400.0
"""Where it cannot be seen whether a run goes on, it may if something changed in it since."""


@dataclass(frozen=True)
class Fate:
    """A run that is old enough, or cannot be told the age of, and what becomes of it."""

    folder: Path
    size: int
    """Bytes in it."""
    kept: str = ""
    """Why it stays; empty if it goes."""


def clean(out: Path, older_s: float, now: datetime, *, dry_run: bool = False) -> Iterator[Fate]:
    """Remove the runs in `out` that ended longer ago than that; links are never followed.

    What has another name than runs are given stays, and so does the newest.
    Raises SetupError for a folder that cannot be read, or a run that cannot be removed.
    """
    try:
        found = sorted(path for path in out.iterdir() if _RUN.fullmatch(path.name))
    except OSError as error:
        raise SetupError(f"{out} cannot be read: {error.strerror}") from error
    newest = _newest(out, found)
    for folder in found:
        try:
            if not stat.S_ISDIR(folder.lstat().st_mode):
                continue
            fate = _fate(folder, older_s, now, is_newest=folder.name == newest)
            if fate is None:
                continue
            if not fate.kept and not dry_run:
                shutil.rmtree(folder)
        except OSError as error:
            raise SetupError(f"{folder} cannot be removed: {error.strerror}") from error
        yield fate


def _newest(out: Path, found: Sequence[Path]) -> str | None:
    """The run that `latest` names, or where that is gone the last by its name."""
    named = latest_of(out)
    runs = [p.name for p in found if not p.is_symlink() and (p / "run.json").is_file()]
    return named if named in runs else max(runs, default=None)


def _fate(folder: Path, older_s: float, now: datetime, *, is_newest: bool) -> Fate | None:
    """What becomes of a run; None if it is too young."""
    if is_going(folder):
        return Fate(folder, 0, "it is going on")
    files = list(_files(folder))
    size = sum(path.lstat().st_size for path in files)
    foreign = next((path for path in files if not _is_ours(folder, path)), None)
    if foreign is not None:
        return Fate(folder, size, f"{foreign.relative_to(folder)} in it is not of a run")
    ended = _ended(folder)
    if ended is None:
        changed = max((path.lstat().st_mtime for path in (folder, *files)), default=0.0)
        if not any(path.name == "events.jsonl" for path in files):
            return Fate(folder, size, "nothing in it says that it is a run")
        older_s, ended = max(older_s, _GOING_ON_S), datetime.fromtimestamp(changed, UTC)
    if (now - ended).total_seconds() < older_s:
        return None
    return Fate(folder, size, "it is the newest" if is_newest else "")


def _files(folder: Path) -> Iterator[Path]:
    """Everything below a folder that is no folder itself."""
    for path in folder.iterdir():
        if stat.S_ISDIR(path.lstat().st_mode):
            yield from _files(path)
        else:
            yield path


def _is_ours(run: Path, path: Path) -> bool:
    if not stat.S_ISREG(path.lstat().st_mode):
        return False
    if _UNFINISHED.fullmatch(path.name):
        return True
    match path.relative_to(run).parts:
        case ("run.json",):
            return _ended(run) is not None
        case ("begun.jsonl",):
            return True
        case (_,):
            return is_report(path)
        case (_, name):
            return name in _OF_CALL
        case (_, "segments", name):
            return name.endswith(".wav")
        case _:
            return False


def _ended(run: Path) -> datetime | None:
    """When a run was over, by its run.json."""
    try:
        told = json.loads((run / "run.json").read_bytes())
        if {"schema_version", "voicetest", "scenarios"} <= told.keys():
            return datetime.fromisoformat(told["finished_at"]).astimezone(UTC)
    except (OSError, ValueError, AttributeError, KeyError, TypeError):
        return None
    return None
