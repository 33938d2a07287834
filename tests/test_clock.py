from __future__ import annotations

import asyncio
import time

import pytest

from voicetest.clock import (
    Clock,
    Interruption,
    NotUnderVirtualTime,
    Stalled,
    VirtualTimeLoop,
    run,
    sleep_until,
)


async def _sleep_for_an_hour() -> float:
    loop = asyncio.get_running_loop()
    start = loop.time()
    await asyncio.sleep(3600)
    return loop.time() - start


def test_an_hour_of_virtual_time_takes_no_time() -> None:
    before = time.perf_counter()
    assert run(_sleep_for_an_hour(), Clock.VIRTUAL) == pytest.approx(3600)
    assert time.perf_counter() - before < 5


def test_virtual_time_starts_at_zero_and_timers_fire_in_order() -> None:
    async def main() -> list[tuple[str, float]]:
        loop = asyncio.get_running_loop()
        fired: list[tuple[str, float]] = []

        def fire(name: str) -> None:
            fired.append((name, loop.time()))

        for name, at in (("late", 2.0), ("early", 1.0), ("middle", 1.5)):
            loop.call_at(at, fire, name)
        await sleep_until(3.0)
        return fired

    fired = run(main(), Clock.VIRTUAL)
    assert [name for name, _ in fired] == ["early", "middle", "late"]
    assert [at for _, at in fired] == pytest.approx([1.0, 1.5, 2.0])


def test_absolute_deadlines_do_not_drift_over_a_thousand_seconds_of_frames() -> None:
    async def main() -> float:
        for frame in range(50_000):
            await sleep_until(frame * 0.02)
        return asyncio.get_running_loop().time()

    assert run(main(), Clock.VIRTUAL) == pytest.approx(49_999 * 0.02, abs=1e-6)


def test_executor_jobs_run_inline_and_pass_on_results_and_errors() -> None:
    def fail() -> None:
        raise ValueError("from the job")

    async def main() -> int:
        loop = asyncio.get_running_loop()
        with pytest.raises(ValueError, match="from the job"):
            await loop.run_in_executor(None, fail)
        return await loop.run_in_executor(None, max, 1, 7)

    assert run(main(), Clock.VIRTUAL) == 7


def test_sockets_and_subprocesses_are_refused_by_name() -> None:
    async def main() -> None:
        with pytest.raises(NotUnderVirtualTime, match="create_connection"):
            await asyncio.open_connection("127.0.0.1", 9)
        with pytest.raises(NotUnderVirtualTime, match="subprocess_exec"):
            await asyncio.create_subprocess_exec("true")
        with pytest.raises(NotUnderVirtualTime, match="add_reader"):
            asyncio.get_running_loop().add_reader(0, print)

    run(main(), Clock.VIRTUAL)


def test_a_call_in_which_nothing_can_happen_any_more_is_reported() -> None:
    async def main() -> None:
        await asyncio.get_running_loop().create_future()

    loop = VirtualTimeLoop()
    task = loop.create_task(main())
    with pytest.raises(Stalled):
        loop.run_until_complete(task)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        loop.run_until_complete(task)
    loop.close()


def test_a_timeout_works_under_virtual_time() -> None:
    async def main() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(30):
                await asyncio.sleep(60)

    run(main(), Clock.VIRTUAL)


def test_the_real_clock_really_waits() -> None:
    async def main() -> float:
        loop = asyncio.get_running_loop()
        start = loop.time()
        await sleep_until(start + 0.05)
        return loop.time() - start

    assert run(main(), Clock.REAL) >= 0.049


@pytest.mark.parametrize("clock", list(Clock))
@pytest.mark.parametrize("before", [True, False])
def test_an_interruption_ends_what_runs_and_lets_it_clean_up(clock: Clock, before: bool) -> None:
    interruption, cleaned = Interruption(), []

    async def main() -> None:
        try:
            asyncio.get_running_loop().call_soon(interruption.ask)
            await asyncio.sleep(60)
        finally:
            cleaned.append(True)

    if before:
        interruption.ask()
    with pytest.raises(KeyboardInterrupt):
        run(main(), clock, interruption)
    assert cleaned == [True]


def test_without_an_interruption_the_result_is_given() -> None:
    async def main() -> int:
        return 7

    assert run(main(), Clock.VIRTUAL, Interruption()) == 7


def test_a_cancellation_that_nobody_asked_for_stays_one() -> None:
    async def main() -> None:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        run(main(), Clock.VIRTUAL, Interruption())
