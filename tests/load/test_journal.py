"""What a load leaves line by line, and what is read of one that was killed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator, ValidationError

from tests.load.engines import drive
from tests.load.test_tally import plan_of
from voicetest.errors import SetupError
from voicetest.load.journal import JOURNAL, Journal, read_events
from voicetest.load.request import stage_by
from voicetest.report.load_events import LoadEvent, Sampled, events_schema

STAGE = stage_by("1/s for 5s")


def _events() -> list[LoadEvent]:
    return [plan_of([STAGE]), *drive(STAGE).events]


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    events = _events()
    with Journal(tmp_path / JOURNAL) as journal:
        for event in events:
            journal.write(event)
    assert list(read_events(tmp_path / JOURNAL)) == events


def test_each_line_keeps_to_the_schema() -> None:
    validator = Draft202012Validator(events_schema())
    for event in _events():
        validator.validate(json.loads(event.model_dump_json()))
    with pytest.raises(ValidationError):
        validator.validate({"kind": "over"})


def test_each_second_is_on_the_disk_when_it_is_over(tmp_path: Path) -> None:
    path = tmp_path / JOURNAL
    events = [*_events()[:4], Sampled(at_s=1.0, calls=1, cpu=0.1, lag_ms=0.5)]
    with Journal(path) as journal:
        for event in events:
            journal.write(event)
        assert list(read_events(path)) == events


def test_a_line_that_a_killed_process_left_broken_is_the_end(tmp_path: Path) -> None:
    path = tmp_path / JOURNAL
    events = _events()
    with Journal(path) as journal:
        for event in events:
            journal.write(event)
    whole = path.read_bytes()
    path.write_bytes(whole[:-30])
    assert list(read_events(path)) == events[:-1]


def test_a_file_that_is_no_load_is_refused(tmp_path: Path) -> None:
    path = tmp_path / JOURNAL
    path.write_text('{"kind":"over","at_s":1.0}\n')
    with pytest.raises(SetupError, match="does not begin as a load does"):
        list(read_events(path))
    with pytest.raises(SetupError, match="cannot be read"):
        list(read_events(tmp_path / "none"))


def test_a_full_disk_ends_the_writing_and_is_known(tmp_path: Path) -> None:
    device = Path("/dev/full")
    if not device.exists():
        pytest.skip("this system has no /dev/full")
    (tmp_path / JOURNAL).symlink_to(device)
    with Journal(tmp_path / JOURNAL) as journal:
        journal.write(plan_of([STAGE]))
        assert journal.failure is not None
        journal.write(plan_of([STAGE]))
