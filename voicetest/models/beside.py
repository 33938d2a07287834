"""A language model that is asked from a thread of its own, so that nothing here waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel

from voicetest.models.asked import Asked
from voicetest.models.chat import Message

__all__ = ["beside"]

T = TypeVar("T", bound=BaseModel)
R = TypeVar("R")


@dataclass(frozen=True)
class _Elsewhere:
    """A model on another event loop."""

    asked: Asked
    loop: asyncio.AbstractEventLoop
    done: asyncio.Event

    async def prepare(self) -> None:
        """As the model does it itself."""
        await self._there(self.asked.prepare())

    async def structured(self, messages: Sequence[Message], kind: type[T]) -> T:
        """The model's own answer."""
        return await self._there(self.asked.structured(messages, kind))

    async def _there(self, work: Coroutine[Any, Any, R]) -> R:
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self.loop))


@asynccontextmanager
async def beside(
    opened: Callable[[], AbstractAsyncContextManager[Asked]],
) -> AsyncIterator[Asked]:
    """Open a model on an event loop of its own; making a request takes milliseconds of work."""
    ready: Future[_Elsewhere] = Future()

    async def serve() -> None:
        async with opened() as asked:
            elsewhere = _Elsewhere(asked, asyncio.get_running_loop(), asyncio.Event())
            ready.set_result(elsewhere)
            await elsewhere.done.wait()

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(asyncio.to_thread(lambda: asyncio.run(serve())))
        elsewhere = await asyncio.wrap_future(ready)
        try:
            yield elsewhere
        finally:
            elsewhere.loop.call_soon_threadsafe(elsewhere.done.set)
