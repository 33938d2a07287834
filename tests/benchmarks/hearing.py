"""What a transcriber hears when a voice says something, with or without a telephone between."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import numpy as np

from voicetest.audio.chunk import INTERNAL, AudioChunk
from voicetest.audio.g711 import over_the_phone
from voicetest.speech.providers import Speech

__all__ = ["heard"]

SILENCE = np.zeros(round(0.3 * INTERNAL.rate), dtype=np.int16)
"""On either side of speech, as the executor leaves it around an agent's turn."""


def heard(
    speech: Speech, model: str, voice: str, texts: Sequence[str], *, by_phone: bool
) -> list[str]:
    """The text that the transcriber makes of each text in that voice."""

    async def hear(text: str) -> str:
        said = (await speech.voice(f"espeak/{voice}").synthesise(text)).samples()
        line = np.concatenate((SILENCE, said, SILENCE))
        if by_phone:
            line = over_the_phone(line, INTERNAL.rate)
        return await speech.transcriber(model).transcribe(AudioChunk.of(line))

    async def hear_all() -> list[str]:
        return await asyncio.gather(*(hear(text) for text in texts))

    return asyncio.run(hear_all())
