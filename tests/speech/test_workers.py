from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.speech import jobs
from voicetest.clock import Clock, run
from voicetest.errors import SetupError
from voicetest.speech.workers import Workers

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    with Workers(size=2) as workers:
        yield workers


def test_work_runs_in_another_process_that_is_kept(workers: Workers) -> None:
    async def twice() -> tuple[int, int]:
        return await workers.run("a", jobs.pid), await workers.run("a", jobs.pid)

    first, second = asyncio.run(twice())
    assert first == second != os.getpid()


def test_each_kind_of_work_has_processes_of_its_own(workers: Workers) -> None:
    async def both() -> tuple[list[str], list[str]]:
        return await workers.run("x", jobs.in_kind, "x"), await workers.run("y", jobs.in_kind, "y")

    assert asyncio.run(both()) == (["x"], ["y"])


def test_jobs_run_side_by_side_up_to_the_size(workers: Workers) -> None:
    async def many() -> set[int]:
        return set(await asyncio.gather(*(workers.run("a", jobs.sleep, 0.05) for _ in range(6))))

    assert len(asyncio.run(many())) == 2


def test_it_works_under_virtual_time(workers: Workers) -> None:
    async def virtual() -> tuple[int, float]:
        return await workers.run("a", jobs.pid), asyncio.get_running_loop().time()

    found, now = run(virtual(), Clock.VIRTUAL)
    assert found != os.getpid()
    assert now == 0


def test_an_error_of_the_work_reaches_the_caller(workers: Workers) -> None:
    with pytest.raises(LookupError, match="no such voice"):
        asyncio.run(workers.run("a", jobs.fail, "no such voice"))
    assert asyncio.run(workers.run("a", jobs.pid))


def test_a_killed_process_is_replaced_before_the_next_job() -> None:
    with Workers(size=1) as workers:
        first = asyncio.run(workers.run("a", jobs.pid))
        os.kill(first, signal.SIGKILL)
        psutil.wait_procs([psutil.Process(first)] if psutil.pid_exists(first) else [], timeout=5)
        assert asyncio.run(workers.run("a", jobs.pid)) != first


def test_a_job_whose_process_dies_is_done_again(tmp_path: Path) -> None:
    with Workers(size=1) as workers:
        assert asyncio.run(workers.run("a", jobs.die_once, str(tmp_path / "died")))


def test_a_process_that_gets_little_time_is_waited_for() -> None:
    """It works for 0.2 s, and is stopped for twice the limit in between."""
    with Workers(size=1, job_limit=0.6) as workers:

        async def held_up() -> int:
            pid = await workers.run("a", jobs.pid)
            work = asyncio.create_task(workers.run("a", jobs.work, 0.2))
            await asyncio.sleep(0.05)
            os.kill(pid, signal.SIGSTOP)
            await asyncio.sleep(0.8)
            os.kill(pid, signal.SIGCONT)
            return await work

        assert asyncio.run(held_up()) > 0


def test_a_job_that_works_too_long_is_killed_and_one_may_have_a_limit_of_its_own() -> None:
    with Workers(size=1, job_limit=0.3) as workers:
        assert asyncio.run(workers.run("a", jobs.work, 0.5, job_limit=30.0)) > 0
        with pytest.raises(SetupError, match=r"work took more than 0\.3 s in the a worker"):
            asyncio.run(workers.run("a", jobs.work, 60.0))


def test_work_that_kills_its_process_twice_is_a_clear_error() -> None:
    with Workers(size=1) as workers:
        with pytest.raises(SetupError, match=r"the espeak worker process died twice .*\(die\)"):
            asyncio.run(workers.run("espeak", jobs.die))
        assert asyncio.run(workers.run("espeak", jobs.pid))


def test_a_job_that_hangs_is_killed() -> None:
    with Workers(size=1, job_limit=0.3) as workers:
        first = asyncio.run(workers.run("a", jobs.pid))
        with pytest.raises(SetupError, match=r"sleep took more than 0\.3 s in the a worker"):
            asyncio.run(workers.run("a", jobs.sleep, 60))
        assert asyncio.run(workers.run("a", jobs.pid)) != first


def test_closing_ends_idle_and_busy_processes() -> None:
    async def busy(workers: Workers) -> None:
        first = await workers.run("a", jobs.pid)
        second = asyncio.create_task(workers.run("b", jobs.sleep, 60))
        await asyncio.sleep(0.5)
        await asyncio.to_thread(workers.close)
        with pytest.raises(RuntimeError, match="closed"):
            await second
        assert not psutil.pid_exists(first)

    before = time.monotonic()
    asyncio.run(busy(Workers()))
    assert time.monotonic() - before < 20


def test_closed_workers_take_no_more_work() -> None:
    workers = Workers()
    workers.close()
    with pytest.raises(RuntimeError, match="closed"):
        asyncio.run(workers.run("a", jobs.pid))


def test_workers_do_not_outlive_a_killed_parent(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    told = tmp_path / "pid"
    script.write_text(
        textwrap.dedent(f"""
        import asyncio
        from tests.speech import jobs
        from voicetest.speech.workers import Workers
        if __name__ == "__main__":
            asyncio.run(Workers().run("a", jobs.write_pid_and_sleep, {str(told)!r}))
        """)
    )
    root = Path(__file__).parents[2]
    parent = subprocess.Popen(
        [sys.executable, str(script)], env={**os.environ, "PYTHONPATH": str(root)}
    )
    try:
        worker = _process_named_in(told)
    finally:
        parent.kill()
        parent.wait()
    assert psutil.wait_procs([worker], timeout=10)[1] == []


def _process_named_in(path: Path) -> psutil.Process:
    limit = time.monotonic() + 30
    while time.monotonic() < limit:
        if path.exists() and path.read_text():
            return psutil.Process(int(path.read_text()))
        time.sleep(0.02)
    raise AssertionError("the worker did not start")
