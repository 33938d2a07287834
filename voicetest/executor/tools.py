"""Answers the agent's tool calls from the scenario's `tools`."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Sequence

from voicetest.events import ToolCalled, ToolResult
from voicetest.scenario.tools import Tool, ToolError

__all__ = ["Toolbox"]


class Toolbox:
    """The tools of one call; a tool with a list of answers gives them call by call."""

    def __init__(self, tools: Sequence[Tool]) -> None:
        self._tools = {tool.name: tool for tool in tools}
        self._calls: Counter[str] = Counter()

    async def answer(self, call: ToolCalled) -> ToolResult:
        """What the tool gives, after its delay; an error for a tool that is not listed."""
        tool = self._tools.get(call.name)
        if tool is None:
            return ToolResult(call.id, f"there is no tool named {call.name}", failed=True)
        answer = tool.answer(self._calls[call.name])
        self._calls[call.name] += 1
        await asyncio.sleep(tool.delay)
        if isinstance(answer, ToolError):
            return ToolResult(call.id, answer.error, failed=True)
        return ToolResult(call.id, json.dumps(answer, ensure_ascii=False))
