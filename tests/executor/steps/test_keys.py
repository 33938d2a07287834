"""Pressing keys: by messages where the line has them, else as tones."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest

from tests.calls import Far, Telephone, hold, say, words
from voicetest.audio.chunk import AudioChunk, Samples
from voicetest.audio.dtmf import DtmfDetector, tones
from voicetest.clock import sleep_until
from voicetest.events import AgentTurnEnded, AgentTurnStarted, Audio, Dtmf
from voicetest.speech.providers import Speech


async def _collect(line: Far) -> str:
    """The keys that come in by messages or as tones, until two seconds pass without one."""
    detector, keys = DtmfDetector(), ""
    try:
        async with asyncio.timeout(4.0):
            async for event in line.events():
                match event:
                    case Dtmf(key):
                        keys += f"<{key}>"
                    case Audio(chunk):
                        keys += "".join(p.key for p in detector.feed(chunk.samples()))
                    case _:
                        pass
    except TimeoutError:
        pass
    return keys


@pytest.mark.parametrize(
    ("mode", "heard"), [("auto", "<1><2><#>"), ("native", "<1><2><#>"), ("inband", "12#")]
)
def test_keys_go_out_as_the_line_can_or_as_the_step_says(
    tmp_path: Path, speech: Speech, mode: str, heard: str
) -> None:
    found = []

    async def menu(line: Far) -> None:
        found.append(await _collect(line))

    scenario = f"script:\n  - dtmf: 12#\n    mode: {mode}\n  - silence: 4s\n"
    call = hold(tmp_path, speech, menu, scenario)
    assert found == [heard]
    (turn,) = call.result.turns
    assert (turn.kind, turn.transcript, turn.said) == ("dtmf", "[keys 12#]", None)
    assert call.result.messages == ({"role": "user", "content": "[keys 12#]"},)


def test_a_line_with_nothing_but_sound_gets_tones_and_a_pause_for_w(
    tmp_path: Path, speech: Speech
) -> None:
    found = []

    async def menu(line: Far) -> None:
        found.append(await _collect(line))

    call = hold(
        tmp_path, speech, menu, "script:\n  - dtmf: 9wwD\n  - silence: 4s\n", kind=Telephone
    )
    assert found == ["9D"]
    (turn,) = call.result.turns
    assert turn.end_s - turn.start_s == pytest.approx(0.1 + 0.1 + 1.0 + 0.1, abs=0.03)


@pytest.mark.parametrize("mode", ["native", "inband"])
def test_an_answer_is_timed_from_the_last_key(
    tmp_path: Path, speech: Speech, voice: Samples, mode: str
) -> None:
    async def menu(line: Far) -> None:
        await asyncio.sleep(1.5)
        await say(line, "You pressed one.", words(1.0, voice))
        await asyncio.sleep(60)

    scenario = f"script:\n  - dtmf: '1'\n    mode: {mode}\n  - agent: {{within: 2s}}\n"
    call = hold(tmp_path, speech, menu, scenario)
    keys, agent = call.result.turns
    assert call.result.metrics["response_latency"].values[0] == pytest.approx(
        agent.start_s - keys.end_s, abs=0.001
    )
    assert call.check("within").value == pytest.approx(agent.start_s - keys.end_s, abs=0.001)
    assert call.result.metrics["missed_responses"].values == (0,)
    assert call.result.metrics["talk_over"].n == 0


def test_a_menu_that_never_answers_is_a_missed_response(tmp_path: Path, speech: Speech) -> None:
    async def dead(line: Far) -> None:
        await asyncio.sleep(100)

    call = hold(tmp_path, speech, dead, "script:\n  - dtmf: '1'\n  - agent\n", response_timeout=2.0)
    assert call.result.metrics["missed_responses"].values == (1,)


@pytest.mark.parametrize(("pressed", "passed"), [("12#", True), ("21#", False)])
def test_the_agents_keys_are_heard_in_its_sound(
    tmp_path: Path, speech: Speech, voice: Samples, pressed: str, passed: bool
) -> None:
    async def presser(line: Far) -> None:
        sound = np.concatenate((words(1.0, voice).samples(), tones(pressed)))
        start = asyncio.get_running_loop().time()
        for number in range(len(sound) // 480):
            await sleep_until(start + number * 0.02)
            await line.send(Audio(AudioChunk.of(sound[number * 480 : number * 480 + 480])))
        await asyncio.sleep(60)

    scenario = "script:\n  - agent: {presses: 12#}\nlimits: {patience: 1s}\n"
    call = hold(tmp_path, speech, presser, scenario, kind=Telephone)
    assert call.check("presses").passed is passed
    assert call.check("presses").actual == f"the keys {pressed}"


def test_the_agents_keys_are_taken_from_its_messages(
    tmp_path: Path, speech: Speech, voice: Samples
) -> None:
    async def presser(line: Far) -> None:
        await line.send(AgentTurnStarted())
        for key in "12#":
            await line.send(Dtmf(key))
        await line.send(AgentTurnEnded())
        await asyncio.sleep(60)

    call = hold(tmp_path, speech, presser, "script:\n  - agent: {presses: 12#}\n")
    assert call.result.status == "passed", call.failed
