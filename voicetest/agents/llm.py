"""A language model as the embedded agent's mind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any

from voicetest.agents.mind import CallTool, Flow, Reply
from voicetest.agents.sentences import sentences
from voicetest.errors import ConnectionFailed
from voicetest.models.chat import Chat, Message, ToolUse
from voicetest.scenario.tools import Tool

__all__ = ["DEFAULT_PROMPT", "LlmMind"]

DEFAULT_PROMPT = (
    "You are a helpful voice assistant on the phone. Answer in one or two short sentences."
)
_ROUNDS = 8
"""How often in one turn it may call tools before it has to answer."""
_UNANSWERED = "There was no answer: the caller spoke first."


class LlmMind:
    """Answers each user turn with the whole conversation, as far as it was heard, as history."""

    def __init__(self, chat: Chat, system_prompt: str, tools: Sequence[Tool] = ()) -> None:
        self._chat = chat
        self._tools = [_described(tool) for tool in tools]
        self._history: list[Message] = [{"role": "system", "content": system_prompt}]
        self._turn: list[Message] = []
        """What the model itself wrote in its last turn; these messages are in the history."""

    def greeting(self) -> str:
        """Nothing: a language model waits for the user."""
        return ""

    async def answer(self, heard: str, call_tool: CallTool) -> Reply | Flow:
        """The model's reply, which raises ConnectionFailed when it cannot be had."""
        if not heard:
            return Reply("")
        self._history.append({"role": "user", "content": heard})
        self._turn = []
        return Flow(self._think(call_tool))

    async def answer_keys(self, keys: str, call_tool: CallTool) -> Reply | Flow:
        """The model's reply to being told which keys were pressed."""
        return await self.answer(f"(The caller pressed the keys {keys}.)", call_tool)

    def cut_short(self, heard_share: float) -> None:
        """Keep only the words of the last turn that were heard."""
        left = round(heard_share * sum(len(said["content"].split()) for said in self._turn))
        for said in self._turn:
            heard = said["content"].split()[:left]
            left -= len(heard)
            said["content"] = " ".join(heard)
            self._forget_if_empty(said)

    async def _think(self, call_tool: CallTool) -> AsyncGenerator[str, None]:
        """The sentences of one turn; tools are called in between."""
        for _ in range(_ROUNDS):
            said: Message = {"role": "assistant", "content": ""}
            uses: list[ToolUse] = []
            answer = self._chat.stream(tuple(self._history), self._tools)
            self._history.append(said)
            self._turn.append(said)
            try:
                async with (
                    aclosing(answer),
                    aclosing(_texts(answer, uses)) as texts,
                    aclosing(sentences(texts)) as found,
                ):
                    async for sentence in found:
                        # Before it is spoken: whoever stops us now has taken it.
                        said["content"] = f"{said['content']} {sentence}".strip()
                        yield sentence
                if not uses:
                    return
                await self._use(uses, said, call_tool)
            finally:
                self._forget_if_empty(said)
        raise ConnectionFailed(
            f"the language model called tools {_ROUNDS} times in a row and gave no answer"
        )

    async def _use(self, uses: Sequence[ToolUse], said: Message, call_tool: CallTool) -> None:
        """Call tools side by side; all have an answer in the history, even if we are stopped."""
        said["tool_calls"] = [_as_written(use) for use in uses]
        results: list[Message] = [
            {"role": "tool", "tool_call_id": use.id, "content": _UNANSWERED} for use in uses
        ]
        self._history.extend(results)

        async def call(use: ToolUse, result: Message) -> None:
            given = await call_tool(use.name, use.arguments)
            result["content"] = f"error: {given.content}" if given.failed else given.content

        async with asyncio.TaskGroup() as tasks:
            for use, result in zip(uses, results, strict=True):
                tasks.create_task(call(use, result))

    def _forget_if_empty(self, said: Message) -> None:
        if not said["content"] and "tool_calls" not in said:
            self._history = [message for message in self._history if message is not said]


async def _texts(
    pieces: AsyncGenerator[str | ToolUse, None], uses: list[ToolUse]
) -> AsyncGenerator[str, None]:
    """The texts among the pieces of an answer; the tools go into `uses`."""
    async for piece in pieces:
        match piece:
            case ToolUse():
                uses.append(piece)
            case str():
                yield piece


def _as_written(use: ToolUse) -> Message:
    function = {"name": use.name, "arguments": use.arguments}
    return {"id": use.id, "type": "function", "function": function}


def _described(tool: Tool) -> dict[str, Any]:
    """A tool of the scenario as models want to be told of it."""
    function: dict[str, Any] = {
        "name": tool.name,
        "parameters": tool.parameters or {"type": "object", "properties": {}},
    }
    if tool.description is not None:
        function["description"] = tool.description
    return {"type": "function", "function": function}
