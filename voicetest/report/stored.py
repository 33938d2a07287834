"""Loads the folder of a finished run back into values."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from voicetest.audio.recording import NAMES
from voicetest.errors import ExitCode, SetupError
from voicetest.regular_file import is_regular, open_regular
from voicetest.report.begun import is_going, read_begun
from voicetest.report.intact import damages, impossible, is_edited, leads_out
from voicetest.report.json_file import Damaged, parse_json, read_model
from voicetest.report.left import began, left_behind
from voicetest.report.left_call import left_manifest
from voicetest.report.manifest import Manifest
from voicetest.report.summary import CaseLine, RunSummary, ScenarioLine

__all__ = ["StoredCall", "StoredRun", "load_run", "load_summary", "stored_events"]

_CUT = frozenset({ExitCode.INTERRUPTED, ExitCode.TERMINATED, ExitCode.HUNG_UP, ExitCode.KILLED})
"""With these a call may have ended before its manifest was written."""
_MOST = 10
"""Differences that are told; more of them say nothing new."""


@dataclass(frozen=True)
class StoredCall:
    """One call of a run as it stands on disk; a scenario that was skipped has no manifest."""

    line: ScenarioLine
    case: CaseLine | None
    """The case that it belongs to."""
    folder: Path | None
    manifest: Manifest | None

    @property
    def recording(self) -> Path | None:
        """Its recording; None where there is none."""
        if self.folder is None:
            return None
        return next((path for name in NAMES if _is_readable(path := self.folder / name)), None)


@dataclass(frozen=True)
class StoredRun:
    """A finished run as it stands on disk; `folder` is where it is now."""

    folder: Path
    summary: RunSummary
    calls: tuple[StoredCall, ...]
    ignored: tuple[str, ...] = ()
    """What is damaged in it, where it is taken all the same."""
    forced: bool = False
    """Whether it would be: a call that cannot be read is left out then."""


def load_run(path: Path, *, force: bool = False) -> StoredRun:
    """Load a run folder, or what `runs/latest` points at, and compare it with its checksums.

    Raises SetupError for a folder that is none, is damaged, comes from a newer version, or whose
    run is not over. With `force` files are taken as they are, and a call without a manifest that
    can be read has none; only run.json has to be whole.
    """
    folder, summary = load_summary(path)
    cases = {(case.file, case.case): case for case in summary.cases}
    calls: list[StoredCall] = []
    found = _of_run(folder)
    for line in summary.scenarios:
        place, manifest, differing = _read_call(folder, line)
        calls.append(StoredCall(line, cases.get((line.file, line.case)), place, manifest))
        found += differing
    if found and not force:
        raise _refusal(folder, found)
    return StoredRun(folder, summary, tuple(calls), tuple(found), force)


def _of_run(folder: Path) -> list[str]:
    edited = is_edited(folder / "run.json")
    return ["run.json holds other values than were written (its sha256)"] if edited else []


def load_summary(path: Path) -> tuple[Path, RunSummary]:
    """The folder of a run and its run.json alone; raises SetupError as `load_run` does."""
    folder = _pointed_at(path)
    if leads_out(folder, folder / "run.json"):
        raise Damaged(f"the run {folder} is damaged: run.json leads out of it")
    try:
        return folder, read_model(RunSummary, folder / "run.json")
    except FileNotFoundError:
        return folder, _left(folder)


def _left(folder: Path) -> RunSummary:
    """What is known of a run that was killed; raises SetupError where there was none."""
    if is_going(folder):
        raise SetupError(f"the run {folder} is not over: wait for it")
    if not began(folder):
        raise SetupError(_absent(folder))
    return left_behind(folder)


def stored_events(folder: Path) -> Iterator[dict[str, Any]]:
    """The events of a call as JSON values, up to the first line that a killed run left broken."""
    path = folder / "events.jsonl"
    if not _is_own(path):
        return
    try:
        with open_regular(path) as lines:
            for line in lines:
                event = parse_json(line, foreign=True)
                if not isinstance(event, dict):
                    return
                yield event
    except (OSError, ValueError):
        return


def _is_own(path: Path) -> bool:
    """Whether a file of a call lies in its run."""
    return not leads_out(path.parent.parent, path)


def _is_readable(path: Path) -> bool:
    return _is_own(path) and is_regular(path) and os.access(path, os.R_OK)


def _pointed_at(path: Path) -> Path:
    """The folder; where links are not allowed `latest` is a text file with its name."""
    if path.is_dir():
        return path
    if not path.exists():
        raise SetupError(f"there is no run {path}")
    try:
        with open_regular(path) as file:
            name = file.read(1000).decode().strip()
    except (OSError, UnicodeDecodeError):
        name = ""
    if not name or PurePosixPath(name).name != name or not (path.parent / name).is_dir():
        raise SetupError(f"{path} is not the folder of a run")
    return path.parent / name


def _read_call(run: Path, line: ScenarioLine) -> tuple[Path | None, Manifest | None, list[str]]:
    """The folder and the manifest of a call, and what is not as it was written."""
    name = line.folder
    if name is None:
        return None, None, []
    if name in (".", "..") or PurePosixPath(name).name != name or leads_out(run, run / name):
        return None, None, [f"run.json: {name!r} is not a folder below it"]
    folder = run / name
    if line.status == "error" and line.exit_code in _CUT and not _has_manifest(folder):
        return folder, _left_manifest(run, folder, line), []
    if not _is_own(folder / "manifest.json"):
        return folder, None, [f"{name}/manifest.json leads out of the run"]
    try:
        manifest = read_model(Manifest, folder / "manifest.json")
    except FileNotFoundError:
        return _below(folder), None, [f"{name}/manifest.json is missing: run.json names it"]
    except Damaged as error:
        return _below(folder), None, [str(error)]
    if (words := impossible(manifest)) is not None:
        return folder, None, [f"{name}/manifest.json: {words}"]
    return folder, manifest, list(damages(run, folder, line, manifest))


def _below(folder: Path) -> Path | None:
    try:
        return folder if folder.is_dir() else None
    except OSError:  # a name that no file can have
        return None


def _has_manifest(folder: Path) -> bool:
    return os.path.lexists(folder / "manifest.json")


def _left_manifest(run: Path, folder: Path, line: ScenarioLine) -> Manifest:
    """What is known of a call that was not over."""
    which = (line.file, line.case)
    cases = (case for case in read_begun(run)[1] if (case.line.file, case.line.case) == which)
    return left_manifest(folder, line, next(cases, None), stored_events(folder))


def _refusal(run: Path, found: Sequence[str]) -> SetupError:
    told = [f"  {words}\n" for words in found[:_MOST]]
    told += [f"  and {len(found) - _MOST} more\n"] if len(found) > _MOST else []
    return SetupError(
        f"the run {run} is damaged:\n{''.join(told)}"
        "copy it anew from where it was made; --force takes it as it is"
    )


def _absent(run: Path) -> str:
    if next(run.glob("*/run.json"), None) is not None:
        return f"{run} holds several runs: name one of them, such as {run / 'latest'}"
    return f"{run} is not the folder of a run: there is no run.json in it"
