"""The conversation in the shape of OpenAI chat messages, without sound."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from voicetest.checks.result import Turn
from voicetest.checks.view import AgentTurn, ToolUse

__all__ = ["chat_messages"]


def chat_messages(turns: Sequence[tuple[Turn, AgentTurn | None]]) -> tuple[dict[str, Any], ...]:
    """One message per turn; an agent turn's tool calls and their results follow its text.

    Shape: the `messages` of OpenAI's chat completions.
    """
    messages: list[dict[str, Any]] = []
    for turn, spoken in turns:
        if spoken is None:
            messages.append({"role": "user", "content": turn.transcript})
            continue
        if turn.transcript:
            messages.append({"role": "assistant", "content": turn.transcript})
        if spoken.tools:
            messages.append(_calls(spoken.tools))
            messages.extend(_results(spoken.tools))
    return tuple(messages)


def _calls(tools: Sequence[ToolUse]) -> dict[str, Any]:
    calls = [
        {
            "id": tool.called.id,
            "type": "function",
            "function": {"name": tool.called.name, "arguments": tool.called.arguments},
        }
        for tool in tools
    ]
    return {"role": "assistant", "content": None, "tool_calls": calls}


def _results(tools: Sequence[ToolUse]) -> list[dict[str, Any]]:
    return [
        {"role": "tool", "tool_call_id": tool.called.id, "content": tool.result.content}
        for tool in tools
        if tool.result is not None
    ]
