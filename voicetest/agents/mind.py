"""What decides what the embedded agent says."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol

from voicetest.events import ToolResult

__all__ = ["CallTool", "Mind", "Reply"]

CallTool = Callable[[str, dict[str, Any]], Awaitable[ToolResult]]
"""Calls a tool by name with arguments and waits for what it gives."""


@dataclass(frozen=True)
class Reply:
    """What the agent says to one user turn; an empty text is silence."""

    text: str
    ends_call: bool = False


class Mind(Protocol):
    """Holds one conversation; a new call needs a new mind."""

    def greeting(self) -> str:
        """What the agent says when the line opens; empty to let the user speak first."""

    async def answer(self, heard: str, call_tool: CallTool) -> Reply:
        """The one reply to one user turn; `heard` is what the ears made of it."""
