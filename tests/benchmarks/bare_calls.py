"""Calls on a media stream by a bare client: frames leave on time, what comes is dropped.

Run as a program: `bare_calls.py websockets|picows PORT CALLS SECONDS LINE`, LINE being a file of
µ-law at 8 kHz that is said over and over.
"""

from __future__ import annotations

import asyncio
import sys
from base64 import b64encode
from collections.abc import Awaitable, Callable
from pathlib import Path

FRAME_S = 0.02
_FRAME = 160
_SLOTS = 4
"""Connections send in so many groups, 5 ms apart."""
_DIALS = 20
"""Connections that are opened at once."""
_CONNECTED = '{"event":"connected","protocol":"Call","version":"1.0.0"}'
_START = (
    '{"event":"start","sequenceNumber":"1","streamSid":"%(sid)s","start":{"accountSid":"AC0",'
    '"streamSid":"%(sid)s","callSid":"CA0","tracks":["inbound"],"customParameters":{},'
    '"mediaFormat":{"encoding":"audio/x-mulaw","sampleRate":8000,"channels":1}}}'
)
_MEDIA = (
    '{"event":"media","sequenceNumber":"%(number)d","streamSid":"%(sid)s","media":'
    '{"track":"inbound","chunk":"%(chunk)d","timestamp":"%(at)d","payload":"%(sound)s"}}'
)
_STOP = '{"event":"stop","sequenceNumber":"9","streamSid":"%(sid)s","stop":{}}'

Say = Callable[[str], Awaitable[None]]
Hang = Callable[[], Awaitable[None]]
Dial = Callable[[str], Awaitable[tuple[Say, Hang]]]


class _Call:
    def __init__(self, number: int, frames: list[str], last: int) -> None:
        self.sid = f"MZ{number:032x}"
        self._frames, self._last = frames, last
        self._sent = 0
        self.over = asyncio.Event()

    async def open(self, dial: Dial, url: str) -> None:
        self._say, self._hang = await dial(url)
        await self._say(_CONNECTED)
        await self._say(_START % {"sid": self.sid})

    async def tick(self) -> None:
        if self._sent == self._last:
            self.over.set()
            return
        number = self._sent
        self._sent += 1
        sound = self._frames[number % len(self._frames)]
        told = {"number": number + 2, "chunk": number + 1, "at": number * 20}
        await self._say(_MEDIA % {"sid": self.sid, "sound": sound, **told})

    async def close(self) -> None:
        await self._say(_STOP % {"sid": self.sid})
        await self._hang()


async def _by_websockets(url: str) -> tuple[Say, Hang]:
    from websockets.asyncio.client import connect

    line = await connect(url, compression=None, ping_interval=20, max_queue=None)

    async def drop() -> None:
        async for _ in line:
            pass

    dropping = asyncio.ensure_future(drop())

    async def hang() -> None:
        await line.close()
        await dropping

    return line.send, hang


async def _by_picows(url: str) -> tuple[Say, Hang]:
    from picows import WSListener, WSMsgType, ws_connect

    line, _ = await ws_connect(WSListener, url, enable_auto_ping=False)

    async def say(message: str) -> None:
        line.send(WSMsgType.TEXT, message.encode())

    async def hang() -> None:
        line.send_close(1000)
        await line.wait_disconnected()

    return say, hang


async def _hold(dial: Dial, url: str, calls: int, frames: list[str], last: int) -> None:
    loop = asyncio.get_running_loop()
    every = [_Call(number, frames, last) for number in range(calls)]
    groups: list[list[_Call]] = [[] for _ in range(_SLOTS)]
    begun = asyncio.Event()

    async def beat() -> None:
        start, number = loop.time(), 0
        while not all(call.over.is_set() for call in every):
            number += 1
            if not groups[number % _SLOTS]:
                continue
            wait = start + number * FRAME_S / _SLOTS - loop.time()
            if wait > 0:
                await asyncio.sleep(wait)
            for call in groups[number % _SLOTS]:
                if not call.over.is_set():
                    await call.tick()

    async def open_all() -> None:
        for at in range(0, calls, _DIALS):
            some = every[at : at + _DIALS]
            await asyncio.gather(*(call.open(dial, url) for call in some))
            for number, call in enumerate(some):
                groups[number % _SLOTS].append(call)
            begun.set()

    async with asyncio.timeout(60 + last * FRAME_S):
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(open_all())
            await begun.wait()
            await beat()
        await asyncio.gather(*(call.close() for call in every))


def main() -> None:
    kind, port, calls, seconds, line = sys.argv[1:]
    sound = Path(line).read_bytes()
    frames = [
        b64encode(sound[at : at + _FRAME]).decode() for at in range(0, len(sound) - _FRAME, _FRAME)
    ]
    url, last = f"ws://127.0.0.1:{port}/", round(float(seconds) / FRAME_S)
    if kind == "websockets":
        asyncio.run(_hold(_by_websockets, url, int(calls), frames, last))
        return
    import uvloop

    uvloop.run(_hold(_by_picows, url, int(calls), frames, last))


if __name__ == "__main__":
    main()
