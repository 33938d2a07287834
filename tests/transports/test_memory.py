from __future__ import annotations

import asyncio

import pytest

from voicetest.clock import Clock, run
from voicetest.transports.base import TransportClosed
from voicetest.transports.memory import MemoryTransport, memory_pair


def _pair() -> tuple[MemoryTransport[str], MemoryTransport[str]]:
    return memory_pair()


def test_messages_arrive_in_order_both_ways() -> None:
    async def main() -> None:
        near, far = _pair()
        for message in ("one", "two", "three"):
            await near.send(message)
        await far.send("back")
        assert [await far.receive() for _ in range(3)] == ["one", "two", "three"]
        assert await near.receive() == "back"

    run(main(), Clock.VIRTUAL)


def test_a_receiver_waits_for_a_message() -> None:
    async def main() -> None:
        near, far = _pair()
        async with asyncio.TaskGroup() as tasks:
            waiting = tasks.create_task(far.receive())
            await asyncio.sleep(1)
            assert not waiting.done()
            await near.send("late")
        assert waiting.result() == "late"

    run(main(), Clock.VIRTUAL)


def test_what_was_sent_before_a_close_is_received_after_it() -> None:
    async def main() -> None:
        near, far = _pair()
        await near.send("last words")
        await near.close(1001, "going away")
        assert await far.receive() == "last words"
        with pytest.raises(TransportClosed) as closed:
            await far.receive()
        assert (closed.value.code, closed.value.reason) == (1001, "going away")

    run(main(), Clock.VIRTUAL)


def test_closing_ends_both_ends_and_closing_twice_keeps_the_first_reason() -> None:
    async def main() -> None:
        near, far = _pair()
        await near.close(1000, "done")
        await far.close(1011, "too late")
        for transport in (near, far):
            with pytest.raises(TransportClosed, match="done"):
                await transport.receive()
            with pytest.raises(TransportClosed, match="done"):
                await transport.send("anyone?")

    run(main(), Clock.VIRTUAL)


def test_a_waiting_receiver_is_woken_by_a_close() -> None:
    async def main() -> None:
        near, far = _pair()
        async with asyncio.TaskGroup() as tasks:
            waiting = tasks.create_task(_closed_by(far))
            await asyncio.sleep(0)
            await near.close(1000, "bye")
        assert waiting.result() == "bye"

    async def _closed_by(transport: MemoryTransport[str]) -> str:
        with pytest.raises(TransportClosed) as closed:
            await transport.receive()
        return closed.value.reason

    run(main(), Clock.VIRTUAL)
