from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from voicetest.call.waits import Waits
from voicetest.clock import Clock, run

Told = Callable[[Waits], Awaitable[None]]


def _waits(told: Told, missed_s: float = 0.0) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        await told(Waits(lambda since: loop.time() - missed_s))

    run(main(), Clock.VIRTUAL)


def test_what_holds_already_is_not_waited_for() -> None:
    async def told(waits: Waits) -> None:
        assert await waits.until(lambda: True, 5.0, 0.0)
        assert asyncio.get_running_loop().time() == 0.0

    _waits(told)


def test_who_waits_is_woken_by_the_look_at_which_it_has_become_true() -> None:
    async def told(waits: Waits) -> None:
        true = list[int]()
        waiting = asyncio.ensure_future(waits.until(lambda: bool(true), 5.0, 0.0))
        await asyncio.sleep(1)
        waits.look()
        await asyncio.sleep(0)
        assert not waiting.done()
        true.append(1)
        waits.look_soon()
        assert await waiting
        assert asyncio.get_running_loop().time() == 1.0

    _waits(told)


@pytest.mark.parametrize(("missed_s", "held"), [(0.0, False), (2.0, True)])
def test_a_deadline_counts_what_was_attended_only(missed_s: float, held: bool) -> None:
    async def told(waits: Waits) -> None:
        true = list[int]()
        waiting = asyncio.ensure_future(waits.until(lambda: bool(true), 5.0, 0.0))
        await asyncio.sleep(6)
        waits.look()
        true.append(1)
        waits.look()
        assert await waiting is held

    _waits(told, missed_s)


def test_what_a_condition_raises_is_raised_where_it_is_waited_for() -> None:
    async def told(waits: Waits) -> None:
        held = list[float]([1.0])
        waiting = asyncio.ensure_future(waits.until(lambda: 1 / held[0] > 1, 5.0, 0.0))
        await asyncio.sleep(1)
        held[0] = 0.0
        waits.look()
        with pytest.raises(ZeroDivisionError):
            await waiting

    _waits(told)


def test_a_wait_that_is_given_up_is_looked_at_no_more() -> None:
    async def told(waits: Waits) -> None:
        looked = list[int]()

        def look() -> bool:
            looked.append(1)
            return False

        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await waits.until(look, 5.0, 0.0)
        before = len(looked)
        waits.look()
        assert len(looked) == before

    _waits(told)
