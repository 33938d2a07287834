from __future__ import annotations

import resource
from pathlib import Path

import pytest

from tests.suite.conftest import WriteScenario
from voicetest.errors import SetupError
from voicetest.report.console import Console
from voicetest.suite import parallel
from voicetest.suite.descriptors import calls_that_fit, raise_limit
from voicetest.suite.options import RunOptions
from voicetest.suite.parallel import run_suite


def test_the_soft_limit_is_raised_to_the_hard_one() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 256), hard))
    try:
        limit = raise_limit()
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == limit == min(hard, 1 << 20)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize(
    ("wanted", "each", "limit", "fit"),
    [(50, 12, 1024, 50), (500, 12, 1024, 79), (4, 200, 1024, 4), (9, 200, 1024, 4), (9, 0, 70, 9)],
)
def test_as_many_calls_fit_as_there_are_files_for(
    wanted: int, each: int, limit: int, fit: int
) -> None:
    assert calls_that_fit(wanted, each, limit, used=12) == fit


def test_a_call_for_which_there_are_too_few_is_refused_with_the_figure() -> None:
    with pytest.raises(SetupError, match=r"may open 256 files, of which 180 are left.* needs 200"):
        calls_that_fit(3, 200, 256, used=12)


def test_jobs_that_do_not_fit_are_lowered_with_a_warning(
    tmp_path: Path,
    scenario: WriteScenario,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    few = calls_that_fit(1, 1, 1 << 20)
    assert few == 1
    used = 64 + len(list(Path("/dev/fd").iterdir()))
    monkeypatch.setattr(parallel, "raise_limit", lambda: used + 40)
    options = RunOptions(jobs=9, repeat=9, clock="real")
    summary = run_suite([scenario("a.yaml")], tmp_path / "runs", Console(), options)
    assert summary.exit_code == 0
    assert "--jobs 9 is lowered to 3: this process may open" in capsys.readouterr().err
