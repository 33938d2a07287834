"""The line of a telephone call as its caller holds it: our end of a media stream."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, suppress
from typing import TypeAlias

from voicetest.audio.chunk import AudioFormat
from voicetest.events import Audio, Dtmf, Event, Hangup, Mark, Status, UserTurnEnded
from voicetest.links.base import Link
from voicetest.protocols.base import require
from voicetest.protocols.twilio import TELEPHONE
from voicetest.transports.base import NORMAL_CLOSE

__all__ = ["PhoneLine", "Telephone"]

Events: TypeAlias = frozenset[type[Event]]

OF_NO_USE = 4000
"""Our own code for closing a line that can be of no use (RFC 6455 §7.4.2 leaves it to us)."""
KEYS_TOGETHER_S = 0.4
"""Keys that follow each other this closely are pressed together."""


class Telephone:
    """What a telephone line carries: sound in real time both ways, and keys."""

    speaks: AudioFormat = TELEPHONE
    hears: AudioFormat = TELEPHONE
    continuous = True
    hears_between_turns = True
    paced = True
    jitter_s = 0.0
    buffered_s = 0.0
    receives: Events = frozenset({Audio, Dtmf, Status, Hangup})

    def __init__(self, *, presses_keys: bool = False) -> None:
        """`presses_keys`: keys can be pressed otherwise than by their tones."""
        self.sends: Events = frozenset({Audio, UserTurnEnded} | ({Dtmf} if presses_keys else set()))


class PhoneLine(Telephone):
    """A media stream whose other end is Twilio; after each turn of the user a mark is sent.

    Twilio echoes it when it has played all that came before: `played` on the timeline, with the
    seconds that took.
    """

    def __init__(self, stream: Link, press: Callable[[str], Awaitable[None]] | None = None) -> None:
        """`press` presses keys for us, all it is given at once; None where keys are tones.

        With it `press_keys` has to run.
        """
        super().__init__(presses_keys=press is not None)
        self._stream = stream
        self._press = press
        self._loop = asyncio.get_running_loop()
        self._keys: asyncio.Queue[str] = asyncio.Queue()
        self._marked: dict[str, float] = {}
        """When each mark was sent whose echo has not come yet."""
        self._turns = 0
        """How many turns of the user have ended."""

    async def send(self, event: Event) -> None:
        """Say `event`; nothing of it waits for Twilio's REST interface."""
        require(event, self.sends)
        match event:
            case UserTurnEnded():
                self._turns += 1
                name = f"user-{self._turns}"
                self._marked[name] = self._loop.time()
                await self._stream.send(Mark(name))
            case Dtmf(key):
                self._keys.put_nowait(key)
            case _:
                await self._stream.send(event)

    async def events(self) -> AsyncGenerator[Event, None]:
        """What comes over the line, ending with exactly one Hangup; raises ProtocolError."""
        async with aclosing(self._stream.events()) as events:
            async for event in events:
                match event:
                    case Mark(name) if name in self._marked:
                        after_s = round(self._loop.time() - self._marked.pop(name), 3)
                        yield Status("played", {"mark": name, "after_s": after_s})
                    case Mark():
                        pass
                    case Hangup(code=code, reason=reason) if code == OF_NO_USE:
                        yield Hangup(reason=reason, normal=False)
                    case _:
                        yield event

    async def hang_up(self, reason: str = "", code: int = NORMAL_CLOSE) -> None:
        """Close the stream; the call's leg ends with it."""
        await self._stream.hang_up(reason, code)

    async def press_keys(self) -> None:
        """Press what is sent as keys, those that follow each other closely together; for ever."""
        while self._press is not None:
            keys = await self._keys.get()
            with suppress(TimeoutError):
                while True:
                    async with asyncio.timeout(KEYS_TOGETHER_S):
                        keys += await self._keys.get()
            await self._press(keys)
