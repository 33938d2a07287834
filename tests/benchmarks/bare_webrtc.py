"""Calls over WebRTC by aiortc as it is, at either end; nothing of voicetest is in it.

As a program: `bare_webrtc.py agent LINE` says `listening on PORT`, takes offers as JSON at /offer,
speaks 2 s of LINE and is silent for 2 s by turns, and tells at /arrivals when each frame of every
call came since it was asked last. `bare_webrtc.py client PORT CALLS SECONDS LINE` calls it, says
LINE over and over and drops what it hears. LINE is a WAV file at 8 kHz, the rate of the package's
own AudioStreamTrack: sound of a higher rate costs more.
"""

from __future__ import annotations

import asyncio
import socket
import sys
import time
import wave
from fractions import Fraction

import httpx
import uvicorn
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError
from av import AudioFrame
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

RATE, FRAME_S = 8_000, 0.02
_FRAME = round(RATE * FRAME_S)
_SILENCE = bytes(2 * _FRAME)
_TALK, _CYCLE = 100, 200
_DIALS = 5


def frames_of(path: str) -> list[bytes]:
    """Its sound in pieces of 20 ms."""
    with wave.open(path) as file:
        assert file.getframerate() == RATE
        sound = file.readframes(file.getnframes())
    return [sound[at : at + 2 * _FRAME] for at in range(0, len(sound) - 2 * _FRAME, 2 * _FRAME)]


class Speech(MediaStreamTrack):
    """Says frames over and over, in real time, all the time or by turns."""

    kind = "audio"

    def __init__(self, frames: list[bytes], *, by_turns: bool) -> None:
        super().__init__()
        self._frames, self._by_turns = frames, by_turns
        self._start: float | None = None
        self._given = 0

    async def recv(self) -> AudioFrame:
        """The next 20 ms."""
        now = time.monotonic()
        if self._start is None:
            self._start = now
        await asyncio.sleep(max(self._start + self._given * FRAME_S - now, 0))
        silent = self._by_turns and self._given % _CYCLE >= _TALK
        frame = AudioFrame(format="s16", layout="mono", samples=_FRAME)
        sound = _SILENCE if silent else self._frames[self._given % len(self._frames)]
        frame.planes[0].update(sound)
        frame.sample_rate, frame.time_base = RATE, Fraction(1, RATE)
        frame.pts = self._given * _FRAME
        self._given += 1
        return frame


async def drop(track: MediaStreamTrack, arrivals: list[float]) -> None:
    """Take what comes until it ends, noting when."""
    try:
        while True:
            await track.recv()
            arrivals.append(time.monotonic())
    except MediaStreamError:
        return


def peer_of(tasks: set[asyncio.Task[None]], arrivals: list[float]) -> RTCPeerConnection:
    """A connection that drops what it hears."""
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))

    def listen(track: MediaStreamTrack) -> None:
        tasks.add(asyncio.ensure_future(drop(track, arrivals)))

    peer.on("track", listen)
    return peer


async def serve(frames: list[bytes]) -> None:
    """Be the agent."""
    every: list[list[float]] = []
    peers: list[RTCPeerConnection] = []
    tasks: set[asyncio.Task[None]] = set()

    async def offer(request: Request) -> JSONResponse:
        arrivals: list[float] = []
        every.append(arrivals)
        peer = peer_of(tasks, arrivals)
        peers.append(peer)
        peer.addTrack(Speech(frames, by_turns=True))
        sdp = (await request.json())["sdp"]
        await peer.setRemoteDescription(RTCSessionDescription(sdp, "offer"))
        await peer.setLocalDescription(await peer.createAnswer())
        return JSONResponse({"sdp": peer.localDescription.sdp, "type": "answer"})

    async def tell(request: Request) -> JSONResponse:
        told = list(every)
        every.clear()
        await asyncio.gather(*(peer.close() for peer in peers))
        peers.clear()
        return JSONResponse(told)

    routes = [Route("/offer", offer, methods=["POST"]), Route("/arrivals", tell)]
    listening = socket.create_server(("127.0.0.1", 0))
    print(f"listening on {listening.getsockname()[1]}", flush=True)
    config = uvicorn.Config(Starlette(routes=routes), log_level="error")
    await uvicorn.Server(config).serve([listening])


async def call(port: str, client: httpx.AsyncClient, seconds: float, frames: list[bytes]) -> None:
    """Be one caller."""
    tasks: set[asyncio.Task[None]] = set()
    peer = peer_of(tasks, [])
    connected = asyncio.Event()
    peer.on(
        "connectionstatechange",
        lambda: connected.set() if peer.connectionState == "connected" else None,
    )
    peer.addTrack(Speech(frames, by_turns=False))
    await peer.setLocalDescription(await peer.createOffer())
    offer = {"sdp": peer.localDescription.sdp, "type": "offer"}
    answer = (await client.post(f"http://127.0.0.1:{port}/offer", json=offer)).json()
    await peer.setRemoteDescription(RTCSessionDescription(answer["sdp"], "answer"))
    await connected.wait()
    await asyncio.sleep(seconds)
    await peer.close()


async def hold(port: str, calls: int, seconds: float, frames: list[bytes]) -> None:
    """Be many callers, who dial in groups."""
    async with (
        asyncio.timeout(60 + seconds),
        httpx.AsyncClient(timeout=30) as client,
        asyncio.TaskGroup() as tasks,
    ):
        for number in range(calls):
            tasks.create_task(call(port, client, seconds, frames))
            if number % _DIALS == _DIALS - 1:
                await asyncio.sleep(0.1)


def main() -> None:
    words = sys.argv[1:]
    frames = frames_of(words[-1])
    if words[0] == "agent":
        asyncio.run(serve(frames))
    else:
        asyncio.run(hold(words[1], int(words[2]), float(words[3]), frames))


if __name__ == "__main__":
    main()
