"""An adapter for tests of whole runs: its agents need no sound, so a call takes no time."""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar

from pydantic import Field

from tests.calls import Far, Scripted
from voicetest.errors import ConnectionFailed
from voicetest.events import AgentTurnEnded, AgentTurnStarted, Transcript
from voicetest.scenario.values import Text

__all__ = ["CALLED", "Rehearsed"]

CALLED: list[str] = []
"""The `plays` of every agent that was called, in order."""


class Rehearsed(Scripted):
    """Greets with its `words`, or goes wrong as `plays` says."""

    summary: ClassVar[str] = "for tests"
    behaviour: Any = None
    plays: Text = Field(default="greeting", description="greeting, crash, interrupt or refuse")
    words: Text = Field(default="Hello.", description="What it says.")
    api_key: Text | None = Field(default=None, description="A secret.")

    async def _behave(self, line: Far) -> None:
        CALLED.append(self.plays)
        match self.plays:
            case "crash":
                raise ZeroDivisionError
            case "interrupt":
                raise KeyboardInterrupt
            case "refuse":
                raise ConnectionFailed("it refuses")
            case _:
                await line.send(AgentTurnStarted())
                await line.send(Transcript("agent", self.words))
                await line.send(AgentTurnEnded())
                await asyncio.sleep(1000)
