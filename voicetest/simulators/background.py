"""Servers for calls that run on a loop of their own, as those of voicetest do."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager, contextmanager
from typing import TypeVar

__all__ = ["in_background"]

T = TypeVar("T")

_LIMIT_S = 20.0


@contextmanager
def in_background(server: AbstractAsyncContextManager[T]) -> Iterator[T]:
    """Keep `server` open on a real loop in another thread; gives what it gives.

    Raises OSError when it cannot be opened, RuntimeError when it does not stop within 20 s.
    """
    ready: Future[tuple[T, asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    async def serve() -> None:
        stop = asyncio.Event()
        try:
            async with server as value:
                ready.set_result((value, asyncio.get_running_loop(), stop))
                await stop.wait()
        except OSError as error:
            if ready.done():
                raise
            ready.set_exception(error)

    thread = threading.Thread(target=asyncio.run, args=(serve(),), daemon=True)
    thread.start()
    value, loop, stop = ready.result(_LIMIT_S)
    try:
        yield value
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(_LIMIT_S)
    if thread.is_alive():
        raise RuntimeError(f"a server did not stop within {_LIMIT_S:g} s")
