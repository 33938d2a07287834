"""What came over a connection and was not read yet: so much and no more."""

from __future__ import annotations

from collections import deque

from voicetest.transports.base import LARGEST_MESSAGE
from voicetest.transports.room import Room, Share

__all__ = ["Unread"]

MOST_FRAGMENTS = 4_000
"""Frames of one message."""
MOST_UNREAD = 10_000
"""Messages that wait to be read: ten times as many as come at once of frames of 20 ms."""
_MB = 1 << 20
_FRAME_COST = 300
"""Bytes of memory that a frame takes beside its data."""
_ROOM = Room(24 * _MB, _MB)


class Unread:
    """The messages of one connection that wait, and the frames of the one that is under way.

    Text that is not UTF-8 has U+FFFD in it: RFC 6455 §8.1 would have such a connection fail; one
    odd message is no reason to end a call.
    """

    def __init__(self) -> None:
        self._share = Share(_ROOM)
        self._messages: deque[tuple[bytes | str, int]] = deque()
        """With what each of them takes of memory."""
        self._waiting_bytes = 0
        self._parts: list[bytes] = []
        self._is_text = False
        """Set by the first frame of each message."""
        self._partial_bytes = 0
        self._beside = 0
        """Bytes that wait elsewhere; set by each look for an excess."""

    def __len__(self) -> int:
        return len(self._messages)

    @property
    def within_message(self) -> bool:
        """Whether there are frames of a message whose last one is still to come."""
        return bool(self._parts)

    def begin(self, *, text: bool) -> None:
        """A message begins."""
        self._is_text = text

    def add_frame(self, data: bytes, *, last: bool) -> None:
        """Take in the next frame of the message that is under way."""
        self._parts.append(data)
        self._partial_bytes += len(data) + _FRAME_COST
        if last:
            whole, size = b"".join(self._parts), self._partial_bytes
            self._parts, self._partial_bytes = [], 0
            self._keep(str(whole, "utf-8", "replace") if self._is_text else whole, size)

    def add(self, message: bytes | str) -> None:
        """Take in a message that came in one frame."""
        self._keep(message, len(message) + _FRAME_COST)

    def _keep(self, message: bytes | str, size: int) -> None:
        self._messages.append((message, size))
        self._waiting_bytes += size

    def take(self) -> bytes | str | None:
        """The next message; None if there is none."""
        if not self._messages:
            return None
        message, size = self._messages.popleft()
        self._waiting_bytes -= size
        self._share.hold(self._held)
        return message

    @property
    def _held(self) -> int:
        return self._waiting_bytes + self._partial_bytes + self._beside

    def excess(self, beside: int) -> str:
        """What is too much, in words, where so many bytes wait elsewhere; empty if nothing is."""
        self._beside = beside
        if len(self._parts) > MOST_FRAGMENTS:
            return f"it sends a message of more than {MOST_FRAGMENTS} fragments"
        if len(self._messages) > MOST_UNREAD:
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

    def release(self) -> None:
        """Hold nothing of what all connections share any more."""
        self._share.hold(0)
