from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable, Coroutine
from typing import Any

import pytest

from voicetest.clock import Clock, run
from voicetest.events import (
    AgentTurnStarted,
    Event,
    Hangup,
    Leaving,
    Transcript,
    UserTurnEnded,
)
from voicetest.links.codec import CodecLink
from voicetest.links.delivery import handed_over
from voicetest.protocols.base import End
from voicetest.protocols.in_process import InProcess
from voicetest.transports.base import NORMAL_CLOSE, TransportClosed

HELLO = Transcript("agent", "hello")


class Polite(InProcess):
    """Says when the call is over."""

    @property
    def receives(self) -> frozenset[type[Event]]:
        """The same, and that."""
        return super().receives | {Hangup}


class Wire:
    """A transport that tells of what comes."""

    def __init__(self) -> None:
        self.messages: deque[Event] = deque()
        self.listener: Callable[[], None] | None = None
        self.closed: TransportClosed | None = None

    def come(self, *messages: Event) -> None:
        """Messages arrive."""
        self.messages += messages
        self._tell()

    def break_off(self, closed: TransportClosed) -> None:
        """The connection ends."""
        self.closed = closed
        self._tell()

    def _tell(self) -> None:
        if self.listener is not None:
            self.listener()

    def tell(self, arrived: Callable[[], None] | None) -> None:
        """Tell `arrived` from now on."""
        self.listener = arrived

    def taken(self) -> Event | None:
        """The next message that is here."""
        return self.messages.popleft() if self.messages else None

    @property
    def over(self) -> bool:
        """Whether it has ended and all was taken."""
        return self.closed is not None and not self.messages

    async def receive(self) -> Event:
        """How it ended."""
        assert self.closed is not None
        raise self.closed

    def put(self, message: Event) -> None:
        """Nobody hears it."""

    async def send(self, message: Event) -> None:
        """Nobody hears it."""

    async def close(self, code: int = NORMAL_CLOSE, reason: str = "") -> None:
        """End it."""
        self.break_off(TransportClosed(code, reason))


async def _started(coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    task = asyncio.create_task(coroutine)
    await asyncio.sleep(0)
    return task


def _link(wire: Wire) -> CodecLink[Event]:
    return CodecLink(Polite(End.CLIENT), wire)


def test_an_event_is_taken_in_before_anybody_else_has_a_turn() -> None:
    async def main() -> None:
        wire, heard = Wire(), list[Event]()
        wire.come(HELLO)
        async with _link(wire) as link:
            task = await _started(link.deliver(heard.append))
            assert heard == [HELLO]
            wire.come(AgentTurnStarted(), Transcript("agent", "more"))
            assert heard == [HELLO, AgentTurnStarted(), Transcript("agent", "more")]
            wire.come(Transcript("agent", "last"))
            wire.break_off(TransportClosed(1000, "bye"))
            await task
        assert heard[3:] == [Transcript("agent", "last"), Hangup(1000, "bye", normal=True)]
        assert wire.listener is None

    run(main(), Clock.VIRTUAL)


def test_a_goodbye_is_no_end_and_a_line_that_breaks_is_one() -> None:
    async def main() -> None:
        wire, heard = Wire(), list[Event]()
        async with _link(wire) as link:
            task = await _started(link.deliver(heard.append))
            wire.come(Hangup(reason="that is all"), HELLO)
            wire.break_off(TransportClosed(1006, "gone"))
            await task
        assert heard == [Leaving("that is all"), HELLO, Hangup(reason="that is all")]
        wire, heard = Wire(), []
        async with _link(wire) as link:
            task = await _started(link.deliver(heard.append))
            wire.come(Hangup(1011, "crashed", normal=False), HELLO)
            await task
        assert heard == [Hangup(1011, "crashed", normal=False)]

    run(main(), Clock.VIRTUAL)


def test_what_goes_wrong_with_an_event_is_raised_where_somebody_waits() -> None:
    async def main() -> None:
        wire, heard = Wire(), list[Event]()

        def take_in(event: Event) -> None:
            heard.append(event)
            raise ZeroDivisionError

        async with _link(wire) as link:
            task = await _started(link.deliver(take_in))
            wire.come(HELLO, HELLO)
            wire.come(HELLO)
            with pytest.raises(ZeroDivisionError):
                await task
        assert heard == [HELLO]
        assert wire.listener is None

    run(main(), Clock.VIRTUAL)


def test_nonsense_is_told_of_and_ends_nothing() -> None:
    async def main() -> None:
        wire, heard = Wire(), list[Event]()
        async with _link(wire) as link:
            task = await _started(link.deliver(heard.append))
            wire.come(UserTurnEnded(), HELLO)
            task.cancel()
        assert [type(event).__name__ for event in heard] == ["Ignored", "Transcript"]

    run(main(), Clock.VIRTUAL)


async def _turns(others: list[int]) -> None:
    while True:
        others.append(len(others))
        await asyncio.sleep(0)


async def _events() -> AsyncGenerator[Event, None]:
    for _ in range(60):
        yield HELLO


def test_much_at_once_lets_others_have_their_turn() -> None:
    async def main() -> None:
        def slowly(event: Event) -> None:
            heard.append(event)
            time.sleep(0.001)
            if len(heard) == 60:
                all_heard.set()

        wire, heard, all_heard = Wire(), list[Event](), asyncio.Event()
        wire.messages += [HELLO] * 60
        async with _link(wire) as link, asyncio.TaskGroup() as tasks:
            for handing in (link.deliver(slowly), handed_over(_events(), slowly)):
                heard.clear()
                others: list[int] = []
                all_heard.clear()
                turns = tasks.create_task(_turns(others))
                delivering = tasks.create_task(handing)
                await all_heard.wait()
                turns.cancel()
                delivering.cancel()
                assert 4 <= len(others) <= 15

    run(main(), Clock.REAL)
