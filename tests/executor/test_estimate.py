from __future__ import annotations

from pathlib import Path

import pytest

from voicetest.executor.estimate import Estimate, estimates
from voicetest.executor.plan import plan
from voicetest.speech.providers import Speech

SCRIPT = """script:
  - user: Where is my parcel?
  - agent
  - interrupt: Never mind.
  - backchannel: Mhm.
  - agent
"""
AGENT = "version: 1\nagent: {adapter: composable, stt: pocketsphinx, tts: espeak/en-us, "


def _estimates(folder: Path, speech: Speech, agent: str, script: str = SCRIPT) -> list[Estimate]:
    (folder / "agent.yaml").write_text("greeting: Hello.\n")
    file = folder / "scenario.yaml"
    file.write_text(f"{AGENT}{agent}}}\n{script}")
    return estimates(plan(file, {}, speech))


def test_a_model_is_asked_once_for_each_thing_the_user_says(tmp_path: Path, speech: Speech) -> None:
    (found,) = _estimates(tmp_path, speech, "llm: openai/gpt-5.4-mini")
    assert (found.model, found.requests) == ("openai/gpt-5.4-mini", 2)
    assert found.usd is not None
    assert 0.0001 < found.usd < 0.001


def test_a_longer_conversation_costs_more_than_its_share(tmp_path: Path, speech: Speech) -> None:
    turns = "  - user: Where is my parcel now, and when will it be here?\n  - agent\n"
    costs = [
        _estimates(tmp_path, speech, "llm: openai/gpt-5.4-mini", "script:\n" + turns * count)[0].usd
        for count in (5, 10)
    ]
    assert None not in costs
    assert (costs[1] or 0) > 2 * (costs[0] or 0)


def test_nobody_knows_what_a_model_costs_that_is_in_no_list(tmp_path: Path, speech: Speech) -> None:
    assert _estimates(tmp_path, speech, "llm: openai/small") == [Estimate("openai/small", 2, None)]


@pytest.mark.parametrize(
    ("agent", "script"),
    [("dialogue: agent.yaml", SCRIPT), ("llm: openai/gpt-5.4-mini", "script: [agent]\n")],
)
def test_what_is_asked_nothing_costs_nothing(
    tmp_path: Path, speech: Speech, agent: str, script: str
) -> None:
    assert _estimates(tmp_path, speech, agent, script) == []
