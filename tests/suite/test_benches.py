"""The agents that calibration calls."""

from __future__ import annotations

import pytest

from voicetest.errors import SetupError
from voicetest.speech.providers import Speech
from voicetest.suite.benches import bench, simulated


def test_a_jitter_buffer_and_a_flush_do_not_show_in_the_numbers(speech: Speech) -> None:
    agent: dict[str, object] = {"adapter": "pipecat", "url": "ws://simulated.invalid/ws"}
    found = simulated(speech, 6, agent)
    assert found.clock == "virtual"
    assert not found.unmatched
    errors = {error.metric: error for error in found.errors}
    assert errors["response_latency"].worst < 0.025
    assert errors["stop_time"].n == 2
    # The bot's chunks of 40 ms are the steps in which it stops.
    assert errors["stop_time"].worst < 0.045


def test_an_adapter_without_such_an_agent_is_told_which_have_one() -> None:
    with pytest.raises(SetupError, match=r"for 'pipcat' \(did you mean 'pipecat'\?\); there is: "):
        bench("pipcat", 3)
