from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from voicetest.clock import Clock, Interruption
from voicetest.executor.plan import plan
from voicetest.executor.shared_loop import SharedLoops, shares_loop
from voicetest.speech.providers import Speech

SCENARIO = """\
version: 1
name: a call
agent: {adapter: pipecat, url: "ws://127.0.0.1:1"}
script:
  - agent: {}
"""


@pytest.fixture
def loops() -> SharedLoops:
    return SharedLoops(4)


def test_calls_by_one_adapter_share_a_loop_and_begin_one_after_the_other(
    tmp_path: Path, speech: Speech, loops: SharedLoops
) -> None:
    path = tmp_path / "call.yaml"
    path.write_text(SCENARIO)
    planned = plan(path, {}, speech)
    assert shares_loop(planned)
    began: list[tuple[int, float]] = []

    async def call(number: int) -> asyncio.AbstractEventLoop:
        began.append((number, time.monotonic()))
        return asyncio.get_running_loop()

    async def all_at_once() -> list[asyncio.AbstractEventLoop]:
        async with asyncio.TaskGroup() as tasks:
            made = [
                tasks.create_task(asyncio.to_thread(shared.run, call(number), Interruption()))
                for number in range(4)
            ]
        return [task.result() for task in made]

    with loops:
        found = loops.of(planned)
        assert found is not None
        shared = found
        assert loops.of(planned) is shared
        assert len(set(asyncio.run(all_at_once()))) == 1
    times = sorted(at for _, at in began)
    # The clock of a loop is that of the machine: each may begin 30 ms after the one before it.
    assert all(b - a >= 0.029 for a, b in pairwise(times))


def test_a_call_on_virtual_time_has_a_loop_of_its_own(
    tmp_path: Path, speech: Speech, loops: SharedLoops
) -> None:
    path = tmp_path / "call.yaml"
    path.write_text(SCENARIO)
    planned = replace(plan(path, {}, speech), clock=Clock.VIRTUAL)
    with loops:
        assert not shares_loop(planned)
        assert loops.of(planned) is None


def test_an_interruption_ends_a_call_that_waits_for_its_turn(
    tmp_path: Path, speech: Speech, loops: SharedLoops
) -> None:
    path = tmp_path / "call.yaml"
    path.write_text(SCENARIO)
    interruption = Interruption()
    interruption.ask()

    async def call() -> None:
        raise AssertionError("it began")

    with loops:
        shared = loops.of(plan(path, {}, speech))
        assert shared is not None
        with pytest.raises(KeyboardInterrupt):
            shared.run(call(), interruption)
