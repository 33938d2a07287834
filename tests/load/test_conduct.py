"""A whole load over this machine's loopback: its folder, its figures, its end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.benchmarks.media_agent import MediaAgent
from tests.conftest import Speak
from voicetest.errors import ExitCode, SetupError
from voicetest.load.conduct import run_load
from voicetest.load.journal import JOURNAL, read_events
from voicetest.load.request import LoadRequest, limits_by, stage_by
from voicetest.load.stored import stored_load
from voicetest.load.tally import Tally
from voicetest.load.targets import LoadRefused
from voicetest.report.console import Console
from voicetest.report.load_events import Begun, Ended, LoadPlan
from voicetest.report.load_summary import LoadSummary
from voicetest.scenario.load_file import LoadKeep
from voicetest.scenario.load_limits import LoadLimits

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def agent(speak: Speak) -> Iterator[MediaAgent]:
    """It says the same again and again."""
    said = speak("Thank you for calling, your parcel is on its way to you.", "en-us")
    with MediaAgent(said) as serving:
        yield serving


@pytest.fixture
def scenario(
    agent: MediaAgent, tmp_path: Path, cache_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A call of some seconds."""
    monkeypatch.setenv("VOICETEST_CACHE", str(cache_folder))
    path = tmp_path / "parcel.yaml"
    path.write_text(
        f"""
version: 1
name: A parcel
agent: {{adapter: pipecat, url: "ws://127.0.0.1:{agent.port}", response_max_duration: 3s}}
script:
  - agent
  - user: Where is it?
  - agent
"""
    )
    return path


def _request(path: Path, *stages: str, keep: LoadKeep | None = None, **more: object) -> LoadRequest:
    limits = limits_by(["response_latency p95 5s"], LoadLimits())
    values = {"keep": keep or LoadKeep(), "limits": limits, **more}
    return LoadRequest([(path, None)], [stage_by(text) for text in stages], **values)  # type: ignore[arg-type]


def _load(request: LoadRequest, out: Path) -> tuple[LoadSummary, Path]:
    return run_load(request, out, Console(), lambda tally, lines: None)


def test_a_load_leaves_its_figures_and_the_calls_of_its_sample(
    scenario: Path, tmp_path: Path
) -> None:
    request = _request(scenario, "2 calls, ramp 500ms, hold 3s", keep=LoadKeep(sample=1.0))
    summary, folder = _load(request, tmp_path / "loads")
    assert json.loads((folder / "load.json").read_text()) == json.loads(summary.as_json())
    assert (tmp_path / "loads" / "latest").resolve() == folder.resolve()
    figures = summary.figures
    assert figures.begun == figures.connected >= 2
    assert [stage.figures for stage in summary.stages] == [figures]
    events = list(read_events(folder / JOURNAL))
    ended = [event for event in events if isinstance(event, Ended)]
    assert len(ended) == figures.begun
    assert sorted(path.name for path in (folder / "calls").iterdir()) == sorted(
        str(call.folder).removeprefix("calls/") for call in ended
    )
    for call in ended:
        assert call.dialled_s is not None
        assert call.due_s <= call.begun_s <= call.dialled_s < call.hung_up_s <= call.at_s
        manifest = json.loads((folder / str(call.folder) / "manifest.json").read_text())
        metrics = manifest["metrics"]
        assert [latency for _, latency in call.answers] == metrics["response_latency"]["values"]
        assert (folder / str(call.folder) / "recording.wav").stat().st_size > 100_000
        assert call.duration_s == pytest.approx(call.hung_up_s - call.dialled_s, abs=1.0)


def test_what_is_computed_of_the_lines_again_is_the_same(scenario: Path, tmp_path: Path) -> None:
    summary, folder = _load(_request(scenario, "2/s for 1s"), tmp_path / "loads")
    plan, *events = read_events(folder / JOURNAL)
    assert isinstance(plan, LoadPlan)
    tally = Tally(plan)
    for event in events:
        tally.take(event)
    assert tally.summary(summary.folder).as_json() == summary.as_json()
    assert list((folder / "calls").iterdir()) == []  # nothing failed, and no sample was due


def test_calls_that_fail_are_kept_up_to_the_number(scenario: Path, tmp_path: Path) -> None:
    scenario.write_text(scenario.read_text() + "checks: {response_latency: {max: 1ms}}\n")
    request = _request(scenario, "3/s for 1s", keep=LoadKeep(failed=2, sample=0.0))
    summary, folder = _load(request, tmp_path / "loads")
    assert summary.figures.failed + summary.figures.unknown == 3
    kept = list((folder / "calls").iterdir())
    assert len(kept) == len(summary.kept) == min(2, summary.figures.failed)
    for call in summary.kept:
        assert (folder / call.folder / "recording.wav").exists()


def test_a_signal_ends_it_early_with_all_written(scenario: Path, tmp_path: Path) -> None:
    out = tmp_path / "loads"
    words = ["load", str(scenario), "--stage", "2 calls, hold 10m", "--out", str(out)]
    command = [sys.executable, "-m", "voicetest", *words]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL) as running:
        assert running.stderr is not None
        for line in running.stderr:
            if b"2 on the line" in line:
                break
        running.send_signal(signal.SIGTERM)
        assert running.wait(30) == ExitCode.TERMINATED
        running.stderr.read()
    folder = (out / "latest").resolve()
    summary = stored_load(folder)
    assert (summary.exit_code, summary.ended_by) == (ExitCode.TERMINATED, "SIGTERM")
    begun = [event.call for event in read_events(folder / JOURNAL) if isinstance(event, Begun)]
    assert summary.figures.begun == len(begun) >= 2
    assert summary.own.reason.startswith("it was ended by SIGTERM")


def test_nothing_is_made_for_a_load_that_nobody_allowed(scenario: Path, tmp_path: Path) -> None:
    scenario.write_text(scenario.read_text().replace("127.0.0.1", "bot.example.com"))
    with pytest.raises(LoadRefused, match=r"--target bot\.example\.com"):
        _load(_request(scenario, "1/s for 1s"), tmp_path / "loads")
    assert not (tmp_path / "loads").exists()


def test_more_callers_than_can_be_are_told_before_any_call(scenario: Path, tmp_path: Path) -> None:
    text = scenario.read_text().replace("response_max", "max_concurrent: 2, response_max")
    scenario.write_text(text)
    with pytest.raises(SetupError, match=r"stage 1 wants 3 calls at once.*allows 2"):
        _load(_request(scenario, "3 calls, hold 1s"), tmp_path / "loads")


def test_the_calls_of_a_process_that_dies_are_lost_and_never_made_again(
    scenario: Path, tmp_path: Path, agent: MediaAgent
) -> None:
    killed: list[int] = []

    def show(tally: Tally, lines: int) -> None:
        if lines == 2 and not killed:
            host = next(p for p in _forked() if p.nice() == os.nice(0))
            killed.append(host.pid)
            host.kill()

    agent.traffic()
    request = _request(scenario, "2 calls, hold 4s, pause 0s")
    summary, folder = run_load(request, tmp_path / "loads", Console(), show)
    ended = [event for event in read_events(folder / JOURNAL) if isinstance(event, Ended)]
    assert [call.lost for call in ended].count(True) == 2
    assert summary.keeping_time.lost_calls == 2
    assert summary.exit_code == ExitCode.CONNECTION
    assert (summary.figures.errors, summary.figures.unknown) == (0, 2)
    assert len(agent.traffic()) == summary.figures.begun == len(ended)


def _forked() -> list[psutil.Process]:
    """The processes of this one that make calls, or look at them."""
    return sorted(
        (
            process
            for server in psutil.Process().children()
            for process in server.children()
            if process.is_running()
        ),
        key=lambda process: process.pid,
    )
