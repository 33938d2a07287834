"""What a message costs between the socket and a call, beside a client that does the same by hand.

Both get the same bytes through the same connections of the websockets package; nothing goes over a
network. Figures are thread CPU, the best of several rounds.
"""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import Awaitable, Callable

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.client import ClientProtocol
from websockets.server import ServerProtocol
from websockets.uri import parse_uri

from voicetest.audio.chunk import AudioChunk
from voicetest.events import Audio, Event
from voicetest.links.codec import CodecLink
from voicetest.protocols.base import End
from voicetest.protocols.twilio import TELEPHONE, MediaStream
from voicetest.transports.living import LivingClient
from voicetest.transports.websocket import WebSocketTransport

pytestmark = pytest.mark.benchmark

MESSAGES = 500
"""Ten seconds of frames."""
SOUND = bytes(range(160))
STREAM = "MZ" + "0" * 32


class _Wire(asyncio.Transport):
    """Takes what is written and drops it."""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Gone."""

    def get_write_buffer_size(self) -> int:
        """Nothing waits."""
        return 0

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Nothing ever does."""

    def is_closing(self) -> bool:
        """Never."""
        return False


def _opened(kind: type[ClientConnection]) -> tuple[ClientConnection, ServerProtocol]:
    """A connection that is open, and the server's end of it; needs a running loop."""
    protocol = ClientProtocol(parse_uri("ws://agent/"))
    client = kind(protocol)
    client.connection_made(_Wire())
    request = protocol.connect()
    protocol.send_request(request)
    server = ServerProtocol()
    server.send_response(server.accept(request))
    client.data_received(b"".join(server.data_to_send()))
    protocol.data_to_send()
    return client, server


def _frame(server: ServerProtocol) -> bytes:
    payload = base64.b64encode(SOUND).decode()
    said = {"event": "media", "streamSid": STREAM, "media": {"payload": payload}}
    server.send_text(json.dumps(said).encode())
    return b"".join(server.data_to_send())


async def _spent(one: Callable[[], Awaitable[None] | None]) -> float:
    """Microseconds for each of many."""
    best = float("inf")
    for _ in range(7):
        before = time.thread_time()
        for _ in range(MESSAGES):
            done = one()
            if done is not None:
                await done
        best = min(best, (time.thread_time() - before) / MESSAGES * 1e6)
    return best


async def _by_hand() -> tuple[float, float]:
    """Microseconds to take in a message, and to send one."""
    client, server = _opened(ClientConnection)
    frame, heard, number = _frame(server), list[bytes](), 0

    async def listen() -> None:
        async for message in client:
            heard.append(base64.b64decode(json.loads(message)["media"]["payload"]))

    async def receive() -> None:
        client.data_received(frame)
        await asyncio.sleep(0)

    async def send() -> None:
        nonlocal number
        number += 1
        payload = base64.b64encode(SOUND).decode()
        place = {"track": "inbound", "chunk": str(number), "timestamp": str(number * 20)}
        numbered = {"event": "media", "sequenceNumber": str(number), "streamSid": STREAM}
        await client.send(json.dumps(numbered | {"media": place | {"payload": payload}}))

    listening = asyncio.create_task(listen())
    received = await _spent(receive)
    assert set(heard) == {SOUND}
    listening.cancel()
    return received, await _spent(send)


async def _by_voicetest() -> tuple[float, float]:
    client, server = _opened(LivingClient)
    assert isinstance(client, LivingClient)
    link = CodecLink(MediaStream(End.CLIENT, stream_sid=STREAM), WebSocketTransport(client))
    frame, heard = _frame(server), list[Event]()
    listening = asyncio.create_task(link.deliver(heard.append))
    await asyncio.sleep(0)

    async def receive() -> None:
        client.data_received(frame)
        await asyncio.sleep(0)

    received = await _spent(receive)
    said = Audio(AudioChunk(SOUND, TELEPHONE))
    assert set(heard) == {said}
    listening.cancel()
    return received, await _spent(lambda: link.put(said))


def test_a_message_costs_no_more_than_by_hand() -> None:
    by_hand, mine = asyncio.run(_by_hand()), asyncio.run(_by_voicetest())
    for what, hand, our in zip(("taken in", "sent"), by_hand, mine, strict=True):
        ratio = our / hand
        print(f"\na message is {what} in {our:.1f} µs, by hand in {hand:.1f} µs: {ratio:.2f} x")
        assert ratio <= 1.5
