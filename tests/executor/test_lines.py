"""Awkward lines and awkward agents: each has an outcome, and times stay true."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from tests.calls import Call, Far, OnlySound, Telephone, hold, say, words
from tests.conftest import Speak
from voicetest.audio.chunk import AudioChunk, Samples
from voicetest.audio.edges import clean_edges
from voicetest.audio.wav import read_span, write_wav
from voicetest.call.timeline import EndReason
from voicetest.clock import sleep_until
from voicetest.events import AgentTurnStarted, Audio, Hangup
from voicetest.protocols.base import Capabilities, End
from voicetest.protocols.in_process import InProcess
from voicetest.speech.providers import Speech

FRAME = 480
SPOKEN_S, PERIOD_S = 1.0, 2.5


def _stream(voice: Samples, seconds: float) -> Samples:
    """A second of speech at every 2.5 s, silence between, like a phone line."""
    period = np.zeros(round(PERIOD_S * 24_000), dtype=np.int16)
    period[: round(SPOKEN_S * 24_000)] = words(SPOKEN_S, voice).samples()
    return np.resize(period, round(seconds * 24_000))


def _onsets(call: Call) -> list[float]:
    return [segment.start for segment in call.record.agent_speech]


async def _send(
    line: Far,
    sound: Samples,
    sent: list[float],
    *,
    pace: float = 1.0,
    stall_at: float | None = None,
) -> None:
    """Send frames on a clock `pace` times as fast; `sent` gets when each frame went out."""
    loop = asyncio.get_running_loop()
    start = loop.time()
    for number in range(len(sound) // FRAME):
        at = number * 0.02 / pace
        if stall_at is not None and stall_at <= at < stall_at + 0.25:
            at = stall_at + 0.25
        await sleep_until(start + at)
        sent.append(loop.time() - start)
        piece = sound[number * FRAME : number * FRAME + FRAME]
        await line.send(Audio(AudioChunk.of(piece)))


@pytest.mark.parametrize(
    ("pace", "stall_at"), [(1.0, None), (1.005, None), (0.995, None), (1.0, 10.3), (1.005, 10.3)]
)
def test_after_a_stall_and_with_a_far_clock_that_drifts_later_times_stay_true(
    tmp_path: Path, speech: Speech, voice: Samples, pace: float, stall_at: float | None
) -> None:
    sent: list[float] = []

    async def phone(line: Far) -> None:
        await _send(line, _stream(voice, 60.0), sent, pace=pace, stall_at=stall_at)
        await asyncio.sleep(60)

    call = hold(tmp_path, speech, phone, "script:\n  - silence: 58s\n", kind=Telephone)
    first = _onsets(call)[0] - 0.04  # where speech begins in each period
    errors = []
    for onset in _onsets(call):
        heard = onset - 0.04
        period = round((heard - first) * pace / PERIOD_S)
        frame = round(period * PERIOD_S / 0.02)
        errors.append(heard - first - sent[frame])
    settled = [e for onset, e in zip(_onsets(call), errors, strict=True) if onset > 14]
    assert len(settled) > 15
    assert max(map(abs, settled)) <= 0.02, errors
    harness = call.result.harness
    assert harness is not None
    if pace > 1:
        assert harness.playout_dropped_s > 0.1
    if stall_at is not None:
        assert harness.playout_inserted_s > 0 or harness.playout_dropped_s > 0


@dataclass(frozen=True)
class _Buffered(OnlySound):
    """Nothing but sound, through a jitter buffer, as that of a media stream."""

    paced: bool = False
    jitter_s: float = 0.06


class _MediaStream(Telephone):
    typical: ClassVar[Capabilities] = _Buffered(End.CLIENT)
    codec: ClassVar[Callable[[End], InProcess]] = _Buffered


@pytest.mark.parametrize(
    ("pace", "stall_at"), [(1.0, None), (0.97, None), (0.985, None), (1.0, 0.2), (1.0, 10.3)]
)
def test_what_is_taken_off_for_the_buffer_is_what_it_added_on_a_line_that_never_pauses(
    tmp_path: Path, speech: Speech, voice: Samples, pace: float, stall_at: float | None
) -> None:
    sent: list[float] = []
    sound = _stream(voice, 40.0)
    began = clean_edges(sound[: round(SPOKEN_S * 24_000)]).start

    async def phone(line: Far) -> None:
        await _send(line, sound, sent, pace=pace, stall_at=stall_at)
        await asyncio.sleep(60)

    call = hold(tmp_path, speech, phone, "script:\n  - silence: 39s\n", kind=_MediaStream)
    harness = call.result.harness
    assert harness is not None
    assert harness.jitter_buffer_s == pytest.approx(0.06)
    errors = []
    for onset in _onsets(call):
        heard = onset - harness.jitter_buffer_s - began
        period = round(heard * pace / PERIOD_S)
        errors.append(heard - sent[round(period * PERIOD_S / 0.02)])
    # What a stall holds up while somebody speaks is late; the next time nothing is.
    settled = [error for onset, error in zip(_onsets(call), errors, strict=True) if onset > 13]
    assert len(settled) >= 10
    assert max(map(abs, settled)) <= 0.010, errors


@pytest.mark.parametrize("tail", [0.6, 1.0])
def test_a_line_that_streams_silence_for_ever_ends_its_turns_on_the_sound(
    tmp_path: Path, speech: Speech, voice: Samples, tail: float
) -> None:
    async def phone(line: Far) -> None:
        sound = np.concatenate((words(2.0, voice).samples(), np.zeros(24_000 * 30, dtype=np.int16)))
        await _send(line, sound, [])

    scenario = "script:\n  - agent\n"
    call = hold(tmp_path, speech, phone, scenario, kind=Telephone, response_tail_silence=tail)
    (turn,) = call.result.turns
    assert turn.end_reason == EndReason.TAIL_SILENCE
    assert turn.limit_s == tail
    # The script ends with its step: the call is as long as the wait.
    assert tail <= call.result.duration_s - turn.end_s <= tail + 0.2


def test_ten_seconds_in_a_burst_are_heard_in_real_time_and_in_order(
    tmp_path: Path, speech: Speech
) -> None:
    ramp = np.arange(10 * 24_000) % 20_000 + 5_000

    async def burst(line: Far) -> None:
        await line.send(AgentTurnStarted())
        for at in range(0, len(ramp), 24_000):
            await line.send(Audio(AudioChunk.of(ramp[at : at + 24_000].astype(np.int16))))
            await asyncio.sleep(0.005)
        await asyncio.sleep(60)

    call = hold(tmp_path, speech, burst, "script:\n  - silence: 11s\n")
    heard = read_span(call.record.recording, 0, -1)[:, 1].astype(int)
    start = int(np.flatnonzero(heard)[0])
    assert start < 24_000 * 0.05
    assert (heard[start : start + len(ramp)] == ramp).all()
    assert not heard[start + len(ramp) :].any()


def test_an_agent_that_answers_twice_has_two_turns_and_one_latency(
    tmp_path: Path, speech: Speech, voice: Samples
) -> None:
    async def twice(line: Far) -> None:
        await asyncio.sleep(3.0)
        await say(line, "One moment.", words(1.0, voice))
        await asyncio.sleep(1.0)
        await say(line, "Here it is.", words(1.0, voice))
        await asyncio.sleep(60)

    scenario = "script:\n  - user: Hello?\n  - agent: {says: here it is}\n"
    call = hold(tmp_path, speech, twice, scenario)
    assert call.result.status == "passed", call.failed
    assert [turn.by for turn in call.result.turns] == ["user", "agent", "agent"]
    assert call.result.metrics["response_latency"].n == 1


def test_an_agent_that_prompts_again_in_silence_is_heard_by_the_next_step(
    tmp_path: Path, speech: Speech, voice: Samples
) -> None:
    async def prompting(line: Far) -> None:
        await say(line, "Hello.", words(1.0, voice))
        await asyncio.sleep(2.0)
        await say(line, "Are you still there?", words(1.0, voice))
        await asyncio.sleep(60)

    scenario = "script:\n  - agent\n  - silence: 3s\n  - agent: {says: still there}\n"
    call = hold(tmp_path, speech, prompting, scenario)
    assert call.result.status == "passed", call.failed


def test_an_agent_that_pauses_for_a_tool_in_the_midst_of_its_answer_has_one_step(
    tmp_path: Path, speech: Speech, voice: Samples
) -> None:
    async def pausing(line: Far) -> None:
        await say(line, "Let me check.", words(1.0, voice))
        await asyncio.sleep(3.0)
        await say(line, "I found it.", words(1.0, voice))
        await asyncio.sleep(60)

    call = hold(tmp_path, speech, pausing, "script:\n  - agent: {says: [let me check, found it]}\n")
    assert call.result.status == "passed", call.failed


def test_an_agent_that_hangs_up_in_mid_word_keeps_what_was_heard(
    tmp_path: Path, speech: Speech, voice: Samples
) -> None:
    async def rude(line: Far) -> None:
        await line.send(AgentTurnStarted())
        await line.send(Audio(words(0.73, voice)))
        await line.hang_up("bye")

    call = hold(tmp_path, speech, rude, "script:\n  - agent\n  - user: Hello?\n")
    agent = call.result.turns[0]
    assert agent.end_reason == EndReason.HUNG_UP
    assert call.result.duration_s == pytest.approx(0.74, abs=0.04)
    assert call.result.termination.by == "agent"
    assert call.failed == ["reached"]


def test_an_agent_that_sends_sound_for_ever_ends_its_step_and_not_its_turn(
    tmp_path: Path, speech: Speech, voice: Samples
) -> None:
    async def endless(line: Far) -> None:
        await line.send(AgentTurnStarted())
        while True:
            await line.send(Audio(words(1.0, voice)))
            await asyncio.sleep(1.0)

    scenario = "script:\n  - agent\n  - silence: 2s\n"
    call = hold(tmp_path, speech, endless, scenario, response_max_duration=5.0)
    (turn,) = call.result.turns
    assert turn.end_s == pytest.approx(7, abs=0.1)
    assert turn.truncated


def test_a_broken_line_keeps_its_recording(tmp_path: Path, speech: Speech, voice: Samples) -> None:
    async def breaking(line: Far) -> None:
        await line.send(Audio(words(1.0, voice)))
        await asyncio.sleep(0.5)
        await line.hang_up("boom", code=1011)

    call = hold(tmp_path, speech, breaking, "script:\n  - agent\n")
    assert call.result.status == "error"
    assert "1011" in call.result.reason
    assert call.result.duration_s == pytest.approx(1.0, abs=0.1)
    assert any(isinstance(e.what, Hangup) for e in call.record.entries)


@pytest.mark.parametrize("behind", ["nothing", "noise", "an offset", "a click"])
def test_an_answer_to_recorded_words_counts_from_their_end_whatever_is_behind_them(
    tmp_path: Path, speech: Speech, speak: Speak, voice: Samples, behind: str
) -> None:
    said = speak("I was charged twice for my March invoice.", "en-us+f2")
    pad = np.zeros(round(1.5 * 24_000), dtype=np.int16)
    recorded = np.concatenate((pad, said, pad))
    match behind:
        case "noise":
            random = np.random.default_rng(1)
            recorded += random.normal(0, 200, len(recorded)).astype(np.int16)
        case "an offset":
            recorded += 328
        case "a click":
            recorded[-2_400:-2_376] = 12_000
        case _:
            pass
    write_wav(tmp_path / "recorded.wav", recorded)

    async def answering(line: Far) -> None:
        await asyncio.sleep((len(pad) + len(said)) / 24_000 - 0.01 + 0.8)
        await say(line, "I am sorry.", words(2.0, voice))
        await asyncio.sleep(60)

    scenario = "script:\n  - play: recorded.wav\n    transcript: I was charged.\n  - agent: {%s}\n"
    call = hold(tmp_path, speech, answering, scenario % "within: 900ms")
    assert call.result.status == "passed", call.failed
    assert call.result.metrics["response_latency"].values[0] == pytest.approx(0.8, abs=0.06)
    too_late = hold(
        tmp_path / "late",
        speech,
        answering,
        scenario.replace("recorded", "../recorded") % "within: 700ms",
    )
    assert too_late.failed == ["within"]
