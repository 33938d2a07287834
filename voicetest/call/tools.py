"""The life of tool calls: asked, answered, or cancelled by who asked."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

from voicetest.events import ToolCalled, ToolResult

__all__ = ["AnswerTool", "ToolCalls"]

AnswerTool: TypeAlias = Callable[[ToolCalled], Awaitable[ToolResult]]


class ToolCalls:
    """The tool calls of one call that are being answered, each in a task of its own."""

    def __init__(self, answer: AnswerTool, give: Callable[[ToolResult], Awaitable[None]]) -> None:
        """`answer` finds a result, `give` hands it over."""
        self._answer = answer
        self._give = give
        self._running: list[tuple[str, asyncio.Task[None]]] = []
        """The tasks, each with the id of its call."""

    @property
    def tasks(self) -> Sequence[asyncio.Task[None]]:
        """What is to be ended with the call."""
        return [task for _, task in self._running]

    def ask(self, call: ToolCalled, tasks: asyncio.TaskGroup) -> None:
        """Answer a call, in a task of that group."""
        self._running.append((call.id, tasks.create_task(self._run(call))))

    async def _run(self, call: ToolCalled) -> None:
        await self._give(await self._answer(call))

    def cancel(self, call: str | None = None) -> None:
        """Nobody wants the answer any more: to the call of that id, or to any call."""
        for asked, task in self._running:
            if call is None or asked == call:
                task.cancel()
