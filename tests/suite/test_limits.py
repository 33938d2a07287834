from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.suite.conftest import WriteScenario
from voicetest.report.console import Console
from voicetest.speech.providers import Speech
from voicetest.suite import descriptors, memory
from voicetest.suite.descriptors import calls_that_fit
from voicetest.suite.limits import within_limits
from voicetest.suite.memory import MIB
from voicetest.suite.options import RunOptions
from voicetest.suite.parallel import run_suite
from voicetest.suite.plan import load_all, plan_files

Capture = pytest.CaptureFixture[str]


def _told(path: Path, tmp_path: Path, capsys: Capture, clock: str = "real") -> str:
    options = RunOptions(jobs=9, repeat=9, clock=clock)
    summary = run_suite([path], tmp_path / "runs", Console(), options)
    assert summary.exit_code == 0
    return capsys.readouterr().err


def test_jobs_for_which_there_are_too_few_files_are_lowered_with_a_warning(
    tmp_path: Path, scenario: WriteScenario, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    assert calls_that_fit(1, 1, 1 << 20) == 1
    used = 64 + len(list(Path("/dev/fd").iterdir()))
    monkeypatch.setattr(descriptors, "raise_limit", lambda: used + 40)
    told = _told(scenario("a.yaml"), tmp_path, capsys)
    assert "--jobs 9 is lowered to 3: a process may open" in told


@pytest.mark.parametrize(
    ("free", "jobs"), [(205 * MIB, "5"), (209 * MIB, None), (150 * MIB, "1"), (0, "1")]
)
def test_jobs_for_which_there_is_too_little_memory_are_lowered_with_a_warning(
    tmp_path: Path,
    scenario: WriteScenario,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Capture,
    free: int,
    jobs: str | None,
) -> None:
    monkeypatch.setattr("voicetest.suite.making.FINISHERS", 2)
    monkeypatch.setattr(memory, "free_memory", lambda: free)
    told = _told(scenario("a.yaml"), tmp_path, capsys)
    if jobs is None:
        assert "lowered" not in told
    else:
        assert f"--jobs 9 is lowered to {jobs}: {free // MIB} MiB of memory are free" in told
        assert "9 calls at once may take 209" in told


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="there are processes for processors")
def test_processes_that_share_the_calls_may_each_open_so_many_files(
    scenario: WriteScenario, speech: Speech, monkeypatch: pytest.MonkeyPatch
) -> None:
    (planned,) = plan_files(load_all([scenario("a.yaml")], {}).files, speech, "real")
    each = planned.adapter.descriptors
    used = 64 + len(list(Path("/dev/fd").iterdir()))
    monkeypatch.setattr(descriptors, "raise_limit", lambda: used + 30 * each)
    monkeypatch.setattr(memory, "free_memory", lambda: None)
    told: list[str] = []
    jobs = [
        within_limits([(planned, calls)], RunOptions(jobs=calls), told.append).jobs
        for calls in (31, 55, 80)
    ]
    assert jobs == [30, 55, 60]
    assert ["a process may open" in words for words in told] == [True, True]
