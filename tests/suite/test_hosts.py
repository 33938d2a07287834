"""Calls on the real clock in processes of their own: made once, finished elsewhere, kept apart."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from tests.benchmarks.media_agent import MediaAgent
from voicetest.checks.result import Result
from voicetest.machine import OutOfMeans
from voicetest.report.folder import call_folder
from voicetest.report.progress import Notice
from voicetest.suite.errand import Errand, Unfinished
from voicetest.suite.hosts import Beat, Hosts

pytestmark = pytest.mark.process

WORD = "xylophone-4711"
SCENARIO = """\
version: 1
agent: {{adapter: pipecat, url: "ws://127.0.0.1:{port}"}}
script:
  - dtmf: "1"
  - silence: {silence}
"""
LONG, SHORT = "590s", "500ms"
Send = Callable[..., Errand]


@pytest.fixture(scope="module")
def agent() -> Iterator[MediaAgent]:
    """Somebody to call."""
    noise = np.random.default_rng(1).normal(0, 2000, 48_000).astype(np.int16)
    with MediaAgent(noise) as agent:
        yield agent


@pytest.fixture
def errand(tmp_path: Path, agent: MediaAgent) -> Send:
    """Writes a scenario, and sends somebody to make call `number` of it."""

    def send(number: int, silence: str = SHORT) -> Errand:
        path = tmp_path / f"{silence}.yaml"
        path.write_text(SCENARIO.format(port=agent.port, silence=silence))
        return Errand(
            call=number,
            path=path,
            case=None,
            variables={},
            clock="real",
            offline=False,
            later_seed=0,
            folder=call_folder(tmp_path, f"call-{number}", None, 1),
            verbose=False,
        )

    return send


class _Heard:
    """What hosts tell."""

    def __init__(self) -> None:
        self.notices: list[Notice] = []
        self.beats: list[Beat] = []
        self._loop = asyncio.get_running_loop()
        self._calling: set[int] = set()
        self._changed = asyncio.Event()

    def notice(self, notice: Notice) -> None:
        """From a thread."""
        self._loop.call_soon_threadsafe(self._take, notice)

    def _take(self, notice: Notice) -> None:
        self.notices.append(notice)
        if "step 2" in notice.doing:
            self._calling.add(notice.call)
            self._changed.set()

    async def at_second_step(self, calls: int) -> None:
        """Wait until so many calls are under way."""
        async with asyncio.timeout(60):
            while len(self._calling) < calls:
                self._changed.clear()
                await self._changed.wait()


@asynccontextmanager
async def _hosts(calls: int, size: int) -> AsyncIterator[tuple[Hosts, _Heard]]:
    heard = _Heard()
    with Hosts(calls, heard.notice, heard.beats.append, size) as hosts:
        yield hosts, heard


def _manifest(errand: Errand) -> Any:
    return json.loads((errand.folder / "manifest.json").read_text())


def _forked_at(niceness: int) -> list[psutil.Process]:
    """The processes that make calls, which are as nice as this one, or those that finish them."""
    all_of_them = psutil.Process().children(recursive=True)
    return [child for child in all_of_them if _forked(child) and child.nice() == niceness]


def _forked(process: psutil.Process) -> bool:
    parent = process.parent()
    return parent is not None and parent.pid != os.getpid() and "forkserver" in _line(process)


def _line(process: psutil.Process) -> str:
    return " ".join(process.cmdline())


_NICE = psutil.Process().nice()


def test_calls_are_dealt_out_evenly_and_each_is_finished(errand: Send) -> None:
    async def made() -> tuple[list[Result], _Heard]:
        async with _hosts(6, 2) as (hosts, heard):
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(hosts.make(errand(n, "2s"))) for n in range(6)]
            return [task.result() for task in tasks], heard

    results, heard = asyncio.run(made())
    assert [result.status for result in results] == ["passed"] * 6, results[0].reason
    assert {beat.process: beat.jobs for beat in heard.beats if beat.jobs == 3} == {0: 3, 1: 3}
    assert all(0 <= beat.cpu < 2 and 0 <= beat.late_s <= 10 for beat in heard.beats)
    assert {notice.call for notice in heard.notices} == set(range(6))


def test_the_calls_of_a_process_that_dies_are_errors_and_the_others_are_made(
    errand: Send, agent: MediaAgent
) -> None:
    agent.traffic()

    async def made() -> list[Result | BaseException]:
        async with _hosts(4, 2) as (hosts, heard):
            calls = [asyncio.create_task(hosts.make(errand(n, "3s"))) for n in range(4)]
            await heard.at_second_step(4)
            one, *_ = _forked_at(_NICE)
            one.kill()
            found = await asyncio.gather(*calls, return_exceptions=True)
            return [*found, await hosts.make(errand(4))]

    *found, later = asyncio.run(made())
    lost = [error for error in found if isinstance(error, OutOfMeans)]
    assert ["the process of this call died" in str(error) for error in lost] == [True, True]
    good = [result.status for result in (*found, later) if isinstance(result, Result)]
    assert good == ["passed"] * 3
    assert len(agent.traffic()) == 5  # none was made again


def test_who_asks_for_an_end_gets_what_there_is(errand: Send) -> None:
    given: list[Errand] = []

    async def made() -> list[Result]:
        async with _hosts(2, 1) as (hosts, heard):
            given.extend(errand(n, LONG) for n in range(2))
            calls = [asyncio.create_task(hosts.make(one)) for one in given]
            await heard.at_second_step(2)
            hosts.interrupt("SIGTERM")
            return [await call for call in calls]

    results = asyncio.run(made())
    assert [result.errors[0].kind for result in results] == ["interrupted"] * 2
    assert [_manifest(one)["errors"][0]["message"] for one in given] == [
        "interrupted by SIGTERM"
    ] * 2
    assert all(_manifest(one)["duration_s"] > 0 for one in given)


def test_a_call_that_was_made_is_finished_though_a_process_dies_over_it(errand: Send) -> None:
    async def made() -> Result:
        async with _hosts(1, 1) as (hosts, _):
            given = errand(0)
            unfinished = await hosts.call(given)
            assert isinstance(unfinished, Unfinished)
            one, *_others = _forked_at(_NICE + 5)
            one.kill()
            return await hosts.finish(given, unfinished)

    assert asyncio.run(made()).status == "passed"


def test_what_is_given_up_leaves_at_once(errand: Send) -> None:
    async def made() -> list[BaseException | Result]:
        async with _hosts(2, 1) as (hosts, heard):
            calls = [asyncio.create_task(hosts.make(errand(n, LONG))) for n in range(2)]
            await heard.at_second_step(2)
            hosts.give_up()
            return await asyncio.gather(*calls, return_exceptions=True)

    assert [type(found) for found in asyncio.run(made())] == [OutOfMeans] * 2


def test_a_signal_for_the_whole_group_ends_no_process_of_a_run(
    errand: Send, agent: MediaAgent
) -> None:
    async def made() -> Result:
        async with _hosts(1, 1) as (hosts, heard):
            call = asyncio.create_task(hosts.make(errand(0, "2s")))
            await heard.at_second_step(1)
            for child in psutil.Process().children(recursive=True):
                # That of resources may be older than this run, and belong to the tests as well.
                if child.pid != agent.pid and "resource_tracker" not in _line(child):
                    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                        child.send_signal(number)
            return await call

    assert asyncio.run(made()).status == "passed"
