"""How an utterance gets onto a line: in real time, or as fast as a platform makes it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator

from voicetest.agents.faults import HEALTHY, Faults, Unheard
from voicetest.agents.hiss import Hiss
from voicetest.audio.chunk import INTERNAL, AudioChunk
from voicetest.events import Audio, Transcript, TranscriptDelta
from voicetest.links.base import Link, say

__all__ = ["Delivery"]

_PACED_S = 0.02
"""One piece of sound on a line in real time."""
_MADE_S = 0.2
"""One piece of sound that is made faster; platforms send 40 ms to 500 ms at once."""
_NOISE_DB = -30.0
_WORD = re.compile(r"\s*\S+(?:\s+$)?")


class Delivery:
    """Sends sound and words of one agent; `until` waits for a time, and says if it was hushed.

    Where a line takes sound in real time, 20 ms are sent every 20 ms, and the words before. On any
    other line the sound goes out in pieces of 200 ms, `generates` times as fast as it is spoken,
    and the words with it where they can come in parts; without `generates` all goes at once.
    """

    def __init__(
        self,
        link: Link,
        until: Callable[[float], Awaitable[bool]],
        *,
        faults: Faults = HEALTHY,
        generates: float | None = None,
    ) -> None:
        self._link = link
        self._until = until
        self._faults = faults
        self._generates = generates
        self._loop = asyncio.get_running_loop()
        self._silent = False
        """Whether the utterance under way is one of text alone; set by each."""

    async def send(
        self,
        speech: AudioChunk,
        text: str = "",
        start: float = 0.0,
        unheard: Unheard | None = None,
    ) -> float | None:
        """Send speech with its words, not before `start` in real time; `unheard` in its place.

        Gives the time up to which it will be heard if it was hushed before all was sent.
        """
        self._silent = unheard == "text"
        sound = _in_place(speech, unheard)
        if self._link.paced:
            await self._whole_words(text)
            await self._until(start)
            return await self._pace(sound)
        if self._generates is None:
            await self._whole_words(text)
            await self._sound(sound)
            return None
        return await self._make(sound, text, self._generates)

    async def _pace(self, sound: AudioChunk) -> float | None:
        start = self._loop.time()
        for number, piece in enumerate(_pieces(sound, _PACED_S)):
            at = start + number * _PACED_S
            if number and not await self._until(at):
                return at  # what was sent is heard to its end
            await self._sound(piece)
        return None

    async def _make(self, sound: AudioChunk, text: str, times: float) -> float | None:
        in_parts = TranscriptDelta in self._link.sends
        if not in_parts:
            await self._whole_words(text)
        words = _WORD.findall(text) if in_parts else []
        pieces = list(_pieces(sound, _MADE_S))
        start = self._loop.time()
        for number, piece in enumerate(pieces):
            at = start + number * _MADE_S / times
            if number and not await self._until(at):
                return at
            here = words[_share(words, number, pieces) : _share(words, number + 1, pieces)]
            if here:
                await self._say(TranscriptDelta("agent", "".join(here)))
            await self._sound(piece)
        if in_parts and text:
            await self._say(Transcript("agent", text))
        return None

    async def _whole_words(self, text: str) -> None:
        if text:
            await self._say(TranscriptDelta("agent", text))
            await self._say(Transcript("agent", text))

    async def _say(self, words: Transcript | TranscriptDelta) -> None:
        if not self._faults.mute:
            await say(self._link, words)

    async def _sound(self, sound: AudioChunk) -> None:
        if not (self._faults.mute or self._silent):
            await self._link.send(Audio(sound))


def _in_place(speech: AudioChunk, unheard: Unheard | None) -> AudioChunk:
    """What goes over the line for an utterance of as long."""
    match unheard:
        case "zeros":
            return AudioChunk(bytes(len(speech.data)))
        case "noise":
            return Hiss(_NOISE_DB).next(speech.frames)
        case _:
            return speech


def _pieces(sound: AudioChunk, seconds: float) -> Iterator[AudioChunk]:
    step = round(seconds * INTERNAL.rate) * INTERNAL.sample_bytes
    for offset in range(0, len(sound.data), step):
        yield AudioChunk(sound.data[offset : offset + step])


def _share(words: list[str], number: int, pieces: list[AudioChunk]) -> int:
    """How many words have been said when so many pieces were, if they are spread evenly."""
    return -(-len(words) * number // len(pieces))
