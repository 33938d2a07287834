"""The line of a simulated call of Vapi: what the platform does besides what its agent says."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from voicetest.audio.chunk import Encoding
from voicetest.clock import sleep_until
from voicetest.events import Event, Hangup
from voicetest.protocols.vapi import Vapi
from voicetest.protocols.vapi_message import TOO_SILENT
from voicetest.transports.base import GOING_AWAY, NORMAL_CLOSE, Transport, TransportClosed

__all__ = ["VapiLine"]

SILENCE_LIMIT_S = 30.0
"""How long no sound may come, be it silence."""
_PIECE_S = 0.02
_BEHIND_S = 0.2
"""How much later than the messages about it a streamed sound goes out."""
_INTERRUPTED = '{"type":"user-interrupted"'
_ENDINGS: Mapping[int, str] = {NORMAL_CLOSE: "", GOING_AWAY: "worker-shutdown"}
_BROKE = "pipeline-error-vapi-llm-failed"


class VapiLine:
    """The platform's end of a call; one without sound for 30 s is ended."""

    def __init__(self, transport: Transport[bytes | str], codec: Vapi, *, wraps: bool) -> None:
        """With a codec that is paced, `stream` has to run; `wraps` puts messages in another."""
        self.reason = ""
        """Why the call ended, as far as its agent's end closed the connection."""
        self._transport = transport
        self._codec = codec
        self._wraps = wraps
        self._loop = asyncio.get_running_loop()
        self._patience = self._loop.time() + SILENCE_LIMIT_S
        """When the call is ended; moved by each piece of sound."""
        self._held = bytearray()
        """Sound that is still to be streamed."""

    async def send(self, message: bytes | str) -> None:
        """Hand over one message, sound perhaps later; raises TransportClosed."""
        if isinstance(message, bytes):
            if not self._codec.paced:
                await self._transport.send(message)
                return
            if not self._held:
                self._held += self._silence(_BEHIND_S)
            self._held += message
            return
        if message.startswith(_INTERRUPTED):
            self._held.clear()
        await self._transport.send(f'{{"message":{message}}}' if self._wraps else message)

    async def say(self, event: Event) -> None:
        """Tell the peer something if it is still there."""
        try:
            for message in self._codec.encode(event):
                await self.send(message)
        except TransportClosed:
            return

    async def receive(self) -> bytes | str:
        """The next message; raises TransportClosed when the call is over."""
        try:
            async with asyncio.timeout_at(self._patience):
                message = await self._transport.receive()
        except TimeoutError:
            await self.say(Hangup(reason=TOO_SILENT))
            await self.close(NORMAL_CLOSE)
            raise TransportClosed(NORMAL_CLOSE, TOO_SILENT) from None
        if isinstance(message, bytes):
            self._patience = self._loop.time() + SILENCE_LIMIT_S
        return message

    async def close(self, code: int = NORMAL_CLOSE, reason: str = "") -> None:
        """End the connection; closing twice changes nothing."""
        self.reason = self.reason or _ENDINGS.get(code, _BROKE)
        await self._transport.close(code, reason)

    async def stream(self) -> None:
        """Send sound in real time and silence where there is none, until the line is closed."""
        start = self._loop.time()
        silence = self._silence(_PIECE_S)
        count = 0
        try:
            while True:
                await sleep_until(start + count * _PIECE_S)
                piece = bytes(self._held[: len(silence)])
                del self._held[: len(silence)]
                await self._transport.send(piece + silence[len(piece) :])
                count += 1
        except TransportClosed:
            return

    def _silence(self, seconds: float) -> bytes:
        wire = self._codec.speaks
        size = round(wire.rate * seconds) * wire.frame_bytes
        return (b"\0" if wire.encoding is Encoding.PCM16 else b"\xff") * size
