from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TypeVar

import pytest
from pydantic import BaseModel

from voicetest.clock import Clock, run
from voicetest.errors import ConnectionFailed
from voicetest.models.beside import beside
from voicetest.models.chat import Message

pytestmark = pytest.mark.process

T = TypeVar("T", bound=BaseModel)


class Word(BaseModel):
    """A value."""

    word: str


class Blocking:
    """A model that keeps its thread busy for a third of a second, and remembers its loop."""

    loop: asyncio.AbstractEventLoop | None = None
    closed = False

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Blocking]:
        """Be asked inside the block."""
        yield self
        self.closed = True

    async def prepare(self) -> None:
        """There is nothing to prepare."""

    async def structured(self, messages: Sequence[Message], kind: type[T]) -> T:
        """A word, or what is wrong with the request."""
        self.loop = asyncio.get_running_loop()
        if not messages:
            raise ConnectionFailed("no answer")
        time.sleep(0.3)  # noqa: ASYNC251  # the point: this blocks its own loop
        return kind.model_validate({"word": "yes"})


def test_a_model_that_blocks_its_thread_delays_nothing_here() -> None:
    async def main() -> int:
        ticks = 0

        async def tick() -> None:
            nonlocal ticks
            while True:
                await asyncio.sleep(0.01)
                ticks += 1

        model = Blocking()
        async with beside(model.open) as asked, asyncio.TaskGroup() as tasks:
            ticking = tasks.create_task(tick())
            assert await asked.structured([{"role": "user"}], Word) == Word(word="yes")
            ticking.cancel()
            assert model.loop is not asyncio.get_running_loop()
        assert model.closed
        return ticks

    assert run(main(), Clock.REAL) >= 10  # of thirty, on a machine that is busy


def test_its_errors_arrive_and_it_is_closed_after_them() -> None:
    model = Blocking()

    async def main() -> None:
        async with beside(model.open) as asked:
            await asked.structured([], Word)

    with pytest.raises(ExceptionGroup) as caught:
        run(main(), Clock.REAL)
    assert caught.group_contains(ConnectionFailed, match="no answer")
    assert model.closed


def test_a_model_that_cannot_be_opened_says_so() -> None:
    @asynccontextmanager
    async def shut() -> AsyncIterator[Blocking]:
        raise ConnectionFailed("nobody is there")
        yield Blocking()  # a generator by this line alone

    async def main() -> None:
        async with beside(shut):
            raise AssertionError("it is not there")

    with pytest.raises(ExceptionGroup) as caught:
        run(main(), Clock.REAL)
    assert caught.group_contains(ConnectionFailed, match="nobody is there")


def test_who_stops_waiting_does_not_keep_the_model_open() -> None:
    model = Blocking()

    async def main() -> None:
        async with beside(model.open) as asked, asyncio.timeout(0.05):
            await asked.structured([{"role": "user"}], Word)

    with pytest.raises(ExceptionGroup) as caught:
        run(main(), Clock.REAL)
    assert caught.group_contains(TimeoutError)
    assert model.closed
