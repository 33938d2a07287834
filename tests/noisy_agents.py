"""An agent in Python that sends sound all the time, with something under its voice or before it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing

import numpy as np
from numpy.typing import NDArray

from tests.calls import Far
from voicetest.audio.background import Bed, active_level, background
from voicetest.audio.chunk import AudioChunk, Samples
from voicetest.audio.waves import noise, to_samples
from voicetest.events import Audio

__all__ = ["BEDS", "LATENCY_S", "melody", "noisy", "silence", "tone"]

RATE = 24_000
FRAME = 480
LATENCY_S = 0.7
"""From the end of the user's line to the agent's answer."""
_HANGOVER_S = 0.4
"""Silence of the user after which a line is over."""


def silence(seconds: float) -> Samples:
    """Nothing."""
    return np.zeros(round(seconds * RATE), np.int16)


def tone(*hertz: float, seconds: float, level: float = 4_000) -> Samples:
    """Some tones at once."""
    times = np.arange(round(seconds * RATE)) / RATE
    waves = sum((np.sin(2 * np.pi * f * times) for f in hertz), start=np.zeros(len(times)))
    return np.asarray(level * waves).astype(np.int16)


def melody(seconds: float, random: np.random.Generator) -> Samples:
    """Hold music: a plucked melody over a chord."""
    length, beat = round(seconds * RATE), RATE // 2
    scale = 220 * 2 ** (np.array([0, 2, 4, 5, 7, 9, 11, 12]) / 12)
    pitch = np.repeat(scale[random.integers(0, len(scale), length // beat + 1)], beat)[:length]
    times = np.arange(length) / RATE
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    envelope = np.exp(-3 * (times % 0.5))
    voice = sum((np.sin(n * phase) / n for n in (1, 2, 3)), start=np.zeros(length))
    chord = sum((np.sin(2 * np.pi * f * times) for f in (110, 165, 220)), start=np.zeros(length))
    return np.asarray(3_000 * (envelope * voice + 0.4 * chord)).astype(np.int16)


def _pink(seconds: float, random: np.random.Generator) -> Samples:
    count = round(seconds * RATE)
    wave = noise(count, lambda hertz: 1 / np.sqrt(np.maximum(hertz, 40)), random)
    return to_samples(0.05 * wave)


BEDS: dict[str, Callable[[float, np.random.Generator], Samples]] = {
    "cafe": lambda seconds, random: background("cafe", seconds, random),
    "office": lambda seconds, random: background("office", seconds, random),
    "pink noise": _pink,
    "music": melody,
}
"""What may sound under an agent, by name: so many seconds of it."""


def noisy(
    utterances: Sequence[Samples],
    bed: str | None = None,
    snr_db: float = 20.0,
    *,
    before: Samples | None = None,
    seed: int = 1,
) -> Callable[[Far], Awaitable[None]]:
    """An agent that says its first utterance at 0.5 s and one more after each line of the user.

    Under all of it is a bed, so many decibels below its voice; `before` sounds before the first.
    """
    level = active_level(np.concatenate(utterances)) - snr_db
    under = None
    if bed is not None:
        under = Bed(BEDS[bed](20.0, np.random.default_rng(seed)), level)

    async def behave(line: Far) -> None:
        waiting: list[Samples] = [] if before is None else [before]
        waiting.append(np.concatenate((silence(0.5), utterances[0])))
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_speak(line, waiting, under))
            await _listen(line, waiting, list(utterances[1:]))

    return behave


async def _speak(line: Far, waiting: list[Samples], under: Bed | None) -> None:
    loop = asyncio.get_running_loop()
    start, rest = loop.time(), np.zeros(0, np.int16)
    for number in range(10**6):
        await asyncio.sleep(start + number * FRAME / RATE - loop.time())
        if not len(rest) and waiting:
            rest = waiting.pop(0)
        piece, rest = rest[:FRAME], rest[FRAME:]
        frame: NDArray[np.int32] = np.zeros(FRAME, np.int32)
        frame[: len(piece)] = piece
        if under is not None:
            frame += under.take(FRAME)
        sound = np.clip(frame, -32_768, 32_767).astype(np.int16)
        await line.send(Audio(AudioChunk.of(sound)))


async def _listen(line: Far, waiting: list[Samples], replies: list[Samples]) -> None:
    """Put a reply into the queue each time the user has been silent for long enough."""
    heard, last, speaking = 0, 0, False
    async with aclosing(line.events()) as events:
        async for event in events:
            if not isinstance(event, Audio):
                continue
            samples = event.chunk.samples()
            loud = np.flatnonzero(np.abs(samples.astype(int)) > 100)
            if len(loud):
                speaking, last = True, heard + int(loud[-1])
            heard += len(samples)
            if speaking and heard - last >= _HANGOVER_S * RATE and replies:
                speaking = False
                pause = round(LATENCY_S * RATE) - (heard - last)
                waiting.append(np.concatenate((silence(pause / RATE), replies.pop(0))))
