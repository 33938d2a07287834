from __future__ import annotations

import asyncio
import threading
import time

import pytest

from voicetest.clock import Clock, run
from voicetest.models.side_loop import side_loop

pytestmark = pytest.mark.process


def test_what_holds_up_its_loop_does_not_hold_up_the_callers() -> None:
    async def hold_up() -> str:
        time.sleep(0.5)  # noqa: ASYNC251  # that is the point
        return threading.current_thread().name

    async def main() -> tuple[str, int]:
        ticks = 0

        async def tick() -> None:
            nonlocal ticks
            while True:
                await asyncio.sleep(0.01)
                ticks += 1

        async with side_loop() as side, asyncio.TaskGroup() as tasks:
            ticking = tasks.create_task(tick())
            where = await side.run(hold_up())
            ticking.cancel()
        return where, ticks

    where, ticks = run(main(), Clock.REAL)
    assert where == "side loop"
    assert ticks > 20


def test_errors_come_back_and_cancellation_goes_there() -> None:
    ended = threading.Event()

    async def fail() -> None:
        raise LookupError("gone")

    async def last() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async def main() -> None:
        async with side_loop() as side:
            with pytest.raises(LookupError, match="gone"):
                await side.run(fail())
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.1):
                    await side.run(last())
            assert await asyncio.to_thread(ended.wait, 5)

    run(main(), Clock.REAL)


def test_it_ends_with_its_block() -> None:
    async def main() -> None:
        async with side_loop() as side:
            asyncio.get_running_loop().create_task(side.run(asyncio.sleep(60)))
            await asyncio.sleep(0)
        assert not [t for t in threading.enumerate() if t.name == "side loop"]

    run(main(), Clock.REAL)
