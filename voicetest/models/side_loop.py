"""An event loop on a thread of its own, for packages that hold up the loop they run on."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Coroutine
from concurrent.futures import Future
from contextlib import asynccontextmanager
from typing import Any, TypeVar

__all__ = ["SideLoop", "side_loop"]

T = TypeVar("T")

END_LIMIT_S = 10.0
"""How long what still runs there may take to end."""


class SideLoop:
    """Runs coroutines beside the loop of the caller, whose frames must not wait for them."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """What `work` returns or raises; cancelled with the caller."""
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))


@asynccontextmanager
async def side_loop() -> AsyncIterator[SideLoop]:
    """The loop; what still runs on it is cancelled when the block is left."""
    started: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Future()
    thread = threading.Thread(target=_serve, args=(started,), name="side loop", daemon=True)
    thread.start()
    loop, done = await asyncio.wrap_future(started)
    try:
        yield SideLoop(loop)
    finally:
        loop.call_soon_threadsafe(done.set)
        await asyncio.to_thread(thread.join, END_LIMIT_S)


def _serve(started: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]]) -> None:
    async def main() -> None:
        done = asyncio.Event()
        started.set_result((asyncio.get_running_loop(), done))
        await done.wait()

    asyncio.run(main())
