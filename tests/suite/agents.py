"""An adapter for tests of whole runs: its agents need no sound, so a call takes no time."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, ClassVar

from pydantic import Field

from tests.calls import Far, Scripted
from voicetest.adapters.base import World
from voicetest.errors import ConnectionFailed
from voicetest.events import AgentTurnEnded, AgentTurnStarted, Audio, Event, Transcript
from voicetest.links.base import Link
from voicetest.protocols.base import Capabilities, End
from voicetest.protocols.in_process import InProcess
from voicetest.scenario.values import Money, Text
from voicetest.spending import Spent

__all__ = ["CALLED", "MOST", "RUNNING", "Rehearsed"]

CALLED: list[str] = []
"""The `plays` of every agent that was called, in order."""
RUNNING: list[int] = []
"""One for each agent that counts and is being called."""
MOST: list[int] = []
"""How many were being called whenever one more was."""


class Written(InProcess):
    """A line that carries no sound of its agent, so that words need none."""

    @property
    def sends(self) -> frozenset[type[Event]]:
        """All but sound of the agent."""
        return super().sends if self.end is End.CLIENT else super().sends - {Audio}

    @property
    def receives(self) -> frozenset[type[Event]]:
        """The same at the other end."""
        return Written(self.end.other).sends


class Rehearsed(Scripted):
    """Greets with its `words`, or goes wrong as `plays` says."""

    summary: ClassVar[str] = "for tests"
    typical: ClassVar[Capabilities] = Written(End.CLIENT)
    codec: ClassVar[Callable[[End], InProcess]] = Written
    behaviour: Any = None
    plays: Text = Field(default="greeting", description="greeting, or what goes wrong")
    words: Text = Field(default="Hello.", description="What it says.")
    api_key: Text | None = Field(default=None, description="A secret.")
    costs: Money | None = Field(default=None, description="What each call costs.")

    @asynccontextmanager
    async def connect(self, world: World) -> AsyncIterator[Link]:
        """Pay, and run the behaviour."""
        if self.costs is not None:
            world.spending.check("the rehearsal")
            world.spending.add(Spent("rehearsal", 3, 5, self.costs))
        async with super().connect(world) as link:
            yield link

    async def _behave(self, line: Far) -> None:
        CALLED.append(self.plays)
        match self.plays:
            case "crash":
                raise ZeroDivisionError
            case "interrupt":
                os.kill(os.getpid(), signal.SIGINT)
                await asyncio.sleep(1000)
            case "exit":
                raise SystemExit(0)
            case "stop":
                raise KeyboardInterrupt
            case "memory":
                raise MemoryError
            case "files":
                raise ConnectionFailed("nobody there") from OSError(errno.EMFILE, "Too many open")
            case "refuses once" | "refuses":
                if self.plays == "refuses" or CALLED.count(self.plays) == 1:
                    raise ConnectionFailed("refused")
                await self._greet(line)
            case "alternates":
                words = "Goodbye." if CALLED.count(self.plays) % 2 == 0 else self.words
                await self._greet(line, words)
            case "counts":
                RUNNING.append(1)
                MOST.append(len(RUNNING))
                await self._greet(line)
            case _:
                await self._greet(line)

    async def _greet(self, line: Far, words: str = "") -> None:
        await line.send(AgentTurnStarted())
        await line.send(Transcript("agent", words or self.words))
        await line.send(AgentTurnEnded())
        try:
            await asyncio.sleep(1000)
        finally:
            if self.plays == "counts":
                RUNNING.pop()
