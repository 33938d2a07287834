from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from voicetest.clock import Interruption
from voicetest.executor.plan import Plan, plan
from voicetest.executor.shared_loop import SharedLoops
from voicetest.speech.providers import Speech

SCRIPT = "user: {voice: espeak/en-us}\nscript: [agent]\n"
SOCKET = 'agent: {adapter: websocket, url: "ws://127.0.0.1:1/", protocol: raw_pcm}\n'
OTHER = 'agent: {adapter: pipecat, url: "ws://127.0.0.1:1/"}\n'
HERE = """\
agent:
  adapter: composable
  stt: pocketsphinx/espeak
  dialogue: {fallback: Hello.}
  tts: espeak/en-us
"""
LIMIT_S = 20


def _planned(folder: Path, agent: str, clock: str = "real", *, offline: bool = False) -> Plan:
    file = folder / "scenario.yaml"
    if offline:
        agent = agent.replace("}\n", ", simulator: {fallback: Hello.}}\n")
    file.write_text(f"version: 1\n{agent}{SCRIPT}", encoding="utf-8")
    with Speech() as speech:
        return plan(file, {}, speech, clock, offline=offline)


async def _where() -> tuple[int, int]:
    return id(asyncio.get_running_loop()), threading.get_ident()


def test_calls_by_one_adapter_share_a_loop_and_those_by_another_have_their_own(
    tmp_path: Path,
) -> None:
    with SharedLoops(4) as loops, ThreadPoolExecutor(4) as threads:
        one, other = (_planned(tmp_path, agent) for agent in (SOCKET, OTHER))
        found = [
            threads.submit(lambda p: loops.of(p).run(_where(), None), planned)  # type: ignore[union-attr]
            for planned in (one, one, other)
        ]
        first, again, elsewhere = (future.result(LIMIT_S) for future in found)
        assert first == again
        assert elsewhere[0] != first[0]
        assert threading.get_ident() not in (first[1], elsewhere[1])


def test_a_call_that_has_more_to_do_than_frames_shares_none(tmp_path: Path) -> None:
    with SharedLoops(4) as loops:
        assert loops.of(_planned(tmp_path, HERE)) is None
        assert loops.of(_planned(tmp_path, HERE, "virtual")) is None
        assert loops.of(_planned(tmp_path, SOCKET, offline=True)) is None


def test_what_goes_wrong_in_one_call_is_raised_where_it_was_made(tmp_path: Path) -> None:
    async def wrong() -> None:
        raise ZeroDivisionError

    with SharedLoops(2) as loops:
        loop = loops.of(_planned(tmp_path, SOCKET))
        assert loop is not None
        with pytest.raises(ZeroDivisionError):
            loop.run(wrong(), Interruption())
        assert loop.run(_where(), Interruption())


def test_an_interruption_ends_every_call_and_what_each_has_to_tidy_up_is_done(
    tmp_path: Path,
) -> None:
    interruption, tidied = Interruption(), list[int]()
    begun = threading.Barrier(3, timeout=LIMIT_S)

    async def waits(number: int) -> None:
        try:
            await asyncio.to_thread(begun.wait)
            await asyncio.sleep(LIMIT_S)
        finally:
            await asyncio.sleep(0)
            tidied.append(number)

    with SharedLoops(2) as loops, ThreadPoolExecutor(2) as threads:
        loop = loops.of(_planned(tmp_path, SOCKET))
        assert loop is not None
        made = [threads.submit(loop.run, waits(number), interruption) for number in range(2)]
        begun.wait()
        interruption.ask("SIGTERM")
        for one in made:
            with pytest.raises(KeyboardInterrupt, match="interrupted by SIGTERM"):
                one.result(LIMIT_S)
    assert sorted(tidied) == [0, 1]


def test_when_the_run_is_over_its_threads_are_gone(tmp_path: Path) -> None:
    before = threading.active_count()
    with SharedLoops(2) as loops:
        loop = loops.of(_planned(tmp_path, SOCKET))
        assert loop is not None
        loop.run(_where(), None)
    assert threading.active_count() == before
