"""When a line of the user goes out."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.calls import Far, hold, say, words
from tests.conftest import Speak
from voicetest.audio.chunk import Samples
from voicetest.events import AgentTurnStarted, Audio, Warned
from voicetest.speech.providers import Speech


async def _nothing(line: Far) -> None:
    await asyncio.sleep(1000)


def test_a_script_that_starts_with_the_user_speaks_at_once(tmp_path: Path, speech: Speech) -> None:
    call = hold(tmp_path, speech, _nothing, "script:\n  - user: Hello?\n")
    (turn,) = call.result.turns
    assert turn.start_s == pytest.approx(0.0, abs=0.03)
    assert turn.transcript == turn.said == "Hello?"
    assert call.result.termination.by == "user"


def test_two_lines_in_a_row_are_three_tenths_of_a_second_apart(
    tmp_path: Path, speech: Speech
) -> None:
    call = hold(tmp_path, speech, _nothing, "script:\n  - user: Hello?\n  - user: Anyone?\n")
    first, second = call.result.turns
    assert second.start_s - first.end_s == pytest.approx(0.3, abs=0.04)


def test_the_user_waits_until_the_agent_has_been_silent_for_a_moment(
    tmp_path: Path, speech: Speech, voice: Samples
) -> None:
    async def talk(line: Far) -> None:
        await asyncio.sleep(0.2)
        await say(line, "Welcome.", words(2.0, voice))

    scenario = "script:\n  - silence: 1s\n  - user: Hello?\n"
    call = hold(tmp_path, speech, talk, scenario)
    agent, user = call.result.turns
    assert agent.end_s == pytest.approx(2.2, abs=0.05)
    assert user.start_s - agent.end_s == pytest.approx(0.3, abs=0.05)


def test_an_agent_that_does_not_stop_is_spoken_over_with_a_warning(
    tmp_path: Path, speech: Speech, voice: Samples
) -> None:
    async def babble(line: Far) -> None:
        await line.send(AgentTurnStarted())
        while True:
            await line.send(Audio(words(1.0, voice)))
            await asyncio.sleep(1.0)

    scenario = "script:\n  - silence: 1s\n  - user: Hello?\n"
    call = hold(tmp_path, speech, babble, scenario, response_max_duration=3.0)
    user = next(turn for turn in call.result.turns if turn.by == "user")
    assert user.start_s == pytest.approx(4.0, abs=0.05)
    warnings = [e.what.message for e in call.record.entries if isinstance(e.what, Warned)]
    assert warnings == ["spoke over the agent, which went on for 3 s"]


def test_a_line_has_its_own_voice_and_rate(tmp_path: Path, speech: Speech) -> None:
    scenario = (
        "user: {voice: espeak/en-us}\n"
        "script:\n"
        "  - user: I was charged twice.\n"
        "  - user: I was charged twice.\n"
        "    rate: 1.5\n"
        "  - user: I was charged twice.\n"
        "    voice: espeak/en-us+f2\n"
    )
    call = hold(tmp_path, speech, _nothing, scenario)
    normal, fast, other = (turn.end_s - turn.start_s for turn in call.result.turns)
    assert fast == pytest.approx(normal / 1.5, rel=0.15)
    assert other != normal


def test_a_recording_is_played_like_a_line(tmp_path: Path, speech: Speech, speak: Speak) -> None:
    from voicetest.audio.wav import write_wav

    write_wav(tmp_path / "hello.wav", speak("Hello, is anyone there?", "en-us"))
    scenario = "script:\n  - play: hello.wav\n    transcript: Hello, is anyone there?\n"
    call = hold(tmp_path, speech, _nothing, scenario)
    (turn,) = call.result.turns
    assert (turn.kind, turn.transcript) == ("play", "Hello, is anyone there?")
    assert call.result.messages == ({"role": "user", "content": "Hello, is anyone there?"},)
