"""Agent turns without a text of their own are transcribed from the recording."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.calls import Far, hold
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
