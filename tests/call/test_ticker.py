from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from itertools import pairwise
from typing import Any

import pytest

from voicetest.call.microphone import FRAME_S
from voicetest.call.ticker import SLOTS, Seat, Ticker
from voicetest.clock import Clock, run


def _virtually(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    run(main(), Clock.VIRTUAL)


async def _kept(seat: Seat, tick: Callable[[], None], seconds: float) -> None:
    async with asyncio.timeout(seconds):
        await seat.keep(tick, lambda: None)


def test_the_first_call_begins_at_once_and_its_frames_never_drift() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(1.2345)
        seat, at = Ticker.running().seat(), list[float]()
        assert seat.epoch == loop.time()
        with pytest.raises(TimeoutError):
            await _kept(seat, lambda: at.append(loop.time()), 100.01)
        assert at == [seat.epoch + beat * FRAME_S for beat in range(5_001)]

    _virtually(main)


def test_calls_are_dealt_out_evenly_and_each_begins_within_20_ms_on_the_grid() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        ticker = Ticker.running()
        seats = [ticker.seat()]
        for _ in range(3 * SLOTS - 1):
            await asyncio.sleep(0.0007)
            seats.append(ticker.seat())
            assert 0 <= seats[-1].epoch - loop.time() <= FRAME_S
        steps = [(seat.epoch - seats[0].epoch) / FRAME_S * SLOTS for seat in seats]
        assert steps == pytest.approx([round(step) for step in steps])
        assert sorted(round(step) % SLOTS for step in steps) == sorted([*range(SLOTS)] * 3)
        for seat in seats:
            seat.leave()

    _virtually(main)


def test_a_call_gets_its_first_frame_at_its_epoch_and_not_before() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        ticker = Ticker.running()
        others = [ticker.seat() for _ in range(SLOTS)]
        await asyncio.sleep(0.5031)
        seat, at = ticker.seat(), list[float]()
        with pytest.raises(TimeoutError):
            await _kept(seat, lambda: at.append(loop.time()), 0.1)
        assert at[0] == pytest.approx(seat.epoch)
        assert [b - a for a, b in pairwise(at)] == pytest.approx([FRAME_S] * (len(at) - 1))
        for other in others:
            other.leave()

    _virtually(main)


def test_what_one_call_raises_ends_that_call_only() -> None:
    async def main() -> None:
        ticker, ticks = Ticker.running(), [0, 0]

        def breaks() -> None:
            ticks[0] += 1
            raise ZeroDivisionError

        def goes_on() -> None:
            ticks[1] += 1

        one, other = ticker.seat(), ticker.seat()
        results = await asyncio.gather(
            _kept(one, breaks, 1), _kept(other, goes_on, 1), return_exceptions=True
        )
        assert [type(result) for result in results] == [ZeroDivisionError, TimeoutError]
        assert ticks[0] == 1
        assert ticks[1] >= 49

    _virtually(main)


def test_frames_go_out_though_calls_have_more_to_do_than_there_is_time() -> None:
    frames = stocks = 0

    def send() -> None:
        nonlocal frames
        frames += 1

    def take_stock() -> None:
        nonlocal stocks
        stocks += 1
        until = time.perf_counter() + 0.004
        while time.perf_counter() < until:
            pass

    async def main() -> None:
        ticker = Ticker.running()
        async with asyncio.timeout(1.5):
            await asyncio.gather(*(ticker.seat().keep(send, take_stock) for _ in range(20)))

    with pytest.raises(TimeoutError):
        asyncio.run(main())
    assert stocks > 20
    assert frames > 2 * stocks


def test_when_the_last_call_has_gone_nothing_is_left_that_could_wake_the_loop() -> None:
    async def main() -> None:
        seat = Ticker.running().seat()
        with pytest.raises(TimeoutError):
            await _kept(seat, lambda: None, 0.1)
        again = Ticker.running().seat()
        assert again.epoch == asyncio.get_running_loop().time()
        again.leave()

    _virtually(main)
