"""Reports of a run are rendered later, from its folder."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.report.runs import call, run_of

ROOT = Path(__file__).parents[2]


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    """A finished run of one failed call, without a recording."""
    made = call("failed", folder=tmp_path / "runs" / "now" / "billing")
    assert made.folder is not None
    assert made.manifest is not None
    made.folder.mkdir(parents=True)
    (made.folder / "manifest.json").write_text(made.manifest.model_dump_json(), encoding="utf-8")
    run = run_of(made, folder=made.folder.parent)
    (run.folder / "run.json").write_text(run.summary.model_dump_json(), encoding="utf-8")
    return run.folder


def test_without_a_wish_the_page_is_put_into_the_folder(voicetest: Run, stored: Path) -> None:
    done = voicetest("report", stored)
    assert (done.returncode, done.stderr) == (0, f"{stored / 'report.html'}\n")
    assert "<!doctype html>" in (stored / "report.html").read_text(encoding="utf-8")


def test_every_report_can_be_asked_for(
    voicetest: Run, stored: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GITHUB_WORKSPACE", raising=False)
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    done = voicetest(
        "report", stored, "--junit", "a/b.xml", "--html", "a/b.html", "--json", "--github"
    )
    assert done.returncode == 0
    assert json.loads(done.stdout)["totals"] == {"failed": 1}
    assert "::error file=billing.yaml,line=22" in done.stderr
    assert (tmp_path / "a" / "b.xml").is_file()
    assert (tmp_path / "a" / "b.html").is_file()
    assert "1 failed" in (tmp_path / "summary.md").read_text(encoding="utf-8")
    assert not (stored / "report.html").exists()


def test_a_folder_that_is_no_run_is_exit_3(voicetest: Run, tmp_path: Path) -> None:
    done = voicetest("report", tmp_path)
    assert done.returncode == 3
    assert "no run.json" in done.stderr


def test_a_target_that_cannot_be_written_is_exit_3_and_nothing_is_changed(
    voicetest: Run, stored: Path
) -> None:
    done = voicetest("report", stored, "--junit", stored / "run.json")
    assert done.returncode == 3
    assert "is no report of voicetest" in done.stderr
    assert json.loads((stored / "run.json").read_text())["totals"] == {"failed": 1}
    shutil.rmtree(stored)
    assert voicetest("report", stored).returncode == 3
