"""Speaks the lines of a whole suite before anyone is called, each of them once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from voicetest import clock
from voicetest.errors import Problem, ScenarioError
from voicetest.executor.border import Border
from voicetest.executor.parts import user_voice
from voicetest.executor.plan import Plan
from voicetest.report.console import Console
from voicetest.scenario.steps import BackchannelStep, InterruptStep, UserStep
from voicetest.speech.voices.base import UnspeakableText, Voice

__all__ = ["speak_ahead"]

_AT_ONCE = 8


class _Line:
    """A text in a voice, and where it stands first."""

    def __init__(self, voice: Voice, text: str, rate: float, where: tuple[Plan, int, str]) -> None:
        self.voice = voice
        self.text = text
        self.rate = rate
        self._where = where

    async def speak(self) -> Problem | None:
        """Into the cache; what keeps a call from being made is found again by the call."""
        with Border("speaking"):
            try:
                await self.voice.synthesise(self.text, self.rate)
            except UnspeakableText as error:
                planned, index, kind = self._where
                return planned.file.problem(str(error), "script", index, kind)
        return None


def speak_ahead(plans: Iterable[Plan], console: Console) -> None:
    """Fill the cache with all lines of the users.

    Raises ScenarioError for lines that cannot be spoken.
    """
    lines = _lines(plans)
    if not lines:
        return
    with console.counting("lines to speak", len(lines)) as done:

        async def speak(line: _Line, turn: asyncio.Semaphore) -> Problem | None:
            async with turn:
                problem = await line.speak()
            done()
            return problem

        async def speak_all() -> list[Problem | None]:
            turn = asyncio.Semaphore(_AT_ONCE)
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(speak(line, turn)) for line in lines]
            return [task.result() for task in tasks]

        problems = [p for p in clock.run(speak_all(), clock.Clock.REAL) if p is not None]
    if problems:
        raise ScenarioError(problems)


def _lines(plans: Iterable[Plan]) -> list[_Line]:
    lines: dict[tuple[str, str, float], _Line] = {}
    for planned in plans:
        usual = planned.file.scenario.user.rate or 1.0
        for index, step in enumerate(planned.file.scenario.script):
            match step:
                case UserStep(user=text):
                    kind = "user"
                case InterruptStep(interrupt=text):
                    kind = "interrupt"
                case BackchannelStep(backchannel=text):
                    kind = "backchannel"
                case _:
                    continue
            voice = planned.world.voice(user_voice(planned.file, step))
            rate = step.rate or usual
            line = _Line(voice, text, rate, (planned, index, kind))
            lines.setdefault((voice.name, text, rate), line)
    return list(lines.values())
