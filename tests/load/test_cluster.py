"""A load by two workers of a cluster, of which one is killed; skipped without Dask."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.benchmarks.media_agent import MediaAgent
from tests.conftest import Speak
from voicetest.errors import ExitCode, SetupError
from voicetest.load.conduct import run_load
from voicetest.load.journal import JOURNAL, read_events
from voicetest.load.request import LoadRequest, stage_by
from voicetest.load.tally import Tally
from voicetest.report.console import Console
from voicetest.report.load_events import Ended
from voicetest.scenario.load_file import LoadKeep

pytest.importorskip("distributed", reason="voicetest[cluster] is not installed")
pytestmark = [pytest.mark.process, pytest.mark.timeout(300)]

_START_S = 60.0


class _Cluster:
    """A scheduler and its workers, each a process."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._folder, self._stack = folder, stack
        self.file = folder / "scheduler.json"
        self.workers: list[subprocess.Popen[bytes]] = []

    def schedule(self, allowed_failures: str) -> str:
        """Start the scheduler; its address."""
        name = "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES"
        self._start("scheduler", "--port", "0", **{name: allowed_failures})
        until = time.monotonic() + _START_S
        while not self.file.exists():
            assert time.monotonic() < until
            time.sleep(0.1)
        return str(json.loads(self.file.read_text())["address"])

    def work(self, *options: str) -> None:
        """Start a worker."""
        self.workers.append(self._start("worker", "--nthreads", "1", *options))

    def _start(self, *words: str, **more: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "dask", *words, "--no-dashboard"]
        command += ["--host", "127.0.0.1", "--scheduler-file", str(self.file)]
        log = self._stack.enter_context((self._folder / f"{len(self.workers)}.log").open("w"))
        environment = {**os.environ, **more}
        started = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
        self._stack.callback(started.wait, 30)
        self._stack.callback(started.terminate)
        return started


@contextmanager
def _cluster(folder: Path) -> Iterator[_Cluster]:
    with ExitStack() as stack:
        yield _Cluster(folder, stack)


def _workers_there(address: str, wanted: int) -> None:
    from distributed import Client

    with Client(address) as client:
        client.wait_for_workers(wanted, timeout=_START_S)


@pytest.fixture
def request_of(
    speak: Speak, tmp_path: Path, cache_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[LoadRequest, MediaAgent]]:
    """Six callers for some seconds."""
    monkeypatch.setenv("VOICETEST_CACHE", str(cache_folder))
    with MediaAgent(speak("Thank you for calling, your parcel is on its way.", "en-us")) as agent:
        path = tmp_path / "parcel.yaml"
        path.write_text(
            f"""
version: 1
agent: {{adapter: pipecat, url: "ws://127.0.0.1:{agent.port}", response_max_duration: 3s}}
script: [agent, user: Where is it?, agent]
"""
        )
        stages = [stage_by("6 calls, ramp 1s, hold 8s")]
        yield LoadRequest([(path, None)], stages, keep=LoadKeep(sample=0.0)), agent


def test_a_cluster_makes_the_load_and_calls_of_a_lost_worker_are_lost(
    request_of: tuple[LoadRequest, MediaAgent], tmp_path: Path
) -> None:
    request, agent = request_of
    with _cluster(tmp_path) as cluster:
        address = cluster.schedule("0")
        for _ in range(2):
            cluster.work("--no-nanny")
        _workers_there(address, 2)
        request = LoadRequest(**{**vars(request), "cluster": address})

        def nothing(tally: Tally, lines: int) -> None:
            pass

        whole, folder = run_load(request, tmp_path / "loads", Console(), nothing)
        assert whole.figures.begun == len(agent.traffic()) >= 6
        assert (whole.keeping_time.lost_calls, whole.ended_by) == (0, None)
        numbers = [e.call for e in read_events(folder / JOURNAL) if isinstance(e, Ended)]
        assert len(set(numbers)) == whole.figures.begun

        def kill(tally: Tally, lines: int) -> None:
            if lines >= 5 and cluster.workers[1].poll() is None:
                cluster.workers[1].kill()

        summary, folder = run_load(request, tmp_path / "loads", Console(), kill)
        assert summary.ended_by == "the loss of 1 of 2 workers"
        assert summary.keeping_time.lost_calls == 3
        assert summary.figures.unknown >= 3
        assert summary.exit_code == ExitCode.CONNECTION
        ended = [e.call for e in read_events(folder / JOURNAL) if isinstance(e, Ended)]
        assert len(set(ended)) == len(ended) == len(agent.traffic()) == summary.figures.begun


def test_a_cluster_that_would_make_calls_twice_is_refused(
    request_of: tuple[LoadRequest, MediaAgent], tmp_path: Path
) -> None:
    request, _ = request_of
    with _cluster(tmp_path) as cluster:
        request = LoadRequest(**{**vars(request), "cluster": cluster.schedule("3")})
        with pytest.raises(SetupError, match="ALLOWED_FAILURES=0 in its environment"):
            run_load(request, tmp_path / "loads", Console(), lambda tally, lines: None)
    assert list((tmp_path / "loads").iterdir()) == []


def test_workers_that_may_not_have_processes_are_told_how_to_start(
    request_of: tuple[LoadRequest, MediaAgent], tmp_path: Path
) -> None:
    request, _ = request_of
    with _cluster(tmp_path) as cluster:
        address = cluster.schedule("0")
        request = LoadRequest(**{**vars(request), "cluster": address})
        with pytest.raises(SetupError, match="has no workers"):
            run_load(request, tmp_path / "loads", Console(), lambda tally, lines: None)
        cluster.work("--nanny")
        _workers_there(address, 1)
        with pytest.raises(SetupError, match="--no-nanny"):
            run_load(request, tmp_path / "loads", Console(), lambda tally, lines: None)
