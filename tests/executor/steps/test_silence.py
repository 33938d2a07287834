"""Staying on the line without a word."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.calls import Far, hold, say, words
from voicetest.audio.chunk import Samples
from voicetest.speech.providers import Speech


def test_a_silence_lasts_as_long_as_it_says(tmp_path: Path, speech: Speech) -> None:
    call = hold(tmp_path, speech, lambda line: asyncio.sleep(1000), "script:\n  - silence: 2.5s\n")
    assert call.result.duration_s == pytest.approx(2.5, abs=0.03)
    assert call.result.status == "passed"


@pytest.mark.parametrize(("after", "status"), [(1.0, "failed"), (60.0, "passed")])
def test_the_agent_can_be_expected_to_stay_silent(
    tmp_path: Path, speech: Speech, voice: Samples, after: float, status: str
) -> None:
    async def prompt(line: Far) -> None:
        await asyncio.sleep(after)
        await say(line, "Are you still there?", words(1.0, voice))

    scenario = "script:\n  - silence: 3s\n    stays_silent: true\n"
    assert hold(tmp_path, speech, prompt, scenario).result.status == status


@pytest.mark.parametrize(("phrase", "status"), [("still there", "passed"), ("hello", "failed")])
def test_the_agent_can_be_expected_to_say_something(
    tmp_path: Path, speech: Speech, voice: Samples, phrase: str, status: str
) -> None:
    async def prompt(line: Far) -> None:
        await asyncio.sleep(1.0)
        await say(line, "Are you still there?", words(1.0, voice))

    scenario = f"script:\n  - silence: 4s\n    says: {phrase}\n"
    assert hold(tmp_path, speech, prompt, scenario).result.status == status


def test_what_was_said_in_a_plain_silence_is_left_for_the_next_step(
    tmp_path: Path, speech: Speech, voice: Samples
) -> None:
    async def prompt(line: Far) -> None:
        await asyncio.sleep(1.0)
        await say(line, "Are you still there?", words(1.0, voice))

    scenario = "script:\n  - silence: 3s\n  - agent: {says: still there}\n"
    assert hold(tmp_path, speech, prompt, scenario).result.status == "passed"


def test_scripted_silence_is_no_dead_air(tmp_path: Path, speech: Speech, voice: Samples) -> None:
    async def talk_twice(line: Far) -> None:
        await say(line, "Hello.", words(1.0, voice))
        await asyncio.sleep(6.0)
        await say(line, "Hello?", words(1.0, voice))

    script = "script:\n  - agent\n  - silence: {silence}\n  - agent: {{says: hello}}\n"
    long = hold(tmp_path, speech, talk_twice, script.format(silence="5s"))
    assert float(long.result.metrics["dead_air"].values[0]) < 1.5
