"""An agent on stock aiortc, as somebody else would write one; nothing of voicetest is in it.

    python aiortc_agent.py --lines FOLDER [--codec PCMU] [--hangs-up]

It says `listening on PORT`, takes offers as JSON at /offer and over WHIP at /whip, says the
recording `greeting.wav` (mono PCM16 at 24 kHz), and after each turn of the user `line-1.wav`,
`line-2.wav` and so on. On a data channel it tells what it says, and it stops when told to.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import socket
import sys
import time
import wave
from fractions import Fraction
from pathlib import Path

import numpy as np
import uvicorn
from aioice import ice
from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCDataChannel,
    RTCPeerConnection,
    RTCRtpSender,
    RTCSessionDescription,
)
from aiortc.mediastreams import MediaStreamError
from av import AudioFrame
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

RATE = 24_000
PIECE = RATE // 50
LOUD = 500
PATIENCE_S = 0.6


class Mouth(MediaStreamTrack):
    """Plays what it is given, paced as aiortc's own examples do it."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self.sound = b""
        self._start: float | None = None
        self._sent = 0

    async def recv(self) -> AudioFrame:
        """The next 20 ms."""
        if self._start is None:
            self._start = time.time()
        await asyncio.sleep(max(self._start + self._sent / RATE - time.time(), 0))
        data, self.sound = self.sound[: 2 * PIECE], self.sound[2 * PIECE :]
        frame = AudioFrame(format="s16", layout="mono", samples=PIECE)
        frame.planes[0].update(data.ljust(2 * PIECE, b"\0"))
        frame.sample_rate, frame.pts, frame.time_base = RATE, self._sent, Fraction(1, RATE)
        self._sent += PIECE
        return frame


class Agent:
    """One call."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._options = options
        self._mouth = Mouth()
        self._turns = 0
        self._channel: RTCDataChannel | None = None
        self._listening: asyncio.Task[None] | None = None
        self.peer.on("track", self._on_track)
        self.peer.on("datachannel", self._on_channel)
        self.peer.on("connectionstatechange", self._on_state)

    async def answer(self, offer: str) -> str:
        """Take the call."""
        await self.peer.setRemoteDescription(RTCSessionDescription(offer, "offer"))
        self.peer.addTrack(self._mouth)
        if self._options.codec:
            able = RTCRtpSender.getCapabilities("audio").codecs
            wanted = [codec for codec in able if codec.name == self._options.codec]
            self.peer.getTransceivers()[0].setCodecPreferences(wanted)
        await self.peer.setLocalDescription(await self.peer.createAnswer())
        return self.peer.localDescription.sdp

    def _on_track(self, track: MediaStreamTrack) -> None:
        self._listening = asyncio.ensure_future(self._listen(track))

    def _on_channel(self, channel: RTCDataChannel) -> None:
        self._channel = channel
        channel.on("message", self._on_message)

    def _on_message(self, message: str) -> None:
        if json.loads(message).get("type") == "stop":
            self._mouth.sound = b""
            self._tell({"type": "stopped"})

    def _on_state(self) -> None:
        if self.peer.connectionState == "connected":
            asyncio.get_running_loop().call_later(0.3, self._say, "greeting")

    def _tell(self, message: dict[str, str]) -> None:
        if self._channel is not None and self._channel.readyState == "open":
            self._channel.send(json.dumps(message))

    def _say(self, name: str) -> None:
        path = self._options.lines / f"{name}.wav"
        if path.exists():
            with wave.open(str(path)) as file:
                self._mouth.sound = file.readframes(file.getnframes())
            self._tell({"type": "says", "text": path.with_suffix(".txt").read_text()})

    async def _listen(self, track: MediaStreamTrack) -> None:
        spoke, quiet = False, 0.0
        while True:
            try:
                frame = await track.recv()
            except MediaStreamError:
                return
            assert isinstance(frame, AudioFrame)
            if np.abs(frame.to_ndarray().astype(int)).max() > LOUD:
                spoke, quiet = True, 0.0
            else:
                quiet += frame.samples / frame.sample_rate
            if spoke and quiet > PATIENCE_S:
                spoke = False
                self._turns += 1
                self._say(f"line-{self._turns}")
                if self._options.hangs_up:
                    await asyncio.sleep(len(self._mouth.sound) / 2 / RATE + 0.2)
                    await self.peer.close()


def main() -> None:
    """Serve calls until killed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--lines", type=Path, required=True)
    parser.add_argument("--codec", default="")
    parser.add_argument("--hangs-up", action="store_true")
    options = parser.parse_args()
    sessions: dict[str, Agent] = {}

    async def on_json(request: Request) -> Response:
        agent = Agent(options)
        sessions[str(len(sessions))] = agent
        answer = await agent.answer((await request.json())["sdp"])
        return JSONResponse({"type": "answer", "sdp": answer})

    async def on_whip(request: Request) -> Response:
        agent, name = Agent(options), str(len(sessions))
        sessions[name] = agent
        answer = await agent.answer((await request.body()).decode())
        headers = {"Location": f"sessions/{name}"}
        return Response(answer, 201, headers, "application/sdp")

    async def on_delete(request: Request) -> Response:
        await sessions[request.path_params["name"]].peer.close()
        sys.stdout.write("deleted\n")
        sys.stdout.flush()
        return Response()

    routes = [
        Route("/offer", on_json, methods=["POST"]),
        Route("/whip", on_whip, methods=["POST"]),
        Route("/sessions/{name}", on_delete, methods=["DELETE"]),
    ]
    # It is called on this machine only, and offers no other address.
    ice.get_host_addresses = lambda use_ipv4, use_ipv6: ["127.0.0.1"]
    listening = socket.create_server(("127.0.0.1", 0))
    sys.stdout.write(f"listening on {listening.getsockname()[1]}\n")
    sys.stdout.flush()
    config = uvicorn.Config(Starlette(routes=routes), log_level="warning")
    uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main()
