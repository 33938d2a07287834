"""Typed turns: sent at once, answered like spoken ones."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.calls import HEAD, Far, hold, say, words
from tests.report.written import write
from voicetest.audio.chunk import Samples
from voicetest.events import AgentTurnEnded, AgentTurnStarted, Audio, Cleared, Text, Transcript
from voicetest.speech.providers import Speech


async def _typed(line: Far) -> str:
    async for event in line.events():
        if isinstance(event, Text):
            return event.text
    return ""


def test_a_typed_turn_is_answered_and_timed_from_its_sending(
    tmp_path: Path, speech: Speech, voice: Samples
) -> None:
    async def chat(line: Far) -> None:
        await say(line, "Hello.", words(1.0, voice))
        typed = await _typed(line)
        await line.send(Transcript("user", typed))
        await asyncio.sleep(0.7)
        await say(line, f"You wrote {typed}", words(1.0, voice))

    scenario = (
        "script:\n  - agent\n  - text: 4521\n"
        "  - agent: {says: you wrote 4521, within: 760ms}\n"
        "checks: {missed_responses: {max: 0}, response_latency: {min: 680ms, max: 760ms}}\n"
    )
    call = hold(tmp_path, speech, chat, scenario)
    assert call.failed == []
    typed = call.result.turns[1]
    assert (typed.kind, typed.said, typed.understood) == ("text", "4521", "4521")
    assert typed.start_s == typed.end_s
    assert call.result.messages[1] == {"role": "user", "content": "4521"}
    assert call.result.metrics["wer"].n == 0


def test_what_was_understood_of_a_typed_turn_is_not_put_down_to_the_spoken_one_before(
    tmp_path: Path, speech: Speech, voice: Samples
) -> None:
    async def chat(line: Far) -> None:
        async for event in line.events():
            match event:
                case Text(text):
                    await line.send(Transcript("user", text))
                    await say(line, "Both.", words(1.0, voice))
                case _:
                    pass

    scenario = "script:\n  - user: One.\n  - text: Two.\n  - agent\n"
    spoken, typed, _ = hold(tmp_path, speech, chat, scenario).result.turns
    assert (spoken.understood, typed.understood) == (None, "Two.")


def test_a_typed_turn_does_not_wait_and_may_cut_the_agent_off(
    tmp_path: Path, speech: Speech, voice: Samples
) -> None:
    async def chat(line: Far) -> None:
        await line.send(AgentTurnStarted())
        await line.send(Audio(words(6.0, voice)))
        await _typed(line)
        await line.send(Cleared())
        await line.send(AgentTurnEnded("interrupted"))
        await asyncio.sleep(0.2)
        await say(line, "Well.", words(1.0, voice))

    scenario = "script:\n  - silence: 1s\n  - text: Stop.\n  - agent: {says: well}\n"
    call = hold(tmp_path, speech, chat, scenario)
    assert call.failed == []
    first, typed, second = call.result.turns
    assert (first.truncated, second.truncated) == (True, False)
    assert 0.98 <= typed.start_s <= 1.04
    assert first.end_s <= typed.start_s + 0.2  # of six seconds


def test_a_typed_turn_that_is_not_answered_is_missed(tmp_path: Path, speech: Speech) -> None:
    async def deaf(line: Far) -> None:
        await _typed(line)

    scenario = "script:\n  - text: Hello?\n  - agent\nchecks: {missed_responses: {max: 0}}\n"
    call = hold(tmp_path, speech, deaf, scenario, response_timeout=2.0)
    assert call.failed == ["answers", "missed_responses"]


def test_a_typed_turn_has_no_sound_and_the_others_keep_theirs(
    tmp_path: Path, speech: Speech
) -> None:
    async def chat(line: Far) -> None:
        await _typed(line)
        await asyncio.sleep(10)

    scenario = f"{HEAD}script:\n  - user: One.\n  - text: Two.\n  - user: Three.\n"
    written = write(tmp_path, speech, scenario, chat)
    turns = written.manifest["turns"]
    assert [turn["file"] for turn in turns] == [
        "segments/00-user.wav",
        None,
        "segments/02-user.wav",
    ]
    assert all((written.folder / turn["file"]).is_file() for turn in turns if turn["file"])
    assert "user : Two." in written.text("transcript.txt")
