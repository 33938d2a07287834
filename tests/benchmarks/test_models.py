"""How long a language model, asked from a call, holds up the frames of that call."""

from __future__ import annotations

import asyncio
import time

import pytest

from tests.agents.chat_server import chat_server
from voicetest.clock import Clock, run
from voicetest.models.chat import Model, open_chat
from voicetest.spending import Spending

pytestmark = pytest.mark.benchmark

_TICK_S = 0.005
_REPLY = "One two three four five six seven. " * 20


def test_a_model_holds_up_no_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test-not-a-real-key")

    async def lag(late: list[float]) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + _TICK_S
            await asyncio.sleep(_TICK_S)
            late.append(loop.time() - due)

    async def main(url: str) -> list[tuple[float, float]]:
        found = []
        async with open_chat(Model("openai/gpt-5.4-mini", url), Spending()) as chat:
            for _ in range(5):
                late: list[float] = []
                async with asyncio.TaskGroup() as tasks:
                    ticking = tasks.create_task(lag(late))
                    began = time.perf_counter()
                    pieces = chat.stream([{"role": "user", "content": "hello"}])
                    await anext(pieces)
                    first = time.perf_counter() - began
                    async for _piece in pieces:
                        pass
                    await asyncio.sleep(0.1)
                    ticking.cancel()
                found.append((first, max(late)))
        return found

    with chat_server([_REPLY] * 5) as (url, _):
        found = run(main(url), Clock.REAL)
    firsts = ", ".join(f"{first * 1000:.0f}" for first, _ in found)
    lates = sorted(late * 1000 for _, late in found)
    print(
        f"\nfirst piece after {firsts} ms; loop late by {lates[2]:.0f} ms in the median, "
        f"{lates[-1]:.0f} ms at most"
    )
    assert lates[2] < 20
