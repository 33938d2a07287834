"""Loads the folder of a finished run back into values."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from voicetest.audio.recording import NAMES
from voicetest.errors import ExitCode, SetupError
from voicetest.report.begun import is_going, read_begun
from voicetest.report.left import began, left_behind
from voicetest.report.left_call import left_manifest
from voicetest.report.manifest import SCHEMA_VERSION, Manifest
from voicetest.report.summary import CaseLine, RunSummary, ScenarioLine

__all__ = ["StoredCall", "StoredRun", "load_run", "stored_events"]

_CUT = frozenset({ExitCode.INTERRUPTED, ExitCode.TERMINATED, ExitCode.HUNG_UP, ExitCode.KILLED})
"""With these a call may have ended before its manifest was written."""

Model = TypeVar("Model", bound=BaseModel)


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
        return next((path for name in NAMES if (path := self.folder / name).is_file()), None)


@dataclass(frozen=True)
class StoredRun:
    """A finished run as it stands on disk; `folder` is where it is now."""

    folder: Path
    summary: RunSummary
    calls: tuple[StoredCall, ...]


def load_run(path: Path) -> StoredRun:
    """Load a run folder, or what `runs/latest` points at.

    Raises SetupError for a folder that is none, is damaged, comes from a newer version, or whose
    run is not over.
    """
    folder = _pointed_at(path)
    summary = _left(folder) or _load(RunSummary, folder / "run.json", folder)
    cases = {(case.file, case.case): case for case in summary.cases}
    calls = tuple(
        _call(folder, line, cases.get((line.file, line.case))) for line in summary.scenarios
    )
    return StoredRun(folder, summary, calls)


def _left(folder: Path) -> RunSummary | None:
    """What is known of a run that was killed; None where there is a run.json, or was no run."""
    if (folder / "run.json").exists():
        return None
    if is_going(folder):
        raise SetupError(f"the run {folder} is not over: wait for it")
    return left_behind(folder) if began(folder) else None


def stored_events(folder: Path) -> Iterator[dict[str, Any]]:
    """The events of a call as JSON values, up to the first line that a killed run left broken."""
    try:
        with (folder / "events.jsonl").open(encoding="utf-8") as lines:
            for line in lines:
                event = json.loads(line)
                if not isinstance(event, dict):
                    return
                yield event
    except (OSError, ValueError):
        return


def _pointed_at(path: Path) -> Path:
    """The folder; where links are not allowed `latest` is a text file with its name."""
    if path.is_dir():
        return path
    if not path.exists():
        raise SetupError(f"there is no run {path}")
    try:
        with path.open(encoding="utf-8") as file:
            name = file.read(1000).strip()
    except (OSError, UnicodeDecodeError):
        name = ""
    if not name or PurePosixPath(name).name != name or not (path.parent / name).is_dir():
        raise SetupError(f"{path} is not the folder of a run")
    return path.parent / name


def _call(run: Path, line: ScenarioLine, case: CaseLine | None) -> StoredCall:
    if line.folder is None:
        return StoredCall(line, case, None, None)
    if line.folder in (".", "..") or PurePosixPath(line.folder).name != line.folder:
        raise SetupError(f"{run / 'run.json'} is damaged: {line.folder!r} is not a folder below it")
    folder = run / line.folder
    if (
        line.status == "error"
        and line.exit_code in _CUT
        and not (folder / "manifest.json").exists()
    ):
        begun = next(
            (c for c in read_begun(run)[1] if (c.line.file, c.line.case) == (line.file, line.case)),
            None,
        )
        left = left_manifest(folder, line, begun, stored_events(folder))
        return StoredCall(line, case, folder, left)
    manifest = _load(Manifest, folder / "manifest.json", run)
    return StoredCall(line, case, folder, manifest)


def _load(model: type[Model], path: Path, run: Path) -> Model:
    """The value in a JSON file of a run."""
    try:
        found = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise SetupError(_absent(path, run)) from None
    except OSError as error:
        raise SetupError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise SetupError(f"{path} is damaged: it is not JSON ({error})") from error
    version = found.get("schema_version") if isinstance(found, dict) else None
    if isinstance(version, int) and version > SCHEMA_VERSION:
        raise SetupError(
            f"{path} has version {version} of its format, and this voicetest knows "
            f"{SCHEMA_VERSION}: a newer voicetest wrote it, so use that one"
        )
    try:
        return model.model_validate(found)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise SetupError(f"{path} is damaged: {where}: {first['msg'].lower()}") from error


def _absent(path: Path, run: Path) -> str:
    if path.name != "run.json":
        return f"the run {run} is damaged: {path.relative_to(run)} is missing"
    if next(run.glob("*/run.json"), None) is not None:
        return f"{run} holds several runs: name one of them, such as {run / 'latest'}"
    return f"{run} is not the folder of a run: there is no run.json in it"
