"""The event loop of calls on the real clock: that of uvloop, which costs less, if it is there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import Context
from importlib import import_module, metadata
from time import monotonic
from typing import TypeVarTuple, Unpack

__all__ = ["real_loop", "uvloop_version"]

Ts = TypeVarTuple("Ts")

_ROUNDED_S = 0.0005
"""By how much uvloop may begin a timer before it is due: it counts milliseconds."""


def uvloop_version() -> str | None:
    """The version that is installed, if one is: `pip install 'voicetest[fast]'`."""
    try:
        return metadata.version("uvloop")
    except metadata.PackageNotFoundError:
        return None


def real_loop() -> asyncio.AbstractEventLoop:
    """A new event loop on the real clock, not running."""
    if uvloop_version() is None:
        return asyncio.new_event_loop()
    loop: asyncio.AbstractEventLoop = type("_UvLoop", (_Exact, import_module("uvloop").Loop), {})()
    return loop


class _Exact(asyncio.AbstractEventLoop):
    """Makes a loop of uvloop tell the time as asyncio does, and begin nothing early.

    Its own clock has whole milliseconds and stands still while anything runs: what is late by it
    would be less than what is late.
    """

    def time(self) -> float:
        """Seconds on the clock that never goes back."""
        return monotonic()

    def call_at(
        self,
        when: float,
        callback: Callable[[Unpack[Ts]], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """Call `callback` at a time on this clock, or within a millisecond of it."""
        delay = when - monotonic() + _ROUNDED_S
        return self.call_later(delay, callback, *args, context=context)
