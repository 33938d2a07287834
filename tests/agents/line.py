"""Calls an embedded agent over a line in memory, under virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from voicetest.agents.agent import EmbeddedAgent
from voicetest.agents.dialogue import Dialogue
from voicetest.agents.manners import Manners
from voicetest.agents.mind import Mind
from voicetest.agents.rules import DialogueMind
from voicetest.agents.truth import Spoke
from voicetest.audio.chunk import AudioChunk, Samples
from voicetest.call.playout import BurstyPlayout
from voicetest.clock import Clock, run, sleep_until
from voicetest.events import Audio, Cleared, Event, ToolCalled, ToolResult, Transcript, Warned
from voicetest.links.codec import CodecLink
from voicetest.protocols.base import End
from voicetest.protocols.in_process import InProcess
from voicetest.scenario.load import load_model
from voicetest.speech.providers import Speech
from voicetest.transports.base import Transport
from voicetest.transports.memory import memory_pair

__all__ = ["Call", "Near", "call", "dialogue_of", "talk"]

Near = CodecLink[Event]


@dataclass
class Call:
    """What came from the agent, with the times at which it came, and what it really said."""

    heard: list[tuple[float, Event]] = field(default_factory=list)
    spoke: list[Spoke] = field(default_factory=list)

    @property
    def kinds(self) -> list[type[Event]]:
        """What came, without its content."""
        return [type(event) for _, event in self.heard]

    @property
    def said(self) -> list[str]:
        """The agent's transcripts."""
        events = (event for _, event in self.heard)
        return [e.text for e in events if isinstance(e, Transcript) and e.by == "agent"]

    def at(self, wanted: type[Event] | Event) -> list[float]:
        """When an event, or one of a kind, came."""
        return [at for at, event in self.heard if event == wanted or type(event) is wanted]

    def listened(self, seconds: float) -> Samples:
        """What a listener heard of the agent, int16 of shape (n,) at 24 kHz."""
        playout = BurstyPlayout()
        for at, event in self.heard:
            match event:
                case Audio(chunk):
                    playout.push(chunk.samples(), round(at * 24_000))
                case Cleared():
                    playout.clear(round(at * 24_000))
        return playout.render(0, round(seconds * 24_000))


def dialogue_of(folder: Path, text: str) -> Dialogue:
    """The dialogue of a file with that text."""
    file = folder / "agent.yaml"
    file.write_text(text)
    return load_model(Dialogue, file)


async def talk(line: Near, words: Samples, start: float, until: float) -> None:
    """Send a live line: silence, the words at `start`, silence until `until`."""
    first, whole = round(start * 24_000), round(until * 24_000)
    sound = np.zeros(whole, np.int16)
    sound[first : first + len(words)] = words
    for number in range(whole // 480):
        await sleep_until(number * 0.02)
        await line.send(Audio(AudioChunk.of(sound[number * 480 : (number + 1) * 480])))


def call(
    speech: Speech,
    dialogue: Dialogue,
    behave: Callable[[Near], Awaitable[None]],
    *,
    paced: bool = False,
    manners: Manners | None = None,
    keys: Callable[[Samples], Sequence[str]] | None = None,
    tones: Callable[[str], Samples] | None = None,
    protocol: Callable[[End, bool], InProcess] = InProcess,
    mind: Mind | None = None,
) -> Call:
    """Call an agent; the call lasts as long as `behave` does.

    It follows the dialogue unless it has a `mind` of its own, and each utterance comes at once.
    """
    result = Call()

    async def hear(line: Near) -> None:
        loop = asyncio.get_running_loop()
        async with aclosing(line.events()) as events:
            async for event in events:
                result.heard.append((loop.time(), event))
                if isinstance(event, ToolCalled):
                    await line.send(ToolResult(event.id, '{"name": "Jo"}'))

    async def main() -> None:
        near: Transport[Event]
        far: Transport[Event]
        near, far = memory_pair()
        async with (
            asyncio.TaskGroup() as tasks,
            CodecLink(protocol(End.SERVER, paced), far) as far_line,
        ):
            agent = EmbeddedAgent(
                speech.transcriber("pocketsphinx", dialogue.phrases),
                mind or DialogueMind(dialogue),
                speech.voice("espeak/en-us"),
                replace(manners or dialogue.manners, generates=None),
                far_line,
                faults=dialogue.faults,
                keys=keys,
                tones=tones,
                told=result.spoke.append,
                nonsense=lambda: far_line.send(Warned("nonsense")),
            )
            tasks.create_task(agent.serve())
            async with CodecLink(protocol(End.CLIENT, paced), near) as line:
                hearing = tasks.create_task(hear(line))
                await behave(line)
                hearing.cancel()

    run(main(), Clock.VIRTUAL)
    return result
