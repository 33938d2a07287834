"""Whether the voices of a scenario that are far away have said all of its lines before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from voicetest.adapters.base import OFFLINE_VOICE, World
from voicetest.audio.chunk import AudioChunk
from voicetest.errors import Problem
from voicetest.executor.parts import user_voice
from voicetest.scenario.load import ScenarioFile
from voicetest.scenario.steps import BackchannelStep, InterruptStep, UserStep
from voicetest.speech.cache import CachedVoice
from voicetest.speech.voices.base import Voice

__all__ = ["KeptVoice", "kept_voices"]


class KeptVoice:
    """A voice that says what it has said before; anything else is said by another one."""

    local = True

    def __init__(self, voice: CachedVoice, instead: Voice) -> None:
        self._voice = voice
        self._instead = instead
        self.name = voice.name
        self.identity = voice.identity

    async def prepare(self) -> None:
        """Make the other one ready."""
        await self._instead.prepare()

    async def synthesise(self, text: str, rate: float = 1.0) -> AudioChunk:
        """From the cache, or by the other one."""
        kept = self._voice.kept(text, rate)
        return await self._instead.synthesise(text, rate) if kept is None else kept

    async def said(self, text: str, rate: float = 1.0) -> str:
        """The words it was heard to say, or those of the other one."""
        if self._voice.kept(text, rate) is None:
            return await self._instead.said(text, rate)
        return await self._voice.said(text, rate)


@dataclass(frozen=True)
class _Line:
    """What one step says, and where its text stands."""

    voice: str
    text: str
    rate: float
    at: tuple[str | int, ...]


def kept_voices(file: ScenarioFile, world: World) -> tuple[frozenset[str], tuple[Problem, ...]]:
    """The user's voices that are not local and have said every line of theirs.

    One warning for each of the others: a caller does not change his voice from line to line.
    """
    lines = defaultdict(list)
    for line in _lines(file):
        lines[line.voice].append(line)
    far = {name: said for name, said in lines.items() if not world.voice(name).local}
    missing = {name: _not_kept(name, said, world) for name, said in far.items()}
    warnings = tuple(
        file.problem(
            f"--offline: {name} has not said {_count(lacking, len(far[name]))} before, so "
            f"{OFFLINE_VOICE} speaks for it",
            *lacking[0].at,
        )
        for name, lacking in missing.items()
        if lacking
    )
    return frozenset(name for name, lacking in missing.items() if not lacking), warnings


def _not_kept(name: str, lines: Collection[_Line], world: World) -> list[_Line]:
    voice = CachedVoice(world.voice(name), world.cache)
    return [line for line in lines if voice.kept(line.text, line.rate) is None]


def _count(lacking: Collection[_Line], total: int) -> str:
    return "this line" if total == 1 else f"{len(lacking)} of its {total} lines"


def _lines(file: ScenarioFile) -> Iterator[_Line]:
    usual = file.scenario.user.rate or 1.0
    for index, step in enumerate(file.scenario.script):
        match step:
            case UserStep():
                kind, text = "user", step.user
            case InterruptStep():
                kind, text = "interrupt", step.interrupt
            case BackchannelStep():
                kind, text = "backchannel", step.backchannel
            case _:
                continue
        yield _Line(user_voice(file, step), text, step.rate or usual, ("script", index, kind))
