"""Agent turns without a text of their own are transcribed from the recording."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.calls import Far, hold, say
from tests.conftest import Speak
from voicetest.audio.chunk import AudioChunk
from voicetest.events import AgentTurnEnded, AgentTurnStarted, Audio, Transcript
from voicetest.speech.providers import Speech


@pytest.mark.parametrize(
    ("transcriber", "source"),
    [("pocketsphinx", "platform"), ("{use: pocketsphinx, always: true}", "transcriber")],
)
def test_the_transcriber_is_used_where_it_is_wanted(
    tmp_path: Path, speech: Speech, speak: Speak, transcriber: str, source: str
) -> None:
    sound = AudioChunk.of(speak("Yes please refund the second charge.", "en-us+f2"))

    async def greet(line: Far) -> None:
        await line.send(AgentTurnStarted())
        await line.send(Transcript("agent", "What the platform claims."))
        await line.send(Audio(sound))
        await line.send(AgentTurnEnded())
        await asyncio.sleep(1000)

    scenario = f"transcriber: {transcriber}\nscript:\n  - agent\n"
    call = hold(tmp_path, speech, greet, scenario)
    (turn,) = call.result.turns
    assert turn.transcript_source == source
    assert turn.claimed == "What the platform claims."
    if source == "transcriber":
        assert turn.transcript == turn.heard
        assert "refund" in str(turn.heard) or "charge" in str(turn.heard)
    else:
        assert turn.heard is None
        assert turn.transcript == "What the platform claims."


def test_a_turn_to_which_the_platform_gave_no_text_is_transcribed_in_the_end(
    tmp_path: Path, speech: Speech, speak: Speak
) -> None:
    first = AudioChunk.of(speak("Hello.", "en-us"))
    second = AudioChunk.of(speak("Please refund the second charge.", "en-us"))

    async def speak_twice(line: Far) -> None:
        await say(line, "What the platform claims.", first)
        await asyncio.sleep(0.5)
        await line.send(AgentTurnStarted())
        await line.send(Audio(second))
        await line.send(AgentTurnEnded())
        await asyncio.sleep(1000)

    scenario = "transcriber: pocketsphinx/espeak\nscript:\n  - agent\n  - agent: {says: refund}\n"
    call = hold(tmp_path, speech, speak_twice, scenario)
    one, other = call.result.turns
    assert (one.transcript_source, other.transcript_source) == ("platform", "transcriber")
    assert one.transcript == "What the platform claims."
    assert call.check("says").passed
