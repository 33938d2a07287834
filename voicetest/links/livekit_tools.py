"""Tools of a scenario as methods that the agent of a room of LiveKit calls at the caller's end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from livekit import rtc

from voicetest.events import Event, ToolCalled, ToolCancelled, ToolResult

__all__ = ["RoomTools"]


class RoomTools:
    """Calls of methods as events, and their results as answers."""

    def __init__(self, say: Callable[[Event], None]) -> None:
        self._say = say
        self._waiting: dict[str, asyncio.Future[ToolResult]] = {}
        """The calls that wait for their result, by id."""

    async def call(self, called: rtc.RpcInvocationData) -> str:
        """The answer to a call; raises RpcError for one that failed or took too long."""
        result: asyncio.Future[ToolResult] = asyncio.get_running_loop().create_future()
        self._waiting[called.request_id] = result
        self._say(ToolCalled(called.request_id, called.method, called.payload or "{}"))
        try:
            async with asyncio.timeout(called.response_timeout):
                given = await result
        except TimeoutError:
            self._say(ToolCancelled(called.request_id))
            raise rtc.RpcError(rtc.RpcError.ErrorCode.RESPONSE_TIMEOUT, "no answer") from None
        finally:
            del self._waiting[called.request_id]
        if given.failed:
            raise rtc.RpcError(rtc.RpcError.ErrorCode.APPLICATION_ERROR, given.content)
        return given.content

    def answer(self, result: ToolResult) -> None:
        """Give the result of a call; one that nobody waits for any more is dropped."""
        waiting = self._waiting.get(result.id)
        if waiting is not None and not waiting.done():
            waiting.set_result(result)
