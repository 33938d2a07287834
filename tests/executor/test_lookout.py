from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from voicetest.executor.lookout import HoldUp, Lookout, hold_ups

pytestmark = pytest.mark.process

LONG_S = 2.0


def _told(act: Callable[[], None]) -> list[HoldUp]:
    """What is told of a loop on which `act` is called after a while."""

    async def main() -> list[HoldUp]:
        loop = asyncio.get_running_loop()
        with Lookout(loop) as lookout:
            start = loop.time()
            await asyncio.sleep(0.2)
            act()
            await asyncio.sleep(0.7)
            assert hold_ups(loop, start) == lookout.found
            assert hold_ups(loop, loop.time()) == []
            return list(lookout.found)

    return asyncio.run(main())


def _sleeps_long() -> None:
    time.sleep(LONG_S)


def _sleeps_often() -> None:
    for _ in range(4):
        time.sleep(0.05)


def test_code_that_waits_where_it_must_not_is_named() -> None:
    (found,) = _told(_sleeps_long)
    assert "_sleeps_long" in found.where
    assert Path(__file__).name in found.where
    assert LONG_S / 2 < found.seconds < 10
    assert "asyncio.to_thread" in found.message


def test_what_is_over_soon_is_not_told() -> None:
    assert [one for one in _told(_sleeps_often) if "_sleeps_often" in one.where] == []


@pytest.mark.skipif(sys.platform != "linux", reason="who has no processor is known on Linux alone")
def test_who_has_no_processor_is_not_blamed(monkeypatch: pytest.MonkeyPatch) -> None:
    waits = iter(range(0, 1_000, 10))

    def waited(lookout: Lookout) -> float:
        return float(next(waits))

    monkeypatch.setattr(Lookout, "_without_processor", waited)
    assert _told(_sleeps_long) == []


def test_a_loop_without_a_lookout_has_no_hold_ups() -> None:
    async def main() -> None:
        assert hold_ups(asyncio.get_running_loop(), 0.0) == []

    asyncio.run(main())
