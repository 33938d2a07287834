"""One process with many jobs: each has its result, whatever becomes of the others."""

from __future__ import annotations

import os
import pickle
import threading
from collections.abc import Callable, Iterator
from queue import SimpleQueue
from typing import Any

import pytest

from voicetest.checks.result import Result
from voicetest.machine import OutOfMeans
from voicetest.suite.job_messages import Role
from voicetest.suite.jobs import JobProcess
from voicetest.suite.serving import Station

pytestmark = pytest.mark.process

LIMIT_S = 30.0


@pytest.fixture
def told() -> SimpleQueue[Any]:
    """What the process tells."""
    return SimpleQueue()


@pytest.fixture
def process(told: SimpleQueue[Any]) -> Iterator[JobProcess]:
    """A process for three jobs at once, and one that waits."""
    process = JobProcess(Role(niceness=1, threads=3, waiting=1), 0, told.put)
    yield process
    process.kill()
    process.close()


def _result(process: JobProcess, do: Callable[..., Any], *args: Any, waits: bool = False) -> Any:
    return pickle.loads(process.submit(do, *args, waits=waits).result(LIMIT_S))  # noqa: S301


def _niceness(station: Station) -> int:
    return os.nice(0)


def _break(station: Station) -> int:
    raise ZeroDivisionError


def _unpicklable(station: Station) -> Any:
    return threading.Lock()


def _tell_and_wait(station: Station, what: str) -> str:
    """Tell something, and wait to be interrupted."""
    asked = threading.Event()
    with station.interruption.telling(asked.set):
        station.tell(what)
        return station.interruption.by if asked.wait(LIMIT_S) else "nobody"


def _leave(station: Station) -> None:
    os._exit(3)


def test_a_process_is_as_nice_as_its_role_says(process: JobProcess) -> None:
    assert _result(process, _niceness) == os.nice(0) + 1
    assert process.jobs == 0


@pytest.mark.parametrize("job", [_break, _unpicklable])
def test_a_job_that_breaks_has_a_result_that_says_so(
    process: JobProcess, job: Callable[..., Any]
) -> None:
    broken = _result(process, job)
    assert isinstance(broken, Result)
    assert broken.errors[0].kind == "bug"
    assert isinstance(_result(process, _niceness), int)


def test_jobs_are_told_to_end_while_others_wait_for_them(
    process: JobProcess, told: SimpleQueue[Any]
) -> None:
    jobs = [process.submit(_tell_and_wait, str(n)) for n in range(3)]
    jobs.append(process.submit(_tell_and_wait, "3", waits=True))
    assert {told.get(timeout=LIMIT_S) for _ in range(4)} == {"0", "1", "2", "3"}
    assert process.jobs == 4
    process.interrupt("SIGTERM")
    assert [pickle.loads(job.result(LIMIT_S)) for job in jobs] == ["SIGTERM"] * 4  # noqa: S301


def test_what_a_process_had_to_do_when_it_died_is_lost_and_so_is_what_comes_later(
    process: JobProcess, told: SimpleQueue[Any]
) -> None:
    waiting = process.submit(_tell_and_wait, "waits")
    assert told.get(timeout=LIMIT_S) == "waits"
    process.submit(_leave)
    with pytest.raises(OutOfMeans, match="the process of this call died"):
        waiting.result(LIMIT_S)
    assert process.gone
    with pytest.raises(OutOfMeans):
        process.submit(_niceness).result(LIMIT_S)


def test_a_process_that_is_closed_does_first_what_it_has_to(process: JobProcess) -> None:
    jobs = [process.submit(_niceness) for _ in range(9)]
    process.close(LIMIT_S)
    assert len({pickle.loads(job.result(0)) for job in jobs}) == 1  # noqa: S301
