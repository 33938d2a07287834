"""Where the calls of a run are made: few in its own process, many in others."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from tests.benchmarks.media_agent import MediaAgent
from tests.suite.conftest import WriteScenario
from voicetest.report.console import Console
from voicetest.speech.providers import Speech
from voicetest.suite.finishers import FINISHERS
from voicetest.suite.making import processes_for
from voicetest.suite.options import RunOptions
from voicetest.suite.parallel import run_suite
from voicetest.suite.plan import load_all, plan_files

WORD = "xylophone-4711"


@pytest.fixture
def agent() -> Iterator[MediaAgent]:
    """Somebody to call."""
    with MediaAgent(np.zeros(4_800, dtype=np.int16)) as agent:
        yield agent


@pytest.mark.parametrize(
    ("clock", "jobs", "calls", "processes"),
    [
        ("real", 1, 99, 0),
        ("real", 16, 99, FINISHERS),
        ("real", 99, 1, 0),
        ("real", 99, 17, FINISHERS + 1),
        ("real", 400, 400, FINISHERS + min(4, os.cpu_count() or 1)),
        ("auto", 1, 99, 0),
        ("auto", 99, 99, os.cpu_count() if (os.cpu_count() or 1) > 1 else 0),
    ],
)
def test_there_are_processes_for_what_there_is_to_do(
    scenario: WriteScenario, speech: Speech, clock: str, jobs: int, calls: int, processes: int
) -> None:
    (planned,) = plan_files(load_all([scenario("a.yaml")], {}).files, speech, clock)
    assert processes_for([(planned, calls)], jobs) == processes


@pytest.mark.process
def test_many_calls_are_made_and_finished_elsewhere_and_no_secret_leaves(
    tmp_path: Path, agent: MediaAgent, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setenv("SAID_BY", WORD)
    path = tmp_path / "many.yaml"
    path.write_text(
        "version: 1\n"
        f'agent: {{adapter: pipecat, url: "ws://127.0.0.1:{agent.port}/${{env.SAID_BY}}"}}\n'
        "repeat: 17\n"
        "script:\n  - dtmf: '1'\n"
    )
    summary = run_suite([path], tmp_path / "runs", Console(verbose=True), RunOptions(jobs=17))
    assert [line.status for line in summary.scenarios] == ["passed"] * 17, summary.scenarios[0]
    told = capsys.readouterr()
    assert '"type": "step_started"' in told.err
    assert WORD not in told.out + told.err
    for file in Path(summary.folder).rglob("*"):
        assert file.is_dir() or WORD.encode() not in file.read_bytes(), file.name
    assert [p for p in psutil.Process().children() if p.nice() > psutil.Process().nice()] == []
