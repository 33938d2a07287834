"""What counts as an answer on a line that carries more than speech, in virtual time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.calls import Call, Telephone, hold
from tests.noisy_agents import LATENCY_S, melody, noisy, silence, tone
from voicetest.audio.chunk import Samples
from voicetest.call.timeline import StepEnded
from voicetest.events import Warned
from voicetest.speech.providers import Speech

Speak = Callable[[str, str], Samples]

SCRIPT = (
    "script:\n  - agent\n  - user: Where is my parcel?\n  - agent: {within: 1s}\n"
    "  - user: Thank you.\n  - agent: {within: 1s}\n"
)


@pytest.fixture(name="utterances", scope="module")
def _utterances(speak: Speak) -> list[Samples]:
    texts = ("Parcel service, how can I help you?", "It is on its way to you.", "You are welcome.")
    return [speak(text, "en-us+f2") for text in texts]


def _warnings(call: Call) -> list[str]:
    return [e.what.message for e in call.record.entries if isinstance(e.what, Warned)]


def _causes(call: Call) -> list[str]:
    ended = (entry.what for entry in call.record.entries if isinstance(entry.what, StepEnded))
    return [what.cause for what in ended if what.cause]


@pytest.mark.parametrize("bed", ["cafe", "office", "pink noise", "music"])
@pytest.mark.parametrize("snr", [12.0, 25.0])
def test_turns_and_latencies_are_those_of_the_clean_call(
    tmp_path: Path, speech: Speech, utterances: list[Samples], bed: str, snr: float
) -> None:
    call = hold(tmp_path, speech, noisy(utterances, bed, snr), SCRIPT, kind=Telephone)
    assert call.result.status == "passed", call.result.checks
    assert [turn.by for turn in call.result.turns] == ["agent", "user", "agent", "user", "agent"]
    latencies = call.result.metrics["response_latency"].values
    assert latencies == pytest.approx([LATENCY_S, LATENCY_S], abs=0.12)
    assert len([w for w in _warnings(call) if "without a pause" in w]) == 1


def test_a_clean_line_is_not_warned_of(
    tmp_path: Path, speech: Speech, utterances: list[Samples]
) -> None:
    call = hold(tmp_path, speech, noisy(utterances), SCRIPT, kind=Telephone)
    assert call.result.status == "passed", call.result.checks
    assert _warnings(call) == []


def test_ringing_before_the_greeting_is_waited_out_and_told(
    tmp_path: Path, speech: Speech, utterances: list[Samples]
) -> None:
    ring = np.concatenate((tone(440, 480, seconds=2.0), silence(3.0)) * 2)
    call = hold(tmp_path, speech, noisy(utterances, before=ring), SCRIPT, kind=Telephone)
    assert call.result.status == "passed", call.result.checks
    assert call.result.turns[0].start_s == pytest.approx(10.5, abs=0.1)
    assert _warnings(call) == [
        "sound without speech is no answer: tones for 4.0 s before the agent spoke"
    ]


def _cough(random: np.random.Generator) -> Samples:
    burst = random.normal(0, 6_000, round(0.25 * 24_000))
    envelope = np.exp(-np.linspace(0, 4, len(burst)))
    return np.clip(burst * envelope, -32_768, 32_767).astype(np.int16)


SOUNDS = {
    "a beep": tone(1_000, seconds=0.4),
    "three beeps": np.concatenate((tone(800, seconds=0.2), silence(0.2)) * 3),
    "a cough": _cough(np.random.default_rng(4)),
    "hold music": melody(8.0, np.random.default_rng(5)),
    "a burst of noise": np.random.default_rng(6).normal(0, 900, 48_000).astype(np.int16),
}


@pytest.mark.parametrize("name", SOUNDS)
def test_sound_that_is_no_speech_is_no_answer(
    tmp_path: Path, speech: Speech, utterances: list[Samples], name: str
) -> None:
    agent = noisy([utterances[0], SOUNDS[name]])
    call = hold(tmp_path, speech, agent, SCRIPT, kind=Telephone, response_timeout=9.0)
    assert call.result.status == "failed"
    assert "answers" in call.failed
    assert [turn.by for turn in call.result.turns] == ["agent", "user"]
    (cause,) = _causes(call)
    assert cause.startswith("the agent never spoke: ")
    assert cause.endswith(" s, no speech")


@pytest.mark.parametrize("level", [-60, -50, -40, -30])
def test_comfort_noise_is_no_answer(
    tmp_path: Path, speech: Speech, utterances: list[Samples], level: int
) -> None:
    deviation = 32_768 * 10 ** (level / 20)
    noise = np.random.default_rng(7).normal(0, deviation, 24_000 * 30).astype(np.int16)
    agent = noisy([utterances[0], noise])
    call = hold(tmp_path, speech, agent, SCRIPT, kind=Telephone, response_timeout=5.0)
    assert call.result.status == "failed"
    assert [turn.by for turn in call.result.turns] == ["agent", "user"]
