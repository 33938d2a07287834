"""Compares the folder of a call with its manifest: what was lost, cut or changed since."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import file_digest
from pathlib import Path, PurePosixPath

from voicetest.audio.recording import NAMES
from voicetest.regular_file import open_regular
from voicetest.report.json_file import parse_json
from voicetest.report.manifest import FileInfo, Manifest
from voicetest.report.seal import breaks_seal
from voicetest.report.summary import ScenarioLine

__all__ = ["EVIDENCE", "damages", "impossible", "is_edited", "leads_out"]

EVIDENCE = (*NAMES, "events.jsonl")
"""What is read anew from a finished call."""
_LONGEST_S = 1e6
"""No call lasts eleven days."""
_FRAMES_PER_S = 50
_SPARE_FRAMES = 50 * 60
"""Frames are sent before the line is ready as well."""


def damages(run: Path, folder: Path, line: ScenarioLine, manifest: Manifest) -> Iterator[str]:
    """What is not as it was written, each with its file below `run`; nothing in a whole call."""
    place = folder.relative_to(run)
    for what, told, known in (
        ("verdict", manifest.status, line.status),
        ("name", manifest.scenario.name, line.name),
        ("case", manifest.scenario.case, line.case),
        ("length", manifest.duration_s, line.duration_s),
    ):
        if told != known:
            yield f"{place}/manifest.json has the {what} {told}, and run.json {known}"
    if is_edited(folder / "manifest.json"):
        yield f"{place}/manifest.json holds other values than were written (its sha256)"
    listed = {file.path for file in manifest.files}
    for file in manifest.files:
        words = _of_file(run, folder, file)
        if words is not None:
            yield f"{place}/{file.path} {words}"
    for name in EVIDENCE:
        if name not in listed and (folder / name).exists():
            yield f"{place}/{name} is not in the list of manifest.json"


def is_edited(path: Path) -> bool:
    """Whether a JSON file has other values than it was written with; False where it has none."""
    try:
        with open_regular(path) as file:
            return breaks_seal(parse_json(file.read()))
    except (OSError, ValueError):
        return False


def impossible(manifest: Manifest) -> str | None:
    """What in a manifest no call can have had, or None."""
    length, harness = manifest.duration_s, manifest.harness
    if not 0 <= length <= _LONGEST_S:
        return f"no call lasts {length:g} s"
    most = length * _FRAMES_PER_S + _SPARE_FRAMES
    if harness is not None and not 0 <= harness.frames_sent <= most:
        return f"a call of {length:g} s does not have {harness.frames_sent} frames"
    for name, metric in manifest.metrics.items():
        numbers = not any(isinstance(value, str) for value in metric.values)
        if metric.n != len(metric.values) or not (numbers or metric.unit == "party"):
            return f"the values of {name} are not {metric.n} in {metric.unit}"
    return None


def leads_out(run: Path, path: Path) -> bool:
    """Whether a path leads to somewhere outside of the run, by its name or by a link."""
    try:
        return not path.resolve().is_relative_to(run.resolve())
    except (OSError, RuntimeError, ValueError):  # links in a circle, a null byte
        return True


def _of_file(run: Path, folder: Path, file: FileInfo) -> str | None:
    """How a file differs from what its manifest says."""
    path = folder / file.path
    if PurePosixPath(file.path).is_absolute() or leads_out(run, path):
        return "leads out of the run"
    try:
        with open_regular(path) as content:
            digest = file_digest(content, "sha256").hexdigest()
            size = content.tell()
    except FileNotFoundError:
        return "is missing"
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    if size != file.bytes:
        return f"has {size:,} bytes, and had {file.bytes:,}"
    return None if digest == file.sha256 else "has other content than was written (its sha256)"
