"""A healthy agent is never failed because voicetest itself did not run for a while."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.stops import PLACES, Stopped, call, simulated, slow_door

pytestmark = [pytest.mark.process, pytest.mark.timeout(600)]

DIALOGUE = """
greeting: Hello there. How can I help you?
rules:
  - {when: [parcel], say: Let me see. It is on its way to you and will be there this afternoon.}
  - {when: [thank you], say: You are welcome. Goodbye., ends_call: true}
fallback: Sorry, I did not understand.
"""
SCENARIO = """
version: 1
name: Stopped
vars: {port: "1"}
agent: {adapter: websocket, protocol: json_audio, url: "ws://127.0.0.1:${port}/json_audio"}
user: {voice: espeak/en-us+m3}
script:
  - agent: {says: how can I help, within: 4s}
  - user: Where is my parcel?
  - agent: {says: on its way, within: 4s, never_says: sorry}
  - interrupt: Thank you.
    after: 1s
  - agent: {says: goodbye, ends_call: true, sounds_clean: true}
checks: {missed_responses: {max: 0}, dead_air: {max: 4s}, response_latency: {max: 4s}}
limits: {idle_timeout: 5s}
"""
STOP_S = 3.0
AT_ONCE = 3


def _lapses(stopped: Stopped) -> list[Any]:
    harness: Any = stopped.manifest.get("harness") or {}
    return list(harness.get("lapses") or ())


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of an agent in a process of its own."""
    dialogue = tmp_path_factory.mktemp("agent") / "dialogue.yaml"
    dialogue.write_text(DIALOGUE)
    with simulated("websocket", dialogue) as printed:
        found = re.search(r":(\d+)/json_audio", printed[0])
        assert found is not None
        yield int(found[1])


@pytest.fixture(scope="module")
def stopped(agent: int, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Stopped]:
    """A call for each place at which one can be stopped."""
    folder = tmp_path_factory.mktemp("stopped")
    scenario = folder / "scenario.yaml"
    scenario.write_text(SCENARIO)

    def stop(number: int, name: str) -> Stopped:
        with ExitStack() as stack:
            dials = not PLACES[name].event
            port = stack.enter_context(slow_door(agent, 1.0)) if dials else agent
            out, to = folder / str(number), ("--var", f"port={port}")
            return call(scenario, out, PLACES[name], STOP_S, to)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return dict(zip(PLACES, pool.map(stop, range(len(PLACES)), PLACES), strict=True))


@pytest.mark.parametrize("place", PLACES)
def test_a_stop_is_never_a_failure_of_the_agent(stopped: Mapping[str, Stopped], place: str) -> None:
    call_ = stopped[place]
    assert call_.exit_code in (0, 4), call_.output
    if call_.exit_code == 4:
        assert "this machine" in call_.reason
        assert "--jobs" in call_.reason
    hung_up = place == "when the agent hangs up"
    assert call_.was_stopped or hung_up
    longest = max((lapse["seconds"] for lapse in _lapses(call_)), default=0.0)
    assert longest > STOP_S - 0.5 or hung_up, "the stop was not noticed"


def test_the_same_agent_passes_when_nothing_stops_the_call(agent: int, tmp_path: Path) -> None:
    scenario = tmp_path / "scenario.yaml"
    scenario.write_text(SCENARIO)
    call_ = call(scenario, tmp_path / "out", arguments=("--var", f"port={agent}"))
    assert call_.exit_code == 0 or (call_.exit_code == 4 and _lapses(call_)), call_.output


@pytest.mark.parametrize(
    ("right", "wrong"),
    [("says: on its way", "says: lost at sea"), ("never_says: sorry", "never_says: let me")],
)
def test_an_agent_that_is_wrong_fails_when_nothing_stops_the_call(
    agent: int, tmp_path: Path, right: str, wrong: str
) -> None:
    scenario = tmp_path / "scenario.yaml"
    scenario.write_text(SCENARIO.replace(right, wrong))
    call_ = call(scenario, tmp_path / "out", arguments=("--var", f"port={agent}"))
    assert call_.exit_code == 1 or (call_.exit_code == 4 and _lapses(call_)), call_.output
