"""An agent that is scripted and knows the truth of its call: when it spoke and what it heard.

It finds sound by its own plain energy rule and not by ours, says one line after each turn of the
user, and behaves as its `Mode` tells it, over the wire of any codec, in virtual time.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, TypeAlias

import numpy as np

from tests.calls import Scripted
from voicetest.adapters.base import World
from voicetest.audio.chunk import AudioChunk, Samples
from voicetest.clock import sleep_until
from voicetest.events import (
    AgentTurnEnded,
    AgentTurnStarted,
    Audio,
    ReplyRequested,
    Text,
    Transcript,
    UserTurnEnded,
)
from voicetest.links.base import Link, say
from voicetest.links.codec import CodecLink
from voicetest.protocols.base import Capabilities, Codec, End
from voicetest.transports.base import Transport
from voicetest.transports.memory import memory_pair

__all__ = ["Mode", "Span", "TruthServer", "line_of"]

RATE = 24_000
_FRAME_S = 0.02
_LOUD = 250.0
"""RMS of a frame in which somebody speaks; recorded silence is far below and speech far above."""
_HANG_S = 0.5
"""Silence after which it takes the user to have finished."""
Sound: TypeAlias = Literal["speech", "nothing", "text", "zeros", "noise", "beep"]


@dataclass(frozen=True)
class Span:
    """From when to when something sounded, in seconds of the loop."""

    start_s: float
    end_s: float


@dataclass(frozen=True)
class Mode:
    """How the agent behaves; all times in seconds."""

    delay_s: float = 0.7
    """From the true end of the user's line to the first sound of its answer."""
    answer: Sound = "speech"
    """What its first answer is made of; the greeting and the last one are spoken."""
    noise_db: float | None = None
    """The level of noise under its voice; on a line in real time it never ceases."""
    pause_s: float = 0.0
    """A silence in the middle of its first answer."""
    burst_s: float = _FRAME_S
    """How much sound it sends at once on a line in real time."""
    breaks: bool = False
    """Whether the line breaks in the middle of its first answer."""


@dataclass
class TruthServer:
    """One call of it; afterwards `spoke` and `heard` are what really was."""

    mode: Mode
    lines: Sequence[tuple[str, Samples]]
    """The words and the sound of the greeting and of each answer."""
    spoke: list[Span] = field(default_factory=list)
    heard: list[Span] = field(default_factory=list)
    _turns: asyncio.Queue[None] = field(default_factory=asyncio.Queue)
    _noise_at: int = 0
    _quiet_until: float = 0.0

    async def __call__(self, line: Link) -> None:
        """Hold the call until the user's end is gone."""
        async with asyncio.TaskGroup() as tasks:
            acting = [tasks.create_task(self._talk(line))]
            if self.mode.noise_db is not None and line.paced:
                acting.append(tasks.create_task(self._hiss(line)))
            await self._listen(line)
            for task in acting:
                task.cancel()

    @property
    def latencies(self) -> list[float]:
        """From the end of each line of the user to the speech that followed it."""
        pairs = zip(self.heard, self.spoke[1:], strict=False)
        return [spoke.start_s - heard.end_s for heard, spoke in pairs]

    async def _listen(self, line: Link) -> None:
        loop = asyncio.get_running_loop()
        speaking, began, last = False, 0.0, 0.0
        marked = not line.continuous
        async with aclosing(line.events()) as events:
            async for event in events:
                now = loop.time()
                match event:
                    case Audio(chunk):
                        level = np.sqrt(np.square(chunk.samples().astype(float)).mean())
                        if level > _LOUD:
                            began, last = (began if speaking else now), now + chunk.duration
                            speaking = True
                        elif speaking and not marked and now - last > _HANG_S:
                            speaking = False
                            self._heard(Span(began, last))
                    case UserTurnEnded() if marked and speaking:
                        speaking = False
                        self._heard(Span(began, last))
                    case ReplyRequested() | Text():
                        self._turns.put_nowait(None)
                    case _:
                        pass

    def _heard(self, span: Span) -> None:
        self.heard.append(span)
        self._turns.put_nowait(None)

    async def _talk(self, line: Link) -> None:
        if ReplyRequested in line.receives:  # there it is asked to greet
            await self._turns.get()
        await self._say(line, *self.lines[0], Mode(noise_db=self.mode.noise_db))
        for number, (text, sound) in enumerate(self.lines[1:]):
            await self._turns.get()
            await say(line, Transcript("user", "something"))
            await sleep_until(self.heard[-1].end_s + self.mode.delay_s)
            plain = Mode(noise_db=self.mode.noise_db, burst_s=self.mode.burst_s)
            await self._say(line, text, sound, self.mode if number == 0 else plain)

    async def _say(self, line: Link, text: str, sound: Samples, mode: Mode) -> None:
        if mode.answer == "nothing":
            return
        await say(line, AgentTurnStarted())
        await say(line, Transcript("agent", text))
        played = _made(sound, mode)
        start = max(asyncio.get_running_loop().time(), self._quiet_until)
        if mode.answer == "speech":
            first, last = _edges(played)
            end = start + (last if not mode.breaks else last / 2)
            self.spoke.append(Span(start + first, end))
        if mode.breaks:
            await self._play(line, played[: len(played) // 2], start, mode)
            await line.hang_up(code=1011)
            return
        if mode.answer != "text":
            await self._play(line, played, start, mode)
        await say(line, AgentTurnEnded())
        await sleep_until(start + len(played) / RATE)

    async def _play(self, line: Link, sound: Samples, start: float, mode: Mode) -> None:
        size = round((mode.burst_s if line.paced else 0.5) * RATE)
        self._quiet_until = start + len(sound) / RATE
        for number, at in enumerate(range(0, len(sound), size)):
            piece = sound[at : at + size]
            if line.paced:
                await sleep_until(start + number * size / RATE)
            await line.send(Audio(AudioChunk.of(self._noisy(piece))))

    async def _hiss(self, line: Link) -> None:
        frame = np.zeros(round(_FRAME_S * RATE), np.int16)
        at = asyncio.get_running_loop().time()
        while True:
            await sleep_until(at)
            if self._quiet_until > at + 1e-6:
                at = self._quiet_until
                continue
            await line.send(Audio(AudioChunk.of(self._noisy(frame))))
            at += _FRAME_S
            self._quiet_until = at

    def _noisy(self, piece: Samples) -> Samples:
        if self.mode.noise_db is None:
            return piece
        places = (self._noise_at + np.arange(len(piece))) % len(_NOISE)
        self._noise_at += len(piece)
        mixed = piece + _NOISE[places] * 32_768 * 10 ** (self.mode.noise_db / 20)
        noisy: Samples = np.clip(mixed, -32_768, 32_767).astype(np.int16)
        return noisy


_NOISE = np.random.default_rng(5).standard_normal(10 * RATE)


def _made(sound: Samples, mode: Mode) -> Samples:
    """What a line is made of."""
    times = np.arange(len(sound)) / RATE
    match mode.answer:
        case "zeros":
            return np.zeros(len(sound), np.int16)
        case "noise":
            return (2_000 * _NOISE[: len(sound)]).clip(-32_768, 32_767).astype(np.int16)
        case "beep":
            return (6_000 * np.sin(2 * np.pi * 440 * times)).astype(np.int16)
        case _:
            pass
    if not mode.pause_s:
        return sound
    middle = _gap(sound)
    pause = np.zeros(round(mode.pause_s * RATE), np.int16)
    return np.concatenate([sound[:middle], pause, sound[middle:]])


def _gap(sound: Samples) -> int:
    """The quietest place in the middle third of a line."""
    size = RATE // 50
    third = len(sound) // 3
    starts = range(third, 2 * third, size)
    return min(starts, key=lambda at: float(np.abs(sound[at : at + size].astype(float)).mean()))


def _edges(sound: Samples) -> tuple[float, float]:
    """From when to when a clean sound is louder than a hundredth of its loudest frame."""
    size = RATE // 100
    frames = sound[: len(sound) // size * size].reshape(-1, size).astype(float)
    levels = np.sqrt(np.square(frames).mean(axis=1))
    loud = np.flatnonzero(levels > levels.max() / 100)
    return float(loud[0]) * 0.01, float(loud[-1] + 1) * 0.01


class _Wire(Scripted):
    """A line of messages of one protocol, in memory."""

    wire: ClassVar[Callable[[End], Codec[Any]]]

    @asynccontextmanager
    async def connect(self, world: World) -> AsyncIterator[Link]:
        """Run the behaviour at the far end, which may wait for the near one to begin."""
        near: Transport[Any]
        far: Transport[Any]
        near, far = memory_pair()
        make = type(self).wire

        async def serve() -> None:
            async with CodecLink(make(End.SERVER), far) as line:
                await self.behaviour(line)

        async with asyncio.TaskGroup() as tasks:
            serving = tasks.create_task(serve())
            async with CodecLink(make(End.CLIENT), near) as link:
                yield link
            serving.cancel()


def line_of(make: Callable[[End], Codec[Any]]) -> type[Scripted]:
    """An adapter whose agent is at the other end of that protocol."""

    class Line(_Wire):
        typical: ClassVar[Capabilities] = make(End.CLIENT)
        wire: ClassVar[Callable[[End], Codec[Any]]] = staticmethod(make)

    return Line
