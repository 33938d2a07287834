"""Events that are handed over as they come, without a task that wakes up for each."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Generic, TypeVar

from voicetest.events import Event
from voicetest.links.base import Link, Native
from voicetest.transports.base import Prompt

__all__ = ["Pump", "deliver", "handed_over"]

M = TypeVar("M")

_AT_ONCE_S, _BREATH_S = 0.002, 0.01
"""What comes so close on each other lets others of the loop have their turn so often."""


async def deliver(link: Link, take_in: Callable[[Event], None]) -> None:
    """Hand over what the far side says as it comes, up to its one Hangup.

    Sound is in the format in which it came where the link can leave it so. Raises ProtocolError,
    and what `take_in` raises.
    """
    if isinstance(link, Native):
        await link.deliver(take_in)
    else:
        await handed_over(link.events(), take_in)


async def handed_over(
    events: AsyncGenerator[Event, None], take_in: Callable[[Event], None]
) -> None:
    """Hand over one event after the other; many at once let others have their turn."""
    loop = asyncio.get_running_loop()
    async with aclosing(events):
        burst = last = loop.time()
        async for event in events:
            take_in(event)
            now = loop.time()
            if now - last > _AT_ONCE_S:
                burst = now
            elif now - burst > _BREATH_S:
                await asyncio.sleep(0)
                burst = now
            last = loop.time()


class Pump(Generic[M]):
    """Takes messages from a transport in the moment in which they come."""

    def __init__(self, transport: Prompt[M], take_in: Callable[[M], bool]) -> None:
        """`take_in` says of each message whether it was the last one."""
        self._transport = transport
        self._take_in = take_in
        self._loop = asyncio.get_running_loop()
        self._done: asyncio.Future[bool] = self._loop.create_future()
        self._later: asyncio.Handle | None = None
        """Set while messages wait for others of the loop to have their turn."""

    async def run(self) -> bool:
        """Whether the last message was taken; if not, the connection is over and none is left.

        What `take_in` raises is raised here.
        """
        self._transport.tell(self._arrived)
        try:
            self._arrived()
            return await self._done
        finally:
            self._transport.tell(None)
            if self._later is not None:
                self._later.cancel()
            if self._done.done() and not self._done.cancelled():
                self._done.exception()  # told even if this was cancelled meanwhile

    def _arrived(self) -> None:
        if self._later is None:
            self._take()

    def _take(self) -> None:
        self._later = None
        if self._done.done():
            return
        breath = self._loop.time() + _BREATH_S
        try:
            while (message := self._transport.taken()) is not None:
                if self._take_in(message):
                    self._done.set_result(True)
                    return
                if self._loop.time() > breath:
                    self._later = self._loop.call_soon(self._take)
                    return
        except Exception as error:  # noqa: BLE001  # it is raised where somebody waits
            self._done.set_exception(error)
            return
        if self._transport.over:
            self._done.set_result(False)
