"""The embedded agent: it listens to one call, thinks, and speaks."""

from __future__ import annotations

import asyncio
import json
from contextlib import aclosing
from typing import Any

from voicetest.agents.ears import Ears, Heard
from voicetest.agents.manners import Manners
from voicetest.agents.mind import Mind, Reply
from voicetest.agents.mouth import Mouth
from voicetest.audio.chunk import Samples
from voicetest.events import (
    AgentTurnEnded,
    AgentTurnStarted,
    Audio,
    Hangup,
    ToolCalled,
    ToolResult,
    Transcript,
    Warned,
)
from voicetest.links.base import say
from voicetest.links.codec import CodecLink
from voicetest.speech.transcribers.base import Transcriber
from voicetest.speech.voices.base import Voice

__all__ = ["EmbeddedAgent"]

_TOOL_TIMEOUT_S = 30.0
_GOODBYE_PAUSE_S = 0.2
"""Between the last word and the hang-up."""


class EmbeddedAgent:
    """Serves one call from the far end of its line; the same agent works behind every codec."""

    def __init__(
        self,
        transcriber: Transcriber,
        mind: Mind,
        voice: Voice,
        manners: Manners,
        link: CodecLink[Any],
    ) -> None:
        self._transcriber = transcriber
        self._mind = mind
        self._manners = manners
        self._link = link
        self._ears = Ears()
        self._mouth = Mouth(voice, link)
        self._turns: asyncio.Queue[Heard] = asyncio.Queue()
        self._tools: dict[str, asyncio.Future[ToolResult]] = {}
        """The tool calls that wait for their result, by id."""
        self._tool_calls = 0
        self._in_turn = False
        """Set when the platform was told that the agent's turn began; cleared at its end."""

    async def serve(self) -> None:
        """Talk until either side hangs up."""
        async with asyncio.TaskGroup() as tasks:
            talking = tasks.create_task(self._talk())
            await self._listen()
            talking.cancel()

    async def _listen(self) -> None:
        async with aclosing(self._link.events()) as events:
            async for event in events:
                match event:
                    case Audio(chunk):
                        await self._hear(chunk.samples())
                    case ToolResult(id=call):
                        waiting = self._tools.get(call)
                        if waiting is not None and not waiting.done():
                            waiting.set_result(event)
                    case Hangup():
                        return
                    case _:
                        pass

    async def _hear(self, samples: Samples) -> None:
        heard = self._ears.feed(samples)
        if heard is not None:
            self._turns.put_nowait(heard)
        if self._mouth.speaking and self._ears.speaking_for >= self._manners.yields_after:
            await self._mouth.hush()

    async def _talk(self) -> None:
        greeting = self._mind.greeting()
        if greeting:
            await self._reply(Reply(greeting))
        while True:
            heard = await self._turns.get()
            text = await self._transcriber.transcribe(heard.audio)
            await say(self._link, Transcript("user", text))
            await asyncio.sleep(self._manners.reply_delay)
            reply = await self._mind.answer(text, self._call_tool)
            await self._reply(reply)
            if reply.ends_call:
                await asyncio.sleep(_GOODBYE_PAUSE_S)
                await self._link.hang_up("the agent ended the call")

    async def _reply(self, reply: Reply) -> None:
        if reply.text:
            await self._begin_turn()
            await self._mouth.speak(reply.text)
        elif self._in_turn:
            await say(self._link, AgentTurnEnded())
        self._in_turn = False

    async def _begin_turn(self) -> None:
        if not self._in_turn:
            self._in_turn = True
            await say(self._link, AgentTurnStarted())

    async def _call_tool(self, name: str, arguments: dict[str, Any]) -> ToolResult:
        await self._begin_turn()
        self._tool_calls += 1
        call = ToolCalled(f"call_{self._tool_calls}", name, json.dumps(arguments))
        self._tools[call.id] = asyncio.get_running_loop().create_future()
        await say(self._link, call)
        try:
            async with asyncio.timeout(_TOOL_TIMEOUT_S):
                return await self._tools[call.id]
        except TimeoutError:
            text = f"the tool {name} gave nothing within {_TOOL_TIMEOUT_S:g} s"
            await say(self._link, Warned(text))
            return ToolResult(call.id, text, failed=True)
        finally:
            del self._tools[call.id]
