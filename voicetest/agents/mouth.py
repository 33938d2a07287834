"""How the embedded agent speaks: all at once or in real time, and how it falls silent."""

from __future__ import annotations

import asyncio

from voicetest.audio.chunk import INTERNAL, AudioChunk
from voicetest.clock import sleep_until
from voicetest.events import AgentTurnEnded, Audio, Cleared, Transcript
from voicetest.links.base import Link, say
from voicetest.speech.voices.base import Voice

__all__ = ["Mouth"]

_PIECE_S = 0.02


class Mouth:
    """Speaks one text at a time over a link, and knows when the listener has heard it."""

    def __init__(self, voice: Voice, link: Link) -> None:
        self._voice = voice
        self._link = link
        self._loop = asyncio.get_running_loop()
        self._silent_at = self._loop.time()
        """When what has been sent so far will have been heard; set by each utterance."""
        self._hushed = asyncio.Event()
        """Set to stop the utterance under way; cleared when one begins."""

    @property
    def speaking(self) -> bool:
        """Whether the listener still hears the agent."""
        return self._loop.time() < self._silent_at

    async def speak(self, text: str) -> None:
        """Send the words, their sound and the end of the turn; returns when they were heard."""
        audio = await self._voice.synthesise(text)
        self._hushed.clear()
        self._silent_at = self._loop.time() + audio.duration
        await say(self._link, Transcript("agent", text))
        if self._link.paced:
            await self._pace(audio)
        else:
            await self._link.send(Audio(audio))
        if not self._hushed.is_set():
            await say(self._link, AgentTurnEnded())
            await self._heard()

    async def _heard(self) -> None:
        try:
            async with asyncio.timeout_at(self._silent_at):
                await self._hushed.wait()
        except TimeoutError:
            return

    async def _pace(self, audio: AudioChunk) -> None:
        step = round(_PIECE_S * INTERNAL.rate) * INTERNAL.sample_bytes
        start = self._loop.time()
        for number, offset in enumerate(range(0, len(audio.data), step)):
            await sleep_until(start + number * _PIECE_S)
            if self._hushed.is_set():
                return
            await self._link.send(Audio(AudioChunk(audio.data[offset : offset + step])))

    async def hush(self) -> None:
        """Stop at once: what was sent but not heard yet is thrown away."""
        if not self.speaking:
            return
        self._silent_at = self._loop.time()
        self._hushed.set()
        await say(self._link, Cleared())
        await say(self._link, AgentTurnEnded("interrupted"))
