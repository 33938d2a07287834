"""A run folder becomes values again, or says why it cannot."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.report.runs import call, run_of
from tests.report.written import Written
from voicetest.errors import SetupError
from voicetest.report.stored import load_run, stored_events


@pytest.fixture
def run_folder(billing: Written, tmp_path: Path) -> Path:
    """A run of one call."""
    folder = tmp_path / "runs" / "2025-11-21T06-30-00Z-0a1b2c"
    shutil.copytree(billing.folder, folder / "billing")
    made = call(
        billing.result.status,
        name=billing.returned.scenario.name,
        folder=folder / "billing",
        duration_s=billing.returned.duration_s,
    )
    skipped = call("skipped", file="scenarios/other.yaml")
    summary = run_of(made, skipped, folder=folder).summary
    (folder / "run.json").write_text(summary.model_dump_json(), encoding="utf-8")
    return folder


def test_a_run_is_loaded_with_its_calls_and_recordings(run_folder: Path, billing: Written) -> None:
    run = load_run(run_folder)
    made, skipped = run.calls
    assert made.manifest == billing.returned
    assert made.recording == run_folder / "billing" / "recording.wav"
    assert made.case is not None
    assert made.case.file == made.line.file
    assert (skipped.manifest, skipped.folder, skipped.recording) == (None, None, None)


def test_latest_may_be_a_text_file_with_the_name_of_the_run(run_folder: Path) -> None:
    latest = run_folder.parent / "latest"
    latest.write_text(run_folder.name + "\n")
    assert load_run(latest).folder == run_folder


def test_a_call_without_its_recording_is_taken_only_by_force(run_folder: Path) -> None:
    (run_folder / "billing" / "recording.wav").unlink()
    assert "billing/recording.wav is missing" in _load_error(run_folder)
    run = load_run(run_folder, force=True)
    assert run.calls[0].recording is None
    assert run.ignored == ("billing/recording.wav is missing",)


def test_events_end_where_a_killed_run_stopped_writing(run_folder: Path) -> None:
    log = run_folder / "billing" / "events.jsonl"
    every = list(stored_events(log.parent))
    assert len(every) == len(log.read_text(encoding="utf-8").splitlines())
    log.write_text(log.read_text(encoding="utf-8")[:-20], encoding="utf-8")
    assert list(stored_events(log.parent)) == every[:-1]
    assert list(stored_events(run_folder)) == []


def _load_error(path: Path) -> str:
    with pytest.raises(SetupError) as error:
        load_run(path)
    return str(error.value)


def test_a_folder_that_is_no_run_says_so(tmp_path: Path) -> None:
    assert "there is no run" in _load_error(tmp_path / "nowhere")
    assert "no run.json in it" in _load_error(tmp_path)
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    assert "is not the folder of a run" in _load_error(tmp_path / "binary")


def test_a_folder_of_runs_says_how_to_name_one(run_folder: Path) -> None:
    assert str(run_folder.parent / "latest") in _load_error(run_folder.parent)


@pytest.mark.parametrize("name", ["run.json", "billing/manifest.json"])
def test_a_file_from_a_newer_version_says_so(run_folder: Path, name: str) -> None:
    path = run_folder / name
    content = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(content | {"schema_version": 2, "news": 1}), encoding="utf-8")
    said = _load_error(run_folder)
    assert "a newer voicetest wrote it" in said
    assert str(path) in said


@pytest.mark.parametrize("name", ["run.json", "billing/manifest.json"])
@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[]", b"null", b'{"schema_version": 1}'])
def test_a_damaged_file_is_named(run_folder: Path, name: str, content: bytes) -> None:
    (run_folder / name).write_bytes(content)
    said = _load_error(run_folder)
    assert "damaged" in said
    assert name in said


def test_a_missing_manifest_is_named(run_folder: Path) -> None:
    (run_folder / "billing" / "manifest.json").unlink()
    assert "billing/manifest.json is missing" in _load_error(run_folder)


@pytest.mark.parametrize("folder", ["../billing", "/etc", "a/b", ".", ".."])
def test_a_call_cannot_lie_outside_the_run(run_folder: Path, folder: str) -> None:
    path = run_folder / "run.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    content["scenarios"][0]["folder"] = folder
    path.write_text(json.dumps(content), encoding="utf-8")
    assert "is not a folder below it" in _load_error(run_folder)
