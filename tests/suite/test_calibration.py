"""The truth about a call against what was measured in it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.checks.timelines import Story, write_scenario
from voicetest.agents.truth import Spoke
from voicetest.audio.vad import Segment
from voicetest.call.harness import Harness
from voicetest.speech.providers import Speech
from voicetest.suite.calibration import METRICS, calibrate, errors_against_truth

SCRIPT = "script:\n  - agent\n  - user: Hello.\n  - agent\n"


def _story(late: float = 0.0) -> Story:
    story = Story().begin(0, 0.0).agent_says(0.5 + late, 2.0).end(0, 2.0, 0)
    story.begin(1, 2.0).user_says(3.0, 4.0, step=1).end(1, 4.0).begin(2, 4.0)
    return story.agent_says(5.0 + late, 6.0).end(2, 6.0, 1)


def test_the_error_is_what_was_measured_against_what_was_told(tmp_path: Path) -> None:
    file = write_scenario(tmp_path, SCRIPT)
    record = _story(late=0.03).record(harness=Harness(epoch=100.0))
    told = [Spoke(100.5, 102.0), Spoke(105.0, 106.0)]
    errors, unmatched = errors_against_truth(file, record, told)
    found = {error.metric: error for error in errors}
    assert unmatched == ()
    assert found["response_latency"].median == pytest.approx(0.03)
    assert found["greeting_latency"].worst == pytest.approx(0.03)
    assert found["response_latency"].n == 1
    assert "stop_time" not in found


def test_the_jitter_buffer_is_part_of_what_was_measured_and_not_of_the_truth(
    tmp_path: Path,
) -> None:
    file = write_scenario(tmp_path, SCRIPT)
    record = _story(late=0.04).record(harness=Harness(epoch=100.0, jitter_buffer_s=0.04))
    told = [Spoke(100.5, 102.0), Spoke(105.0, 106.0)]
    errors, _ = errors_against_truth(file, record, told)
    assert {e.metric: e.median for e in errors}["response_latency"] == pytest.approx(0, abs=1e-6)


def test_speech_that_was_not_found_is_said_and_not_averaged_away(tmp_path: Path) -> None:
    file = write_scenario(tmp_path, SCRIPT)
    record = replace(_story().record(), agent_speech=(Segment(0.5, 2.0),))
    told = [Spoke(0.5, 2.0), Spoke(5.0, 6.0)]
    errors, unmatched = errors_against_truth(file, record, told)
    assert "response_latency (0 measured, 1 true)" in unmatched
    assert "response_latency" not in {error.metric for error in errors}


@pytest.mark.process
def test_a_call_in_process_is_measured_within_10_ms(speech: Speech) -> None:
    agent: dict[str, object] = {
        "adapter": "composable",
        "stt": "pocketsphinx/espeak",
        "tts": "espeak/en-us",
        "dialogue": "agent.yaml",
    }
    found = calibrate(speech, agent, 6)
    assert found.unmatched == ()
    assert {error.metric for error in found.errors} == set(METRICS)
    assert all(error.p95 <= 0.010 for error in found.errors if error.metric != "talk_over")
    assert next(e for e in found.errors if e.metric == "stop_time").n == 2
