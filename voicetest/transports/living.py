"""What a WebSocket connection of ours does beyond the library's: it knows life from too much."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from websockets.asyncio.client import ClientConnection
from websockets.asyncio.connection import Connection
from websockets.asyncio.server import ServerConnection
from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import Event, Side, State

from voicetest.transports.allowance import Allowance
from voicetest.transports.frames import whole_messages, wire_size, written
from voicetest.transports.unread import Unread

__all__ = ["LivingClient", "LivingServer", "Watch"]

CLOSE_WAIT_S = 1.0
"""How long a peer that has said goodbye, or was told to go, may leave its connection open."""
MESSAGE_LIMIT_S = 60.0
"""How long one message may be under way."""
MOST_UNSENT = 4 << 20
"""Bytes that may wait for a peer that sends and does not read: answers to its pings."""
_PIECE = 16_384
"""Bytes that are read before it is looked whether that is too much."""
_CONTROLS = (1_000, 50)
"""Pings, pongs and the like: at once, and a second."""
_HEAD_END = b"\r\n\r\n"
"""Between the head of an answer by HTTP and what follows (RFC 9112 §2.1)."""
_FIRST = frozenset({Opcode.TEXT, Opcode.BINARY})


class _Living(Connection, asyncio.BufferedProtocol):
    """Knows when anything last came, and ends a connection on which too much comes.

    Messages are kept here and not by the package: whoever wants them can be told at once. Bytes are
    read into a buffer of its own: asyncio would make one of 256 kB for each message, which costs
    more than all that is done with it.
    """

    heard_at: float = float("-inf")
    """When bytes of any kind last came, on the clock of the loop."""
    fault: str = ""
    """What the peer did for which this end closed the connection."""
    _ending: asyncio.TimerHandle | None = None
    """Set when nothing more is wanted of the peer."""
    _lost = False
    """Set when nothing more will come."""
    _since: float | None = None
    """When the message that is under way began."""
    _listener: Callable[[], None] | None = None
    """Set by who wants to be told."""
    _reader: asyncio.Future[None] | None = None
    """Set by who waits for a message."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self._controls = Allowance(*_CONTROLS)
        self._unread = Unread()
        self._buffer = memoryview(bytearray(_PIECE))

    def get_buffer(self, sizehint: int) -> memoryview:
        """Where the next bytes go."""
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Take in what came."""
        self.data_received(bytes(self._buffer[:nbytes]))

    def data_received(self, data: bytes) -> None:
        """Take in what came, be it a part of a message, a ping or a pong."""
        self.heard_at = self.loop.time()
        taken = self._take_messages(data)
        # In pieces: what is read at once may be 65,000 frames.
        for at in range(taken, len(data), _PIECE):
            self._take_piece(data[at : at + _PIECE])
            self._refuse_excess()
        self._wake()
        if taken < len(data):
            self._end_soon()
        elif self._unread:
            self._refuse_excess()

    def _take_messages(self, data: bytes) -> int:
        """Take in the whole messages at the beginning, if they can be read at once; their bytes."""
        return 0

    def _take_piece(self, piece: bytes) -> None:
        super().data_received(piece)

    def eof_received(self) -> None:
        """Take in that nothing more will come."""
        super().eof_received()
        self._end_soon()

    def connection_lost(self, exc: Exception | None) -> None:
        """Give back what was held."""
        if self._ending is not None:
            self._ending.cancel()
        self._unread.release()
        super().connection_lost(exc)
        self._lost = True
        self._wake()

    def process_event(self, event: Event) -> None:
        """Take in one frame, or what opens the connection."""
        if not isinstance(event, Frame):
            super().process_event(event)
        elif event.opcode in _FIRST or event.opcode is Opcode.CONT:
            if event.opcode in _FIRST:
                self._unread.begin(text=event.opcode is Opcode.TEXT)
            self._unread.add_frame(bytes(event.data), last=event.fin)
        else:
            if not self._controls.spend(1, self.heard_at):
                self.fault = self.fault or "it sends pings without end"
            super().process_event(event)

    def tell(self, listener: Callable[[], None] | None) -> None:
        """Call `listener` whenever messages came, and at the end; nobody if it is None."""
        self._listener = listener

    def taken(self) -> bytes | str | None:
        """The next message that is here; None if there is none."""
        return self._unread.take()

    async def next_message(self) -> bytes | str:
        """The next message; raises the package's ConnectionClosed when there will be none."""
        while (message := self._unread.take()) is None:
            if self._lost:
                return await self.recv()
            self._reader = self.loop.create_future()
            await self._reader
        return message

    @property
    def over(self) -> bool:
        """Whether nothing more will come, and all was taken."""
        return self._lost and not self._unread

    def say(self, message: bytes | str) -> None:
        """Write a message, whatever the peer has read; the connection has to be open."""
        if not self.protocol.debug:
            self.transport.write(written(message, masked=self.protocol.side is Side.CLIENT))
            return
        # Only the package logs what it writes.
        if isinstance(message, str):
            self.protocol.send_text(message.encode())
        else:
            self.protocol.send_binary(message)
        self.send_data()

    @property
    def within_message(self) -> bool:
        """Whether a message was under way when something last came."""
        return self._since is not None

    def _wake(self) -> None:
        if self._listener is not None:
            self._listener()
        elif self._reader is not None and not self._reader.done() and (self._unread or self._lost):
            self._reader.set_result(None)

    def _excess(self) -> str:
        """What is too much of what came, in words; empty if nothing is."""
        if self.fault:
            return self.fault
        buffered = len(self.protocol.reader.buffer)
        if not buffered and not self._unread.within_message:
            self._since = None
        elif self._since is None:
            self._since = self.heard_at
        elif self.heard_at - self._since > MESSAGE_LIMIT_S:
            return f"it sends a message that has no end after {MESSAGE_LIMIT_S:g} s"
        if self.transport.get_write_buffer_size() > MOST_UNSENT:
            return "it sends and reads nothing"
        return self._unread.excess(buffered)

    def _refuse_excess(self) -> None:
        if self.protocol.state is not State.OPEN:
            return
        why = self._excess()
        if why:
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


class LivingClient(_Living, ClientConnection):
    """The end that dialled: messages that came whole are read without the package's parser."""

    _given: int | None = None
    """Bytes that the parser of frames was given; None while that is not known."""
    _framed = 0
    """Bytes of the frames that it made of them."""

    def process_event(self, event: Event) -> None:
        """Take in one frame, or what opens the connection."""
        if isinstance(event, Frame):
            self._framed += wire_size(len(event.data))
        super().process_event(event)

    def _take_messages(self, data: bytes) -> int:
        between_frames = self._given == self._framed and not self._unread.within_message
        if not between_frames or len(data) > _PIECE or self.protocol.debug:
            return 0
        if self.protocol.state is not State.OPEN:
            return 0
        messages, size = whole_messages(data)
        for message in messages:
            self._unread.add(message)
        return size

    def _take_piece(self, piece: bytes) -> None:
        opened = self.response is not None
        super()._take_piece(piece)
        if self._given is not None:
            self._given += len(piece)
        elif not opened and self.response is not None and piece.startswith(b"HTTP/"):
            # All that came before the first frame is in this piece.
            self._given = len(piece) - piece.index(_HEAD_END) - len(_HEAD_END)


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
