"""Whatever loop calls on the real clock have, it tells the time as asyncio does."""

from __future__ import annotations

import asyncio
import importlib.util
import sys
import time
from importlib import metadata

import pytest

from voicetest.errors import ConnectionFailed
from voicetest.real_loop import real_loop, uvloop_version
from voicetest.transports.websocket import WebSocketTransport, connect, serve

installed = importlib.util.find_spec("uvloop") is not None


def test_without_uvloop_the_loop_is_that_of_asyncio(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", none)
    assert uvloop_version() is None
    with asyncio.Runner(loop_factory=real_loop) as runner, asyncio.Runner() as usual:
        assert type(runner.get_loop()) is type(usual.get_loop())


@pytest.mark.skipif(not installed, reason="needs uvloop: pip install 'voicetest[fast]'")
def test_with_uvloop_the_loop_is_its_own() -> None:
    assert uvloop_version() is not None
    with asyncio.Runner(loop_factory=real_loop) as runner:
        import uvloop

        assert isinstance(runner.get_loop(), uvloop.Loop)


def test_the_time_goes_on_while_anything_runs() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        before, began = loop.time(), time.monotonic()
        while time.monotonic() - began < 0.003:
            pass
        assert loop.time() - before >= 0.003
        assert loop.time() == pytest.approx(time.monotonic(), abs=0.001)

    with asyncio.Runner(loop_factory=real_loop) as runner:
        runner.run(main())


def test_nothing_begins_before_it_is_due() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        early: list[float] = []
        for number in range(40):
            due, came = loop.time() + number * 0.00013, loop.create_future()
            loop.call_at(due, came.set_result, None)
            await came
            early.append(due - loop.time())
        assert max(early) <= 0.0002

    with asyncio.Runner(loop_factory=real_loop) as runner:
        runner.run(main())


def test_messages_cross_it_and_a_closed_port_is_told_as_ever() -> None:
    async def echo(transport: WebSocketTransport, asked: object) -> None:
        transport.put(await transport.receive())

    async def main() -> tuple[bytes | str, str]:
        async with serve(echo) as port, connect(f"ws://127.0.0.1:{port}") as line:
            line.put("hello")
            answer = await line.receive()
        with pytest.raises(ConnectionFailed) as refused:
            async with connect(f"ws://127.0.0.1:{port}"):
                pass
        return answer, str(refused.value).replace(str(port), "PORT")

    with asyncio.Runner(loop_factory=real_loop) as runner:
        mine = runner.run(asyncio.wait_for(main(), 10))
    with asyncio.Runner() as runner:
        usual = runner.run(asyncio.wait_for(main(), 10))
    assert mine == usual
    assert mine[0] == "hello"
    assert "uvloop" not in sys.modules or installed
