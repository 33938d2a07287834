"""The one call that our server waits for, and what has become of it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TypeAlias

from voicetest.errors import ConnectionFailed
from voicetest.links.codec import CodecLink

__all__ = ["Link", "Ring"]

Link: TypeAlias = CodecLink[bytes | str]


def _future() -> asyncio.Future[str]:
    return asyncio.get_running_loop().create_future()


def _line() -> asyncio.Future[Link]:
    return asyncio.get_running_loop().create_future()


@dataclass
class Ring:
    """Made in a running loop; all that is a Future is set once, when it becomes known."""

    call_sid: asyncio.Future[str] = field(default_factory=_future)
    """The call whose stream is let in: the one that was placed, or that has come."""
    placed: asyncio.Future[str] = field(default_factory=_future)
    """The call that was placed, which may be another leg than the one that streams."""
    line: asyncio.Future[Link] = field(default_factory=_line)
    """Its stream once that has begun, or why it never will."""
    live: bool = False
    """Set when the stream has begun; a second one is refused from then on."""
    stream_sid: str = ""
    """Set with `live`."""
    opening: int = 0
    """Streams that were accepted and have not begun."""
    of_no_use: str = ""
    """Why the stream that has begun is to be ended; set by `cut`."""
    ends: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the stream is to be ended, or the call is over."""
    over: asyncio.Event = field(default_factory=asyncio.Event)

    def begin(self, stream_sid: str, line: Link) -> None:
        """Its stream has begun."""
        self.live, self.stream_sid = True, stream_sid
        self.line.set_result(line)

    def fail(self, why: str, reason: str) -> None:
        """The call that is waited for will not come; nothing changes once it has."""
        if not self.line.done():
            self.line.set_exception(ConnectionFailed(why, reason=reason))

    def cut(self, why: str, reason: str) -> None:
        """The call is of no use: end it, be it that it has begun."""
        if self.live:
            self.of_no_use = self.of_no_use or why
            self.ends.set()
        else:
            self.fail(why, reason)

    def close(self) -> None:
        """The call is over; whoever holds its stream lets go."""
        self.over.set()
        self.ends.set()
        if self.line.done() and not self.line.cancelled():
            self.line.exception()  # it may have failed with nobody left to hear of it
        self.line.cancel()
