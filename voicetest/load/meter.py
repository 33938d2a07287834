"""Looks once a second at how this machine does."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable

from voicetest.load.driver import Driver
from voicetest.load.engine import Engine
from voicetest.load.saturation import Saturation
from voicetest.report.load_events import LoadEvent, Sampled

__all__ = ["cores", "measure"]

_EVERY_S = 1.0


def cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


async def measure(
    driver: Driver,
    engine: Engine,
    saturation: Saturation,
    tell: Callable[[LoadEvent], None],
    every_s: float = _EVERY_S,
) -> None:
    """Tell it every second until cancelled, on the loop that begins the calls."""
    loop = asyncio.get_running_loop()
    began = before = loop.time()
    used, available = engine.use().cpu_s, cores()
    while True:
        due = before + every_s
        await asyncio.sleep(due - loop.time())
        now, use = loop.time(), engine.use()
        cpu = (use.cpu_s - used) / (now - before) / available
        saturated = saturation.sampled(before, now, max(cpu, use.busiest))
        tell(
            Sampled(
                at_s=now - began,
                calls=driver.lines,
                cpu=round(cpu, 4),
                busiest=round(use.busiest, 4),
                lag_ms=round(max(now - due, use.lag_s, 0.0) * 1000, 3),
                saturated=saturated,
            )
        )
        before, used = now, use.cpu_s
