"""How calls with a healthy agent end when their process is stopped, or this machine is busy."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from tests.busy import ADAPTERS, busy, run_suite, suite_of
from tests.stops import PLACES, call, simulated, slow_door
from tests.test_stopped import DIALOGUE, SCENARIO, STOP_S

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(3_000)]

STOPS = 5
SUITES = 3
LOOPS = 8


def test_a_process_that_is_stopped(tmp_path: Path) -> None:
    dialogue, scenario = tmp_path / "dialogue.yaml", tmp_path / "scenario.yaml"
    dialogue.write_text(DIALOGUE)
    scenario.write_text(SCENARIO)
    ends: Counter[int] = Counter()
    with simulated("websocket", dialogue) as printed:
        found = re.search(r":(\d+)/json_audio", printed[0])
        assert found is not None
        for number, name in enumerate([*PLACES] * STOPS):
            with slow_door(int(found[1]), 1.0) as door:
                port = found[1] if PLACES[name].event else door
                out, to = tmp_path / str(number), ("--var", f"port={port}")
                ends[call(scenario, out, PLACES[name], STOP_S, to).exit_code] += 1
    print(f"\nstopped for {STOP_S:g} s at {len(PLACES)} places, {STOPS} times each: {_told(ends)}")
    assert set(ends) <= {0, 4}


def test_a_machine_that_is_busy(tmp_path: Path) -> None:
    suite = suite_of(tmp_path / "suite")
    ends: Counter[str] = Counter()
    for number in range(SUITES):
        with busy(LOOPS):
            called = run_suite(suite, tmp_path / str(number), jobs=4, limit_s=300)
        ends.update(called[name]["status"] if name in called else "not run" for name in ADAPTERS)
    told = ", ".join(f"{count} {status}" for status, count in sorted(ends.items()))
    print(f"\n{LOOPS} busy loops beside {len(ADAPTERS)} adapters, {SUITES} times: {told}")
    assert not ends["failed"]


def _told(ends: Counter[int]) -> str:
    return ", ".join(f"exit {code} {count} times" for code, count in sorted(ends.items()))
