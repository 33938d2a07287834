from __future__ import annotations

from pathlib import Path

import pytest

from tests.suite.conftest import WriteScenario
from voicetest.report.console import Console
from voicetest.suite import descriptors, memory
from voicetest.suite.descriptors import calls_that_fit
from voicetest.suite.memory import MIB
from voicetest.suite.options import RunOptions
from voicetest.suite.parallel import run_suite

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
    assert "--jobs 9 is lowered to 3: this process may open" in told


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
