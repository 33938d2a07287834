"""What a WebSocket connection of ours does beyond the library's: it notes each sign of life."""

from __future__ import annotations

import asyncio
import codecs
from collections.abc import Callable
from dataclasses import replace

from websockets.asyncio.client import ClientConnection
from websockets.asyncio.connection import Connection
from websockets.asyncio.server import ServerConnection
from websockets.frames import Frame, Opcode
from websockets.protocol import Event

__all__ = ["LivingClient", "LivingServer", "Watch"]

_OF_TEXT = frozenset({Opcode.TEXT, Opcode.CONT})
_Utf8 = codecs.getincrementaldecoder("utf-8")


class _Living(Connection):
    """Knows when anything last came, and reads text that is not UTF-8 with U+FFFD in it.

    RFC 6455 §8.1 would have such a connection fail; one odd message is no reason to end a call.
    """

    heard_at: float = float("-inf")
    """When bytes of any kind last came, on the clock of the loop."""
    _decoder: codecs.IncrementalDecoder | None = None
    """Set from the first frame of a text to its last."""

    def data_received(self, data: bytes) -> None:
        """Take in what came, be it a part of a message, a ping or a pong."""
        self.heard_at = self.loop.time()
        super().data_received(data)

    def process_event(self, event: Event) -> None:
        """Take in one frame, or what opens the connection."""
        super().process_event(self._legible(event) if isinstance(event, Frame) else event)

    def _legible(self, frame: Frame) -> Frame:
        if frame.opcode is Opcode.TEXT:
            self._decoder = _Utf8("replace")
        if self._decoder is None or frame.opcode not in _OF_TEXT:
            return frame
        text = self._decoder.decode(frame.data, final=frame.fin)
        if frame.fin:
            self._decoder = None
        return replace(frame, data=text.encode())


class LivingClient(_Living, ClientConnection):
    """The end that dialled."""


class LivingServer(_Living, ServerConnection):
    """The end that answered."""


class Watch:
    """Gives up a connection on which nothing came for `limit` seconds, not even a pong."""

    def __init__(self, connection: _Living, limit: float, give_up: Callable[[], object]) -> None:
        self._connection = connection
        self._limit = limit
        self._give_up = give_up
        self._loop = asyncio.get_running_loop()
        connection.heard_at = max(connection.heard_at, self._loop.time())
        self._next = self._loop.call_later(limit, self._look)

    def end(self) -> None:
        """Watch no more."""
        self._next.cancel()

    def _look(self) -> None:
        silent = self._loop.time() - self._connection.heard_at
        if silent >= self._limit:
            self._give_up()
        else:
            self._next = self._loop.call_later(self._limit - silent, self._look)
