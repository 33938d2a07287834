"""Old runs go, and nothing else ever does."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from voicetest.errors import SetupError
from voicetest.report.begun import Begun, BegunRun
from voicetest.report.folder import new_run_folder, point_latest
from voicetest.suite.clean import clean

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY_S = 86_400.0


def _run(out: Path, days: float, *, finished: bool = True) -> Path:
    """A run of one call that ended so many days ago."""
    ended = NOW - timedelta(days=days)
    folder = new_run_folder(out, ended)
    call = folder / "billing"
    (call / "segments").mkdir(parents=True)
    for name in ("events.jsonl", "recording.wav", "segments/00-user.wav"):
        (call / name).write_bytes(bytes(1000))
    if finished:
        (call / "manifest.json").write_text("{}")
        told = {"schema_version": 1, "voicetest": {}, "scenarios": []}
        text = json.dumps(told | {"finished_at": ended.isoformat()})
        (folder / "run.json").write_text(text)
    for path in (*folder.rglob("*"), folder):
        os.utime(path, (ended.timestamp(), ended.timestamp()))
    return folder


def test_only_runs_that_are_old_enough_go(tmp_path: Path) -> None:
    old, young = _run(tmp_path, 20), _run(tmp_path, 3)
    (fate,) = clean(tmp_path, 14 * DAY_S, NOW)
    assert (fate.folder, fate.kept) == (old, "")
    assert fate.size > 3000
    assert not old.exists()
    assert young.exists()


def test_nothing_goes_in_a_dry_run(tmp_path: Path) -> None:
    old, _ = _run(tmp_path, 20), _run(tmp_path, 3)
    (fate,) = clean(tmp_path, 14 * DAY_S, NOW, dry_run=True)
    assert fate.folder == old
    assert old.exists()


@pytest.mark.parametrize("as_link", [True, False])
def test_the_newest_stays_however_old_it_is(tmp_path: Path, as_link: bool) -> None:
    old = _run(tmp_path, 20)
    if as_link:
        point_latest(old)
    else:
        (tmp_path / "latest").write_text(f"{old.name}\n")
    (fate,) = clean(tmp_path, 14 * DAY_S, NOW)
    assert "newest" in fate.kept
    assert old.exists()


@pytest.mark.parametrize("latest", [None, "2020-01-01T00-00-00Z-abcdef", "pipe"])
def test_the_newest_stays_where_nothing_names_it(tmp_path: Path, latest: str | None) -> None:
    older, newest = _run(tmp_path, 20), _run(tmp_path, 19)
    (tmp_path / "2026-02-28T00-00-00Z-abcdef").mkdir()
    if latest == "pipe":
        os.mkfifo(tmp_path / "latest")
    elif latest is not None:
        (tmp_path / "latest").symlink_to(latest)
    fates = {fate.folder: fate.kept for fate in clean(tmp_path, 0.0, NOW)}
    assert fates[older] == ""
    assert "newest" in fates[newest]
    assert newest.exists()


def test_a_run_with_anything_of_others_in_it_stays(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "precious.txt").write_text("precious")
    out = tmp_path / "runs"
    noted, linked, deep = (_run(out, 20 + number) for number in range(3))
    (noted / "notes.txt").write_text("mine")
    (linked / "billing" / "there").symlink_to(elsewhere, target_is_directory=True)
    (deep / "billing" / "segments" / "more").mkdir()
    (deep / "billing" / "segments" / "more" / "a.wav").write_bytes(b"")
    fates = list(clean(out, 0.0, NOW))
    assert len(fates) == 3
    assert all("is not of a run" in fate.kept for fate in fates)
    assert (elsewhere / "precious.txt").exists()
    assert all(folder.exists() for folder in (noted, linked, deep))


def test_what_only_looks_like_a_run_stays(tmp_path: Path) -> None:
    renamed = _run(tmp_path, 20).rename(tmp_path / "baseline")
    other = tmp_path / "2026-01-01T00-00-00Z-abcdef"
    other.mkdir()
    (other / "run.json").write_text('{"other": "tool"}')
    link = tmp_path / "2026-01-01T00-00-00Z-bbbbbb"
    link.symlink_to(renamed, target_is_directory=True)
    empty = tmp_path / "2026-01-01T00-00-00Z-cccccc"
    empty.mkdir()
    fates = list(clean(tmp_path, 0.0, NOW))
    assert [fate.folder for fate in fates] == [other, empty]
    assert all(fate.kept for fate in fates)
    assert all(path.exists() for path in (renamed, other, link, empty))


def test_a_run_that_may_be_going_on_stays(tmp_path: Path) -> None:
    killed, going_on = _run(tmp_path, 3, finished=False), _run(tmp_path, 0.5, finished=False)
    (fate,) = clean(tmp_path, 0.0, NOW)
    assert (fate.folder, fate.kept) == (killed, "")
    assert going_on.exists()


def test_a_run_that_holds_its_folder_stays(tmp_path: Path) -> None:
    old = _run(tmp_path, 20, finished=False)
    with Begun(old, BegunRun(command=(), started_at="")):
        (fate,) = clean(tmp_path, 0.0, NOW)
        assert (fate.kept, old.exists()) == ("it is going on", True)


def test_reports_go_with_their_run(tmp_path: Path) -> None:
    old, _ = _run(tmp_path, 20), _run(tmp_path, 0.5)
    (old / "report.html").write_text('<meta name="generator" content="voicetest 1">')
    (old / ".run.json.4711").write_text("half")
    (fate,) = clean(tmp_path, DAY_S, NOW)
    assert fate.kept == ""


def test_a_folder_that_is_not_there_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="runs cannot be read"):
        list(clean(tmp_path / "runs", 0.0, NOW))
