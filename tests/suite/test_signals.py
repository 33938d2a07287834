"""SIGTERM, SIGHUP and Ctrl-C end a run early, with everything written."""

from __future__ import annotations

import json
import signal
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.endings import Ended, Sent, end
from voicetest.suite.signals import finishing

pytestmark = pytest.mark.process

BILLING = str(Path(__file__).parents[2] / "scenarios" / "billing.yaml")
SPEAKS = "agent_start_speaking"
CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}


@pytest.fixture(autouse=True)
def _with_a_warm_cache(monkeypatch: pytest.MonkeyPatch, cache_folder: Path) -> None:
    monkeypatch.setenv("VOICETEST_CACHE", str(cache_folder))


def _is_written(ended: Ended, code: int) -> None:
    assert ended.exit_code == code, ended.output
    assert ended.summary is not None, ended.output
    assert ended.summary["exit_code"] == code
    for call in ended.calls:
        manifest = json.loads((call / "manifest.json").read_bytes())
        assert manifest["errors"][0]["kind"] == "interrupted"
    assert ended.unplayable == []


@pytest.mark.parametrize("number", CODES)
def test_a_call_that_is_ended_by_a_signal_is_written(tmp_path: Path, number: int) -> None:
    arguments = [BILLING, "--clock", "real", "--junit", str(tmp_path / "junit.xml")]
    ended = end(arguments, tmp_path / "runs", [Sent(number)], SPEAKS)
    _is_written(ended, CODES[signal.Signals(number)])
    assert len(ended.calls) == 1
    assert "interrupted" in (tmp_path / "junit.xml").read_text()


def test_what_ends_a_process_that_is_ending_already_changes_nothing() -> None:
    with finishing(is_ending=True):
        signal.raise_signal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt), finishing():
        signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize("to_group", [True, False])
def test_calls_in_processes_are_written_whoever_gets_the_signal(
    tmp_path: Path, to_group: bool
) -> None:
    arguments = [BILLING, "--jobs", "2", "--repeat", "40"]
    told = [Sent(signal.SIGTERM, to_group=to_group)]
    ended = end(arguments, tmp_path / "runs", told, "listening again", wait_s=1)
    assert ended.exit_code == 143, ended.output
    assert ended.summary is not None
    assert all((call / "manifest.json").exists() for call in ended.calls), ended.output
    assert "resource_tracker" not in ended.output


@pytest.mark.parametrize(
    "sent",
    [
        [Sent(signal.SIGINT), Sent(signal.SIGTERM, after_s=0.1)],
        [Sent(signal.SIGTERM), Sent(signal.SIGTERM), Sent(signal.SIGTERM)],
    ],
)
def test_another_signal_and_one_that_comes_twice_at_once_change_nothing(
    tmp_path: Path, sent: Sequence[Sent]
) -> None:
    ended = end([BILLING, "--clock", "real"], tmp_path / "runs", sent, SPEAKS)
    _is_written(ended, CODES[signal.Signals(sent[0].number)])


def test_while_lines_are_spoken_a_signal_ends_all_and_leaves_no_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VOICETEST_CACHE", str(tmp_path / "cold"))
    ended = end([BILLING], tmp_path / "runs", [Sent(signal.SIGTERM)], "lines to speak")
    assert (ended.exit_code, ended.folder) == (143, None), ended.output
    assert ended.output.split() == "lines to speak: 4".split()


def test_a_hang_up_that_nohup_keeps_away_is_ignored(tmp_path: Path) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        sent = [Sent(signal.SIGHUP, to_group=True), Sent(signal.SIGTERM, after_s=1.0)]
        ended = end([BILLING, "--clock", "real"], tmp_path / "runs", sent, SPEAKS)
    finally:
        signal.signal(signal.SIGHUP, before)
    _is_written(ended, 143)
    assert "SIGHUP" not in ended.output
    assert ended.took_s > 1.0
