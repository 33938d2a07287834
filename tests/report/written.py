"""A call that is over and written to its folder."""

from __future__ import annotations

import json
import wave
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.calls import Behaviour, Far, Quiet, Scripted
from voicetest.adapters.base import Adapter, World
from voicetest.audio.chunk import Samples
from voicetest.call.record import CallRecord
from voicetest.checks.evaluate import evaluate
from voicetest.checks.result import Result
from voicetest.clock import Clock
from voicetest.errors import ConnectionFailed
from voicetest.events import Audio
from voicetest.executor.execute import execute
from voicetest.executor.plan import Plan
from voicetest.links.base import Link
from voicetest.report.call import write_call
from voicetest.report.keeping import Keeping
from voicetest.report.manifest import Manifest
from voicetest.scenario.load import ScenarioFile, load_scenario
from voicetest.speech.providers import Speech

__all__ = [
    "STARTED",
    "WITH_SEGMENTS",
    "Unreachable",
    "Written",
    "samples_of",
    "user_is_done",
    "write",
]

STARTED = datetime(2025, 11, 21, 6, 30, tzinfo=UTC)
WITH_SEGMENTS = Keeping(segments=True)


@dataclass(frozen=True)
class Written:
    """What is known about a call, and the folder it left behind."""

    folder: Path
    file: ScenarioFile
    record: CallRecord
    result: Result
    returned: Manifest

    @property
    def manifest(self) -> Any:
        """The content of manifest.json."""
        return json.loads((self.folder / "manifest.json").read_text(encoding="utf-8"))

    def text(self, name: str) -> str:
        """The text of one file."""
        return (self.folder / name).read_text(encoding="utf-8")


class Unreachable(Scripted):
    """An agent that refuses every call."""

    behaviour: Any = None

    @asynccontextmanager
    async def connect(self, world: World) -> AsyncIterator[Link]:
        """Fail before anything is sent."""
        raise ConnectionFailed("nobody listens at wss://example.invalid")
        yield  # a generator by this line alone


async def user_is_done(line: Far) -> None:
    """Returns when the user has spoken and then been silent for half a second."""
    silent = 0
    spoken = False
    async with aclosing(line.events()) as events:
        async for event in events:
            if not isinstance(event, Audio):
                continue
            loud = bool(event.chunk.samples().any())
            spoken = spoken or loud
            silent = 0 if loud else silent + 1
            if spoken and silent >= 25:
                return


def write(
    folder: Path,
    speech: Speech,
    scenario: str,
    agent: Behaviour | Adapter,
    environment: dict[str, str] | None = None,
    keeping: Keeping = WITH_SEGMENTS,
) -> Written:
    """Run a whole scenario file against an agent and write everything about the call."""
    path = folder / "scenario.yaml"
    path.write_text(scenario, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (environment or {}).items():
            patch.setenv(name, value)
        file = load_scenario(path)
    adapter = agent if isinstance(agent, Adapter) else Scripted(behaviour=agent)
    call_folder = folder / "call"
    (call_folder / "segments").mkdir(parents=True)
    world = World(speech.voice, speech.transcriber, speech.cache)
    planned = Plan(file, adapter, world, Clock.VIRTUAL)
    record = execute(planned, call_folder, Quiet())
    result = evaluate(file, record)
    returned = write_call(call_folder, planned, record, result, STARTED, keeping)
    return Written(call_folder, file, record, result, returned)


def samples_of(path: Path) -> Samples:
    """All samples of a WAV file, int16 of shape (n, channels), read without our own reader."""
    with wave.open(str(path), "rb") as file:
        assert (file.getsampwidth(), file.getframerate()) == (2, 24_000)
        data = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
        return data.reshape(-1, file.getnchannels())
