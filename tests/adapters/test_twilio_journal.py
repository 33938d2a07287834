"""What a run changes at Twilio is on the disk before it is changed, and held while it runs."""

from __future__ import annotations

import resource
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from voicetest.adapters.twilio_journal import Change, Journal, default_folder

NUMBER = "PN" + "1" * 32
CHANGE = Change(
    base_url="https://api.twilio.com",
    account_sid="AC" + "0" * 32,
    sid=NUMBER,
    url="https://ours.example/twilio/voice",
    former_url="https://theirs.example/voice",
    former_method="GET",
    former_application_sid="AP" + "2" * 32,
)
HOLDS = """
import sys, time
from pathlib import Path
from voicetest.adapters.twilio_journal import Change, Journal
with Journal(Path(sys.argv[1])).entry(sys.argv[2]) as entry:
    entry.write(Change("https://api.twilio.com", "AC0", sys.argv[2], "https://ours.example"))
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_change_is_there_for_who_comes_later(tmp_path: Path) -> None:
    with Journal(tmp_path).entry(NUMBER) as entry:
        entry.write(CHANGE)
    assert Journal(tmp_path).left() == (NUMBER,)
    with Journal(tmp_path).entry(NUMBER) as entry:
        assert entry.read() == CHANGE


def test_nothing_stays_of_a_change_that_was_undone_or_never_made(tmp_path: Path) -> None:
    with Journal(tmp_path).entry(NUMBER) as entry:
        entry.write(CHANGE)
        entry.remove()
    with Journal(tmp_path).entry("PN" + "3" * 32) as entry:
        assert entry.read() is None
    assert Journal(tmp_path).left() == ()


def test_a_change_is_held_by_one_at_a_time(tmp_path: Path) -> None:
    with (
        Journal(tmp_path).entry(NUMBER) as entry,
        pytest.raises(BlockingIOError),
        Journal(tmp_path).entry(NUMBER),
    ):
        entry.write(CHANGE)
    with Journal(tmp_path).entry("PN" + "3" * 32):
        pass


def test_what_was_not_written_to_its_end_was_not_changed(tmp_path: Path) -> None:
    with Journal(tmp_path).entry(NUMBER) as entry:
        entry.write(CHANGE)
    (path,) = (tmp_path / "twilio").iterdir()
    whole = path.read_text()
    for size in range(len(whole)):
        path.write_text(whole[:size])
        with Journal(tmp_path).entry(NUMBER) as entry:
            assert entry.read() is None


def test_only_its_owner_may_read_it_and_no_credentials_are_in_it(tmp_path: Path) -> None:
    with Journal(tmp_path).entry(NUMBER) as entry:
        entry.write(CHANGE)
    (path,) = (tmp_path / "twilio").iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert set(Change.__dataclass_fields__) == {
        "base_url", "account_sid", "sid", "url",
        "former_url", "former_method", "former_application_sid",
    }  # fmt: skip


def test_where_nothing_can_be_kept_nothing_is_left(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    for journal in (Journal(tmp_path / "state"), Journal(None)):
        with pytest.raises(OSError), journal.entry(NUMBER):  # noqa: PT011  # whichever it is
            pass
        assert journal.left() == ()


@pytest.mark.parametrize(
    "text",
    [
        "[" * 50_000,
        "[]",
        "7",
        '{"sid": 1}',
        f'{{"base_url": 1, "account_sid": "AC", "sid": "{NUMBER}"}}',
        '{"base_url": "x", "account_sid": "AC", "sid": "../etc"}',
        f'{{"base_url": "x", "account_sid": "AC", "sid": "{NUMBER}", "more": ""}}',
    ],
)
def test_what_was_not_written_by_us_is_no_change(tmp_path: Path, text: str) -> None:
    with Journal(tmp_path).entry(NUMBER) as entry:
        entry.write(CHANGE)
    (path,) = (tmp_path / "twilio").iterdir()
    path.write_text(text)
    with Journal(tmp_path).entry(NUMBER) as entry:
        assert entry.read() is None


@pytest.mark.parametrize("room", [0, 10])
def test_what_a_full_disk_takes_only_in_part_is_no_change(tmp_path: Path, room: int) -> None:
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    with Journal(tmp_path).entry(NUMBER) as entry:
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, usual[1]))
        try:
            with pytest.raises(OSError, match=r"File too large|No space"):
                entry.write(CHANGE)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, usual)
        assert entry.read() is None
    assert Journal(tmp_path).left() == ()


def test_who_has_no_home_has_no_journal(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOME", "XDG_STATE_HOME", "VOICETEST_STATE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("pwd.getpwuid", _nobody)
    assert default_folder() is None


def _nobody(uid: int) -> object:
    raise KeyError(uid)


def test_its_place_can_be_chosen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.delenv("VOICETEST_STATE", raising=False)
    assert default_folder() == tmp_path / "voicetest"
    monkeypatch.setenv("VOICETEST_STATE", str(tmp_path / "own"))
    assert default_folder() == tmp_path / "own"


@pytest.mark.process
def test_a_process_that_is_killed_holds_nothing_and_leaves_its_change(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLDS, str(tmp_path), NUMBER]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        with pytest.raises(BlockingIOError), Journal(tmp_path).entry(NUMBER):
            pass
        process.send_signal(signal.SIGKILL)
    with Journal(tmp_path).entry(NUMBER) as entry:
        left = entry.read()
    assert left is not None
    assert left.url == "https://ours.example"
