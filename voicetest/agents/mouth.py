"""How the embedded agent speaks, and how it falls silent."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass

from voicetest.agents.delivery import Delivery
from voicetest.agents.faults import HEALTHY, Faults, Unheard
from voicetest.agents.parts import Part, Presses, Words
from voicetest.agents.truth import Spoke, spoken
from voicetest.audio.chunk import INTERNAL, AudioChunk, Samples
from voicetest.events import (
    AgentTurnEnded,
    Cleared,
    Dtmf,
    Mark,
    Status,
    Warned,
)
from voicetest.links.base import Link, say
from voicetest.speech.voices.base import UnspeakableText, Voice

__all__ = ["Mouth"]

GENERATED = Status("generated")
"""What a platform says that knows how far it was heard, when all of a turn was sent."""

_BROKEN = 1011
"""The close code of a peer that failed (RFC 6455 §7.4.1)."""


_AHEAD = 2
"""Sentences that are made into sound before the one before them was sent."""


@dataclass(frozen=True)
class _Sentence:
    """A part of a turn whose sound begins to be heard at `start`."""

    words: int
    start: float
    sound: AudioChunk


class Mouth:
    """Speaks one turn at a time over a link, and knows when the listener has heard it.

    `tones` makes the sound of keys for a line that has no word for them; `told` learns when each
    utterance was heard, as soon as it is over; `nonsense` sends what no protocol has. With
    `ends_when_heard` the end of a turn is announced when it was heard, not when all is sent.
    `generates` is how many times as fast as speech sound is made; None for all at once.
    """

    def __init__(
        self,
        voice: Voice,
        link: Link,
        *,
        faults: Faults = HEALTHY,
        tones: Callable[[str], Samples] | None = None,
        told: Callable[[Spoke], None] | None = None,
        nonsense: Callable[[], Awaitable[None]] | None = None,
        ends_when_heard: bool = False,
        generates: float | None = None,
    ) -> None:
        self._voice = voice
        self._link = link
        self._faults = faults
        self._tones = tones
        self._told = told
        self._nonsense = nonsense
        self._ends_when_heard = ends_when_heard
        self._loop = asyncio.get_running_loop()
        self._delivery = Delivery(link, self._until, faults=faults, generates=generates)
        self._speaking = False
        """Set by the first sound of a turn; cleared when its last one has been heard."""
        self._hushed = asyncio.Event()
        """Set to stop the turn under way; cleared when one begins."""
        self._stopped_at = math.inf
        """When the turn under way was stopped; infinite while it was not."""
        self._heard_share = 1.0
        """Set when an utterance is over, and to 1 when a turn begins."""
        self._utterances = 0
        """How many have begun."""

    @property
    def speaking(self) -> bool:
        """Whether the listener still hears the agent, or will after a pause of the same turn."""
        return self._speaking and not self._hushed.is_set()

    @property
    def heard_share(self) -> float:
        """How much of the last turn's last utterance was heard, from 0 to 1."""
        return self._heard_share

    def hush(self) -> None:
        """Stop at once: what was sent but not heard yet is thrown away."""
        if self._speaking and not self._hushed.is_set():
            self._stopped_at = self._loop.time()
            self._hushed.set()

    async def speak(self, *parts: Part) -> None:
        """Send one turn with its words, its sound and its end; returns when it was heard."""
        self._begin()
        try:
            for place, part in enumerate(parts, 1):
                if not await self._part(part, ends_turn=place == len(parts)):
                    break
            # Sent from here and not by `hush`, so that no sound can follow on a slow line.
            if self._hushed.is_set():
                await say(self._link, Cleared())
                await say(self._link, AgentTurnEnded("interrupted"))
        finally:
            self._speaking = False

    async def speak_on(self, sentences: AsyncGenerator[str, None]) -> bool:
        """Speak a turn that is still being thought of; returns whether it said anything.

        Each sentence is made into sound and sent while those before it are heard. When the turn
        is hushed, be it before its first sound, `sentences` is closed at once.
        """
        self._begin()
        self._speaking = True
        said: list[_Sentence] = []
        taken: list[str] = []
        try:
            async with asyncio.TaskGroup() as tasks:
                turn = tasks.create_task(self._send_on(sentences, taken, said))
                stopping = tasks.create_task(self._cancel_when_hushed(turn))
                await asyncio.wait([turn])
                stopping.cancel()
            if said and self._hushed.is_set():
                await say(self._link, Cleared())
                await say(self._link, AgentTurnEnded("interrupted"))
        except asyncio.CancelledError:
            self._stopped_at = min(self._stopped_at, self._loop.time())
            raise
        finally:
            self._speaking = False
            self._account_for(taken, said)
        return bool(said)

    async def _cancel_when_hushed(self, turn: asyncio.Task[None]) -> None:
        await self._hushed.wait()
        turn.cancel()

    async def _send_on(
        self, sentences: AsyncGenerator[str, None], taken: list[str], said: list[_Sentence]
    ) -> None:
        made: asyncio.Queue[tuple[str, AudioChunk] | None] = asyncio.Queue(_AHEAD)
        silent_at = 0.0
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._make(sentences, taken, made))
            while (next_one := await made.get()) is not None:
                text, sound = next_one
                start = max(self._loop.time(), silent_at)
                silent_at = start + sound.duration
                said.append(_Sentence(len(text.split()), start, sound))
                self._utterances += 1
                await self._delivery.send(sound, text, start, self._faults.unheard)
                await say(self._link, Mark(f"utterance-{self._utterances}"))
        if not said:
            return
        await say(self._link, GENERATED if self._ends_when_heard else AgentTurnEnded())
        if await self._until(silent_at) and self._ends_when_heard:
            await say(self._link, AgentTurnEnded())

    async def _make(
        self,
        sentences: AsyncGenerator[str, None],
        taken: list[str],
        made: asyncio.Queue[tuple[str, AudioChunk] | None],
    ) -> None:
        """Put each sentence with its sound into the queue, and None after the last one."""
        async with aclosing(sentences):
            async for text in sentences:
                taken.append(text)
                try:
                    sound = await self._voice.synthesise(text)
                except UnspeakableText as error:
                    await say(self._link, Warned(f"left unsaid: {error}"))
                    continue
                await made.put((text, sound))
                await asyncio.sleep(0)  # it is said before what is thought of next is done
        await made.put(None)

    def _account_for(self, taken: list[str], said: list[_Sentence]) -> None:
        heard = 0.0
        for sentence in said:
            whole = sentence.sound.duration
            heard_s = min(max(self._stopped_at - sentence.start, 0.0), whole)
            heard += round(sentence.words * heard_s / whole)
            spoke = spoken(sentence.sound, sentence.start, self._stopped_at)
            if self._told is not None and spoke is not None and self._faults.unheard is None:
                self._told(spoke)
        if self._hushed.is_set():
            self._heard_share = heard / max(sum(len(text.split()) for text in taken), 1)

    def _begin(self) -> None:
        self._hushed.clear()
        self._stopped_at = math.inf
        self._heard_share = 1.0

    async def _part(self, part: Part, ends_turn: bool) -> bool:
        """Whether the turn goes on after this part."""
        match part:
            case Words():
                return await self._utter(part, ends_turn)
            case Presses(keys):
                return await self._press(keys, ends_turn)

    async def _utter(self, words: Words, ends_turn: bool) -> bool:
        whole = await self._voice.synthesise(words.text)
        if words.after and not await self._until(self._loop.time() + words.after):
            return False
        self._utterances += 1
        broken = self._utterances in (self._faults.drops_call, self._faults.stalls)
        sound = _beginning(whole, 0.5 if broken else words.share)
        self._speaking = True
        start = self._loop.time()
        try:
            rest, text = sound, words.text
            if self._utterances == self._faults.malformed:
                rest, text = await self._babble_within(sound, text), ""
            heard = await self._play(rest, ends_turn and not broken, text, words.unheard)
        except asyncio.CancelledError:
            self._stopped_at = min(self._stopped_at, self._loop.time())
            raise
        finally:
            self._account(start, sound, whole, told=words.unheard is None)
        if broken and heard:
            await self._break()
            return False
        return heard

    async def _babble_within(self, sound: AudioChunk, text: str) -> AudioChunk:
        """Play half of a sound and say what no protocol has; the other half is still to be played.

        One who is hushed in the first half plays nothing more.
        """
        half = _beginning(sound, 0.5)
        if not await self._play(half, False, text):
            return AudioChunk(b"")
        if self._nonsense is not None:
            await self._nonsense()
        return AudioChunk(sound.data[len(half.data) :])

    async def _break(self) -> None:
        """What a broken agent does in the middle of an utterance; it says nothing more."""
        if self._utterances == self._faults.drops_call:
            await self._link.hang_up(code=_BROKEN)
            return
        await self._loop.create_future()

    def _account(self, start: float, sound: AudioChunk, whole: AudioChunk, *, told: bool) -> None:
        heard_s = min(max(self._stopped_at - start, 0.0), sound.duration)
        self._heard_share = heard_s / whole.duration
        spoke = spoken(sound, start, self._stopped_at)
        if self._told is not None and spoke is not None and told and not self._faults.mute:
            self._told(spoke)

    async def _press(self, keys: str, ends_turn: bool) -> bool:
        self._speaking = True
        if Dtmf not in self._link.sends and self._tones is not None:
            return await self._play(AudioChunk.of(self._tones(keys)), ends_turn)
        if Dtmf in self._link.sends:
            for key in keys:
                await self._link.send(Dtmf(key))
        else:
            await say(self._link, Warned("the agent cannot press keys on this line"))
        if ends_turn:
            await say(self._link, AgentTurnEnded())
        return True

    async def _play(
        self,
        sound: AudioChunk,
        ends_turn: bool,
        text: str = "",
        unheard: Unheard | None = None,
    ) -> bool:
        """Send sound and, if so, the end of the turn; whether it was heard to its end."""
        silent_at = self._loop.time() + sound.duration
        until = await self._delivery.send(sound, text, unheard=unheard)
        if until is not None and self._link.paced:
            self._stopped_at = max(self._stopped_at, until)
        if not self._hushed.is_set():
            await say(self._link, Mark(f"utterance-{self._utterances}"))
            if ends_turn:
                await say(self._link, GENERATED if self._ends_when_heard else AgentTurnEnded())
        heard = await self._until(silent_at)
        if heard and ends_turn and self._ends_when_heard:
            await say(self._link, AgentTurnEnded())
        return heard

    async def _until(self, deadline: float) -> bool:
        """Wait until `loop.time()` reaches `deadline`; False at once when hushed."""
        try:
            async with asyncio.timeout_at(deadline):
                await self._hushed.wait()
        except TimeoutError:
            return True
        return False


def _beginning(sound: AudioChunk, share: float) -> AudioChunk:
    """The first part of a sound, `share` from 0 to 1 of it."""
    return AudioChunk(sound.data[: round(sound.frames * share) * INTERNAL.sample_bytes])
