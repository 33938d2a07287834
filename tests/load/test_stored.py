"""A load is reported from its folder, also when it was killed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run, voicetest
from tests.load.engines import drive
from tests.load.test_tally import plan_of
from voicetest.load.journal import JOURNAL, Journal
from voicetest.load.request import stage_by
from voicetest.report.load_events import Over

__all__ = ["voicetest"]

STAGE = stage_by("1/s for 5s")


@pytest.fixture
def killed(tmp_path: Path) -> Path:
    """The folder of a load of which one call was not over."""
    folder = tmp_path / "loads" / "x"
    folder.mkdir(parents=True)
    events = [event for event in drive(STAGE).events if not isinstance(event, Over)]
    with Journal(folder / JOURNAL) as journal:
        for event in (plan_of([STAGE]), *events[:-1]):
            journal.write(event)
    return folder


def test_a_load_that_was_killed_is_reported(killed: Path, voicetest: Run) -> None:
    done = voicetest("report", killed, "--junit", killed / "x.xml", "--html", killed / "x.html")
    assert (done.returncode, done.stdout) == (0, "")
    assert "was killed: this is what it left" in done.stderr
    assert 'name="voicetest kept time"' in (killed / "x.xml").read_text()
    assert "Load: 5 calls" in (killed / "x.html").read_text()


def test_its_figures_are_those_of_what_was_over(killed: Path, voicetest: Run) -> None:
    found = json.loads(voicetest("report", killed, "--json").stdout)
    assert (found["exit_code"], found["ended_by"]) == (137, "SIGKILL or a crash")
    assert [found["figures"][name] for name in ("begun", "ended_well", "unknown")] == [5, 4, 1]
    assert not (killed / "load.html").exists()


def test_without_options_the_page_is_written_into_the_folder(killed: Path, voicetest: Run) -> None:
    assert voicetest("report", killed).returncode == 0
    assert (killed / "load.html").exists()


def test_what_only_a_run_has_is_refused(killed: Path, voicetest: Run) -> None:
    done = voicetest("report", killed, "--github")
    assert done.returncode == 2
    assert "a load has a page and JUnit" in done.stderr


def test_a_damaged_load_is_told(killed: Path, voicetest: Run) -> None:
    (killed / "load.json").write_text('{"schema_version": 1}')
    done = voicetest("report", killed)
    assert done.returncode == 3
    assert "load.json is damaged" in done.stderr
    (killed / "load.json").unlink()
    (killed / JOURNAL).write_text("")
    done = voicetest("report", killed)
    assert (done.returncode, "load.jsonl is empty" in done.stderr) == (3, True)
