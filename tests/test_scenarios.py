"""Every scenario that ships does offline what it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.calls import Quiet
from voicetest.clock import Clock
from voicetest.run import plan, run
from voicetest.speech.providers import Speech
from voicetest.suite.select import select_files

SCENARIOS = select_files([Path(__file__).parents[1] / "scenarios"])
IN_REAL_TIME = ("livekit", "webrtc", "pipecat-webrtc")
"""Their sound needs sockets."""
MARKED = [
    pytest.param(path, id=path.stem, marks=[pytest.mark.process] * (path.stem in IN_REAL_TIME))
    for path in SCENARIOS
]


@pytest.mark.parametrize("path", MARKED)
def test_a_scenario_passes_offline_unless_it_is_to_fail(
    tmp_path: Path, speech: Speech, path: Path
) -> None:
    planned = plan(path, {}, speech, offline=True)
    assert planned.clock is (Clock.REAL if planned.adapter.sockets else Clock.VIRTUAL)
    (tmp_path / "segments").mkdir()
    result = run(planned, tmp_path, Quiet())
    wanted = "failed" if "must-fail" in planned.file.scenario.tags else "passed"
    assert result.status == wanted, (result.checks, result.errors)
