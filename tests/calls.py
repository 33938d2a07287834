"""Runs scenarios in tests against agents that are written in Python, under virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from voicetest.adapters.base import Adapter, World
from voicetest.audio.chunk import AudioChunk
from voicetest.call.record import CallRecord
from voicetest.call.timeline import Entry
from voicetest.checks.evaluate import evaluate
from voicetest.checks.result import Check, Result
from voicetest.clock import Clock
from voicetest.events import (
    AgentTurnEnded,
    AgentTurnStarted,
    Audio,
    Event,
    Transcript,
)
from voicetest.executor.execute import execute
from voicetest.executor.plan import Plan
from voicetest.links.base import Link
from voicetest.links.codec import CodecLink
from voicetest.models.asked import Opens
from voicetest.models.chat import open_chat
from voicetest.protocols.base import Capabilities, End
from voicetest.protocols.in_process import InProcess
from voicetest.scenario.load import ScenarioFile, load_scenario
from voicetest.speech.providers import Speech
from voicetest.suite.plan import load_all, plan_files
from voicetest.transports.base import Transport
from voicetest.transports.memory import memory_pair

__all__ = [
    "Call",
    "Far",
    "OnlySound",
    "Quiet",
    "Scripted",
    "Telephone",
    "hold",
    "plans_of",
    "say",
    "words",
]

Far = CodecLink[Event]
Behaviour = Callable[[Far], Awaitable[None]]

HEAD = "version: 1\nagent: {adapter: scripted}\n"


class Scripted(Adapter):
    """An agent whose behaviour is a coroutine over the far end of the line."""

    summary: ClassVar[str] = "for tests"
    typical: ClassVar[Capabilities] = InProcess(End.CLIENT)
    codec: ClassVar[Callable[[End], InProcess]] = InProcess
    behaviour: Any

    @property
    def outside(self) -> tuple[str, ...]:
        """Nothing leaves this process."""
        return ()

    @asynccontextmanager
    async def connect(self, world: World) -> AsyncIterator[Link]:
        """Run the behaviour at the far end."""
        near: Transport[Event]
        far: Transport[Event]
        near, far = memory_pair()
        codec = type(self).codec
        async with asyncio.TaskGroup() as tasks, CodecLink(codec(End.SERVER), far) as line:
            running = tasks.create_task(self._behave(line))
            async with CodecLink(codec(End.CLIENT), near) as link:
                yield link
            running.cancel()

    async def _behave(self, line: Far) -> None:
        await self.behaviour(line)


@dataclass(frozen=True)
class OnlySound(InProcess):
    """A line that carries sound in real time, both ways, and nothing else."""

    paced: bool = True

    @property
    def sends(self) -> frozenset[type[Event]]:
        """Sound."""
        return frozenset({Audio})

    @property
    def receives(self) -> frozenset[type[Event]]:
        """Sound."""
        return frozenset({Audio})


class Telephone(Scripted):
    """The same over a line that carries nothing but sound."""

    typical: ClassVar[Capabilities] = OnlySound(End.CLIENT)
    codec: ClassVar[Callable[[End], InProcess]] = OnlySound


class Quiet:
    """Somebody who is told how a call goes and says nothing."""

    def phase(self, phase: str) -> None:
        """Not shown."""

    def entry(self, entry: Entry) -> None:
        """Not shown."""


@dataclass(frozen=True)
class Call:
    """A call that is over."""

    file: ScenarioFile
    record: CallRecord
    result: Result
    folder: Path

    def check(self, name: str) -> Check:
        """The one check of that name."""
        (found,) = [check for check in self.result.checks if check.name == name]
        return found

    @property
    def failed(self) -> list[str]:
        """The names of the checks that do not hold."""
        return [check.name for check in self.result.checks if not check.passed]


def words(seconds: float, speech: Any) -> AudioChunk:
    """Speech that lasts exactly that long."""
    spoken = np.resize(speech, round(seconds * 24_000))
    return AudioChunk.of(spoken.astype(np.int16))


async def say(line: Far, text: str, sound: AudioChunk) -> None:
    """One whole turn of an agent; returns when it has been heard."""
    await line.send(AgentTurnStarted())
    await line.send(Transcript("agent", text))
    await line.send(Audio(sound))
    await line.send(AgentTurnEnded())
    await asyncio.sleep(sound.duration)


def hold(
    folder: Path,
    speech: Speech,
    behaviour: Behaviour | None,
    scenario: str,
    *,
    kind: type[Scripted] = Scripted,
    chat: Opens = open_chat,
    **settings: float,
) -> Call:
    """Run a scenario (without its head) against a behaviour."""
    folder.mkdir(exist_ok=True)
    path = folder / "scenario.yaml"
    path.write_text(HEAD + scenario)
    file = load_scenario(path)
    adapter = kind(behaviour=behaviour, **settings)
    call_folder = folder / "call"
    (call_folder / "segments").mkdir(parents=True)
    world = World(speech.voice, speech.transcriber, speech.cache, False, chat=chat)
    planned = Plan(file, adapter, world, Clock.VIRTUAL)
    record = execute(planned, call_folder, Quiet())
    return Call(file, record, evaluate(file, record), call_folder)


def plans_of(files: list[Path], speech: Speech, *, offline: bool = False) -> list[Plan]:
    """A plan for each case of some files; raises ScenarioError or SetupError."""
    return plan_files(load_all(files, {}).files, speech, "auto", offline=offline)
