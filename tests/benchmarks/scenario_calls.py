"""Calls on a media stream by `langwatch-scenario`, run by the Python of its own environment.

As a program: `scenario_calls.py PORT CALLS SECONDS LINE`, LINE being a WAV file. Its adapter for
Pipecat opens a media stream as a caller, and a step of its script sends the sound of a file in real
time, frame by frame; what comes is decoded and kept in a queue. It sends nothing besides. All calls
are on one event loop, by its `arun`: its `run` takes a thread for each.
"""

from __future__ import annotations

import asyncio
import io
import os
import sys
import wave
from pathlib import Path

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # else it asks the network for prices

import scenario
from scenario.voice.adapters import PipecatAgentAdapter


def lasting(path: Path, seconds: float) -> bytes:
    """The sound, over and over for so long, as a WAV file."""
    with wave.open(str(path)) as read:
        rate, sound = read.getframerate(), read.readframes(read.getnframes())
    length = round(seconds * rate) * 2
    made = io.BytesIO()
    with wave.open(made, "wb") as write:
        write.setnchannels(1)
        write.setsampwidth(2)
        write.setframerate(rate)
        write.writeframes((sound * (1 + length // len(sound)))[:length])
    return made.getvalue()


async def call(number: int, port: str, sound: bytes) -> None:
    ended = await scenario.arun(
        name=f"call {number}",
        description="A caller says a line.",
        agents=[PipecatAgentAdapter(url=f"ws://127.0.0.1:{port}/")],
        script=[scenario.audio(sound), scenario.succeed()],
        verbose=False,
    )
    assert ended.success, ended.reasoning


async def hold() -> None:
    port, calls, seconds, line = sys.argv[1:]
    sound = lasting(Path(line), float(seconds))
    await asyncio.gather(*(call(number, port, sound) for number in range(int(calls))))


asyncio.run(hold())
