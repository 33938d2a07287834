"""Speaking over an agent: when, what happens to its turn, and what is made of it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from tests.calls import Call, Far, Telephone, hold, say, words
from voicetest.audio.chunk import AudioChunk, Samples
from voicetest.audio.wav import read_span
from voicetest.call.timeline import EndReason, UserInterrupt
from voicetest.clock import sleep_until
from voicetest.events import AgentTurnEnded, AgentTurnStarted, Audio, Cleared, Transcript
from voicetest.speech.providers import Speech

LONG = "Once upon a time there was a refund and it took its time."


@dataclass
class Yielding:
    """Speaks in one burst for 6 s from 0.5 s on; stops `stops_after` s after sound comes in."""

    voice: Samples
    stops_after: float | None
    answer_s: float = 1.2
    clears: bool = True

    async def __call__(self, line: Far) -> None:
        await asyncio.sleep(0.5)
        await line.send(AgentTurnStarted())
        await line.send(Transcript("agent", LONG))
        await line.send(Audio(words(6.0, self.voice)))
        if self.stops_after is None:
            await line.send(AgentTurnEnded())
            await asyncio.sleep(60)
        async for event in line.events():
            if isinstance(event, Audio) and np.abs(event.chunk.samples().astype(int)).max() > 500:
                break
        await asyncio.sleep(self.stops_after or 0)
        await line.send(Cleared())
        await line.send(AgentTurnEnded("interrupted"))
        await asyncio.sleep(self.answer_s)
        await say(line, "Sorry, go ahead.", words(1.0, self.voice))
        await asyncio.sleep(60)


def _interrupted(call: Call) -> UserInterrupt:
    (entry,) = [e for e in call.record.entries if isinstance(e.what, UserInterrupt)]
    assert isinstance(entry.what, UserInterrupt)
    return entry.what


@pytest.mark.parametrize("after_ms", [100, 250, 333, 800, 1000, 1711, 3000])
def test_the_line_begins_when_the_agent_has_been_heard_for_that_long(
    tmp_path: Path, speech: Speech, voice: Samples, after_ms: int
) -> None:
    scenario = f"script:\n  - interrupt: Stop please.\n    after: {after_ms}ms\n  - agent\n"
    call = hold(tmp_path, speech, Yielding(voice, 0.3), scenario)
    agent, user, _ = call.result.turns
    assert user.start_s - agent.start_s == pytest.approx(after_ms / 1000, abs=0.021)


def test_a_turn_that_yields_keeps_its_sound_and_what_was_heard_of_its_text(
    tmp_path: Path, speech: Speech, voice: Samples
) -> None:
    scenario = (
        "script:\n  - interrupt: Stop please.\n    stops_within: 400ms\n  - agent: go ahead\n"
    )
    call = hold(tmp_path, speech, Yielding(voice, 0.3), scenario)
    assert call.result.status == "passed", call.failed
    first, user, second = call.result.turns
    assert user.kind == "interrupt"
    assert (first.truncated, first.end_reason) == (True, EndReason.INTERRUPTED)
    assert second.transcript == "Sorry, go ahead."
    assert first.claimed == LONG
    spoken = first.transcript.split()
    assert LONG.split()[: len(spoken)] == spoken
    assert len(spoken) == pytest.approx(1.3 / 6 * len(LONG.split()), abs=1)
    assert call.check("stops_within").value == pytest.approx(0.31, abs=0.03)
    stop = call.result.metrics["stop_time"].values[0]
    assert stop == pytest.approx(0.31, abs=0.03)
    # What was queued and never heard is not on the recording.
    agent = read_span(call.record.recording, 0, -1)[:, 1].astype(int)
    quiet = agent[round((first.end_s + 0.05) * 24_000) : round((second.start_s - 0.05) * 24_000)]
    assert np.abs(quiet).max() < 50
    assert second.start_s > user.end_s


def test_an_agent_that_goes_on_was_not_interrupted(
    tmp_path: Path, speech: Speech, voice: Samples
) -> None:
    scenario = "script:\n  - interrupt: Stop.\n    stops_within: 700ms\n  - silence: 5s\n"
    call = hold(tmp_path, speech, Yielding(voice, None), scenario)
    assert call.failed == ["interrupted", "stops_within"]
    assert "went on for" in call.check("interrupted").actual
    (agent,) = [turn for turn in call.result.turns if turn.by == "agent"]
    assert agent.transcript == LONG
    assert not agent.truncated


def test_an_agent_that_finished_before_is_answered_and_the_check_fails(
    tmp_path: Path, speech: Speech, voice: Samples
) -> None:
    async def brief(line: Far) -> None:
        await asyncio.sleep(0.5)
        await say(line, "Hello.", words(0.8, voice))
        await asyncio.sleep(60)

    scenario = "script:\n  - interrupt: Stop please.\n    after: 2s\n"
    call = hold(tmp_path, speech, brief, scenario)
    assert call.failed == ["interrupted"]
    assert call.check("interrupted").actual == "missed: the agent had finished before"
    assert _interrupted(call).mode == "missed"
    assert [turn.kind for turn in call.result.turns] == ["agent", "user"]
    going_on = hold(tmp_path / "again", speech, brief, scenario + "    if_missed: continue\n")
    assert going_on.result.status == "passed"


def test_an_agent_that_never_speaks_fails_the_step_and_ends_the_call(
    tmp_path: Path, speech: Speech
) -> None:
    async def silent(line: Far) -> None:
        await asyncio.sleep(200)

    scenario = "script:\n  - interrupt: Stop please.\n  - agent\n"
    call = hold(tmp_path, speech, silent, scenario, response_timeout=3.0)
    assert "interrupted" in call.failed
    assert call.check("interrupted").actual == "first_chunk_timeout: the agent never spoke"
    assert call.result.duration_s == pytest.approx(3, abs=0.1)


def test_an_agent_step_before_an_interruption_does_not_wait_for_the_end(
    tmp_path: Path, speech: Speech, voice: Samples
) -> None:
    scenario = (
        "script:\n  - agent: {says: once upon, within: 1s}\n"
        "  - interrupt: Stop please.\n    after: 800ms\n  - agent: {says: go ahead}\n"
    )
    call = hold(tmp_path, speech, Yielding(voice, 0.3), scenario)
    assert call.result.status == "passed", call.failed
    agent, user, _ = call.result.turns
    assert user.start_s - agent.start_s == pytest.approx(0.8, abs=0.021)


def test_speech_from_before_the_interruption_is_no_part_of_the_reply(
    tmp_path: Path, speech: Speech, voice: Samples
) -> None:
    scenario = "script:\n  - interrupt: Stop please.\n  - agent: {never_says: once upon}\n"
    call = hold(tmp_path, speech, Yielding(voice, 0.2), scenario)
    assert call.result.status == "passed", call.failed


def test_a_line_without_turn_events_is_cut_by_the_sound_alone(
    tmp_path: Path, speech: Speech, voice: Samples
) -> None:
    """The agent falls silent and answers sooner than its turn would have ended by silence."""

    async def phone(line: Far) -> None:
        start = asyncio.get_running_loop().time() + 0.5
        sound = words(1.6, voice).data + bytes(48_000 * 8 // 10) + words(1.0, voice).data
        for number in range(len(sound) // 960):
            await sleep_until(start + number * 0.02)
            piece = sound[number * 960 : number * 960 + 960]
            await line.send(Audio(AudioChunk(piece)))
        await asyncio.sleep(60)

    scenario = "script:\n  - interrupt: Stop.\n    after: 1s\n  - agent\n"
    call = hold(tmp_path, speech, phone, scenario, kind=Telephone, response_tail_silence=1.0)
    first, user, second = call.result.turns
    assert user.kind == "interrupt"
    assert first.end_reason == EndReason.INTERRUPTED
    assert first.end_s - first.start_s == pytest.approx(1.6, abs=0.06)
    assert second.start_s - first.end_s == pytest.approx(0.8, abs=0.06)
    assert call.result.status == "passed", call.failed


def test_a_backchannel_must_not_stop_the_agent(
    tmp_path: Path, speech: Speech, voice: Samples
) -> None:
    scenario = "script:\n  - backchannel: uh-huh\n    after: 1s\n  - silence: 5s\n"
    good = hold(tmp_path, speech, Yielding(voice, None), scenario)
    assert good.result.status == "passed", good.failed
    assert good.result.metrics["false_yields"].values == (0,)
    bad = hold(tmp_path / "bad", speech, Yielding(voice, 0.3), scenario)
    assert bad.failed == ["keeps_talking"]
    assert bad.result.metrics["false_yields"].values == (1,)
    relaxed = scenario.replace("after: 1s", "after: 1s\n    keeps_talking: false")
    assert hold(tmp_path / "r", speech, Yielding(voice, 0.3), relaxed).result.status == "passed"


def test_a_noise_is_on_the_recording_and_in_the_messages(
    tmp_path: Path, speech: Speech, voice: Samples
) -> None:
    scenario = "script:\n  - noise: door\n    after: 1s\n  - silence: 5s\n"
    call = hold(tmp_path, speech, Yielding(voice, None), scenario)
    assert call.result.status == "passed", call.failed
    noise = call.result.turns[1]
    assert (noise.kind, noise.transcript, noise.said) == ("noise", "[door]", None)
    user = read_span(call.record.recording, round(noise.start_s * 24_000), 4_800)[:, 0]
    assert np.abs(user.astype(int)).max() > 3_000
    assert {"role": "user", "content": "[door]"} in call.result.messages


def test_a_noise_without_a_moment_comes_at_once_and_asks_nothing_of_a_silent_agent(
    tmp_path: Path, speech: Speech
) -> None:
    async def silent(line: Far) -> None:
        await asyncio.sleep(200)

    call = hold(tmp_path, speech, silent, "script:\n  - noise: cough\n  - silence: 1s\n")
    assert call.result.status == "passed"
    assert call.result.checks == ()
    assert call.result.turns[0].start_s < 0.1
