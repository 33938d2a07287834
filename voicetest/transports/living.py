"""What a WebSocket connection of ours does beyond the library's: it knows life from too much."""

from __future__ import annotations

import asyncio
import codecs
from collections import deque
from collections.abc import Callable
from dataclasses import replace

from websockets.asyncio.client import ClientConnection
from websockets.asyncio.connection import Connection
from websockets.asyncio.server import ServerConnection
from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import Event, State

from voicetest.transports.allowance import Allowance
from voicetest.transports.base import LARGEST_MESSAGE
from voicetest.transports.room import Room, Share

__all__ = ["LivingClient", "LivingServer", "Watch"]

CLOSE_WAIT_S = 1.0
"""How long a peer that has said goodbye, or was told to go, may leave its connection open."""
MESSAGE_LIMIT_S = 60.0
"""How long one message may be under way."""
MOST_FRAGMENTS = 4_000
"""Frames of one message; the library reads no more than 4096."""
MOST_UNREAD = 10_000
"""Messages that wait to be read: ten times as many as come at once of frames of 20 ms."""
MOST_UNSENT = 4 << 20
"""Bytes that may wait for a peer that sends and does not read: answers to its pings."""
_MB = 1 << 20
_PIECE = 16_384
"""Bytes that are read before it is looked whether that is too much."""
_FRAME_COST = 300
"""Bytes of memory that a frame takes beside its data."""
_CONTROLS = (1_000, 50)
"""Pings, pongs and the like: at once, and a second."""
_ROOM = Room(24 * _MB, _MB)
_OF_TEXT = frozenset({Opcode.TEXT, Opcode.CONT})
_OF_DATA = frozenset({Opcode.TEXT, Opcode.BINARY, Opcode.CONT})
_Utf8 = codecs.getincrementaldecoder("utf-8")


class _Living(Connection):
    """Knows when anything last came, and ends a connection on which too much comes.

    It reads text that is not UTF-8 with U+FFFD in it: RFC 6455 §8.1 would have such a connection
    fail; one odd message is no reason to end a call.
    """

    heard_at: float = float("-inf")
    """When bytes of any kind last came, on the clock of the loop."""
    fault: str = ""
    """What the peer did for which this end closed the connection."""
    _decoder: codecs.IncrementalDecoder | None = None
    """Set from the first frame of a text to its last."""
    _ending: asyncio.TimerHandle | None = None
    """Set when nothing more is wanted of the peer."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self._share = Share(_ROOM)
        self._controls = Allowance(*_CONTROLS)
        self._unread: deque[int] = deque()
        """The sizes of messages that were not taken yet."""
        self._unread_bytes = 0
        self._partial_bytes = 0
        """Bytes of the frames of a message whose last one is still to come."""
        self._fragments = 0
        self._since: float | None = None
        """When the message that is under way began."""

    def data_received(self, data: bytes) -> None:
        """Take in what came, be it a part of a message, a ping or a pong."""
        self.heard_at = self.loop.time()
        # In pieces: what is read at once may be 65,000 frames.
        for at in range(0, len(data), _PIECE):
            super().data_received(data[at : at + _PIECE])
            if self.protocol.state is State.OPEN:
                excess = self._excess()
                if excess:
                    self._refuse(excess)
        self._end_soon()

    def eof_received(self) -> None:
        """Take in that nothing more will come."""
        super().eof_received()
        self._end_soon()

    def connection_lost(self, exc: Exception | None) -> None:
        """Give back what was held."""
        if self._ending is not None:
            self._ending.cancel()
        self._share.hold(0)
        super().connection_lost(exc)

    def process_event(self, event: Event) -> None:
        """Take in one frame, or what opens the connection."""
        if isinstance(event, Frame):
            self._count(event)
            event = self._legible(event)
        super().process_event(event)

    def taken(self) -> None:
        """The next message was taken."""
        if self._unread:
            self._unread_bytes -= self._unread.popleft()
            self._share.hold(self._held)

    @property
    def within_message(self) -> bool:
        """Whether a message was under way when something last came."""
        return self._since is not None

    @property
    def _held(self) -> int:
        """Bytes that came and were not taken yet."""
        return self._unread_bytes + self._partial_bytes + len(self.protocol.reader.buffer)

    def _count(self, frame: Frame) -> None:
        if frame.opcode not in _OF_DATA:
            if not self._controls.spend(1, self.heard_at):
                self.fault = self.fault or "it sends pings without end"
            return
        self._partial_bytes += len(frame.data) + _FRAME_COST
        self._fragments += 1
        if frame.fin:
            self._unread.append(self._partial_bytes)
            self._unread_bytes += self._partial_bytes
            self._partial_bytes = self._fragments = 0

    def _excess(self) -> str:
        """What is too much of what came, in words; empty if nothing is."""
        if self.fault:
            return self.fault
        if not self._partial_bytes and not self.protocol.reader.buffer:
            self._since = None
        elif self._since is None:
            self._since = self.heard_at
        elif self.heard_at - self._since > MESSAGE_LIMIT_S:
            return f"it sends a message that has no end after {MESSAGE_LIMIT_S:g} s"
        if self._fragments > MOST_FRAGMENTS:
            return f"it sends a message of more than {MOST_FRAGMENTS} fragments"
        if self.transport.get_write_buffer_size() > MOST_UNSENT:
            return "it sends and reads nothing"
        if len(self._unread) > MOST_UNREAD:
            return f"it sends faster than can be read: over {MOST_UNREAD} messages wait"
        held = self._held
        if held > 2 * LARGEST_MESSAGE:
            return f"it sends faster than can be read: {held // _MB} MB wait"
        if not self._share.hold(held):
            return (
                f"it sends {held // _MB} MB at once, and the calls of this run together more than "
                f"{_ROOM.total // _MB} MB: send less at once, or run fewer calls (--jobs)"
            )
        return ""

    def _refuse(self, why: str) -> None:
        self.fault = why
        self.protocol.fail(CloseCode.MESSAGE_TOO_BIG, why[:100])
        self.send_data()

    def _end_soon(self) -> None:
        """Wait no longer than needed for a peer that is done to close its end."""
        protocol = self.protocol
        if self._ending is not None or protocol.state is State.CONNECTING:
            return
        if self.fault or protocol.close_rcvd is not None or protocol.parser_exc is not None:
            self._ending = self.loop.call_later(CLOSE_WAIT_S, self.transport.abort)

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
