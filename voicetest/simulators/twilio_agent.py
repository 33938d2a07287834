"""The embedded agent at a telephone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace

from voicetest.agents.recipe import AgentRecipe
from voicetest.agents.truth import Spoke
from voicetest.audio.chunk import INTERNAL, AudioChunk
from voicetest.events import Audio, Cleared, Event, Hangup
from voicetest.links.conversion import Converter
from voicetest.protocols.base import require
from voicetest.protocols.twilio import TELEPHONE
from voicetest.simulators.twilio_circuit import FRAME_S, End
from voicetest.transports.base import NORMAL_CLOSE

__all__ = ["AgentLine", "hold"]

SETTLES_S = 0.3
"""From the answer until the agent speaks or listens: as long as a hand takes to an ear."""


class AgentLine:
    """One end of a connection as the line of an agent, which is told of nothing but sound."""

    speaks = TELEPHONE
    hears = TELEPHONE
    sends: frozenset[type[Event]] = frozenset({Audio, Cleared})
    receives: frozenset[type[Event]] = frozenset({Audio, Hangup})
    continuous = True
    hears_between_turns = True
    paced = False
    jitter_s = 0.0
    buffered_s = 0.0

    def __init__(self, end: End) -> None:
        self._end = end
        self._outgoing = Converter(TELEPHONE)
        self._incoming = Converter(INTERNAL)
        self._heard: asyncio.Queue[bytes] = asyncio.Queue()
        end.hears.listeners.append(self._heard.put_nowait)

    async def send(self, event: Event) -> None:
        """Speak, or stop speaking."""
        require(event, self.sends)
        match event:
            case Audio(chunk):
                self._end.says.say(self._outgoing.convert(chunk).data)
            case _:
                self._end.says.cut()

    async def events(self) -> AsyncGenerator[Event, None]:
        """What is heard; whoever holds the agent ends it with the call."""
        while not self._end.circuit.over.is_set():
            frame = AudioChunk(await self._heard.get(), TELEPHONE)
            yield Audio(self._incoming.convert(frame))
        yield Hangup()

    async def hang_up(self, reason: str = "", code: int = NORMAL_CLOSE) -> None:
        """End the call."""
        self._end.circuit.hang_up(code)


async def hold(end: End, agent: AgentRecipe) -> None:
    """Let an agent of its own have one end of a connection until it is cancelled."""

    def told(spoke: Spoke) -> None:
        # A frame is heard when it is complete.
        if agent.told is not None:
            agent.told(replace(spoke, start_s=spoke.start_s + FRAME_S, end_s=spoke.end_s + FRAME_S))

    async def nonsense() -> None:
        for garble in end.circuit.garbles:
            garble()

    await asyncio.sleep(SETTLES_S)
    await replace(agent, told=told).make(AgentLine(end), nonsense).serve()
