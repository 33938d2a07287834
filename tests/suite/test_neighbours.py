"""Calls that share a process: what happens in one of them is not felt in the others."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.benchmarks.media_agent import FRAME_S, MediaAgent, Traffic

pytestmark = pytest.mark.process

CALLS = 6
LASTS_S = 6.0
SLOW_S = 4.0
"""How long a piece of somebody's code keeps its thread."""
FELT_S = 2.5
"""A pause that no busy machine makes, if nothing stands in the way of a call."""
SCENARIO = """\
version: 1
name: {name}
agent:
  {{adapter: pipecat, url: "ws://127.0.0.1:{port}", ping_interval: 1s, ping_timeout: 2500ms}}
{user}
script:
  - dtmf: "1"
  - silence: {silence}s
"""
ADAPTER = f"""\
import time
from contextlib import asynccontextmanager
from voicetest.adapters.pipecat import PipecatAgentAdapter

class Slow(PipecatAgentAdapter):
    sleeps: bool = False

    @asynccontextmanager
    async def connect(self, world):
        if self.sleeps:
            time.sleep({SLOW_S})
        async with super().connect(world) as link:
            yield link
"""
EFFECT = f"""\
import time

def slow(samples, random):
    time.sleep({SLOW_S})
    return samples
"""
NOISE = np.random.default_rng(1).normal(0, 2_000, 48_000).astype(np.int16)


def _write(folder: Path, name: str, port: int, silence_s: float, user: str = "") -> str:
    path = folder / f"{name}.yaml"
    path.write_text(SCENARIO.format(name=name, port=port, silence=silence_s, user=user))
    return path.name


def _run(folder: Path, files: Sequence[str], jobs: int) -> Mapping[str, Any]:
    """The manifest of each call, by the name of its scenario."""
    words = [*files, "--clock", "real", "--jobs", str(jobs), "--out", "runs"]
    ran = subprocess.run(
        [sys.executable, "-m", "voicetest", "run", *words],
        cwd=folder,
        env=os.environ | {"VOICETEST_CACHE": str(folder / "cache"), "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert "Traceback" not in ran.stderr, ran.stderr
    found = [json.loads(path.read_text()) for path in folder.glob("runs/20*/*/manifest.json")]
    assert len(found) == len(files), ran.stdout + ran.stderr
    return {manifest["scenario"]["name"]: manifest for manifest in found}


def _install(folder: Path, name: str, text: str, group: str, member: str) -> None:
    """A package of somebody else, where Python looks for them when `folder` is in its path."""
    (folder / f"{name}.py").write_text(text)
    package = folder / f"{name}-1.0.dist-info"
    package.mkdir()
    (package / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (package / "entry_points.txt").write_text(f"[{group}]\nslow = {name}:{member}\n")


def _longest_pause(traffic: Traffic) -> float:
    return float(np.diff(np.asarray(traffic.arrivals)).max())


def test_a_peer_that_is_gone_ends_its_own_call_alone(tmp_path: Path) -> None:
    with MediaAgent(NOISE, gone_after=50) as agent:
        files = [_write(tmp_path, f"call{n}", agent.port, LASTS_S) for n in range(CALLS)]
        found = _run(tmp_path, files, CALLS)
        gone, *others = agent.traffic()
    assert len(gone.arrivals) == 50
    assert len(others) == CALLS - 1
    # A call that is late when it ends has not sent all its frames.
    assert min(len(other.arrivals) for other in others) >= (LASTS_S - 1) / FRAME_S
    ends = [(one["status"], one["reason"]) for one in found.values()]
    errors = [why for status, why in ends if status == "error"]
    assert sorted(status for status, _ in ends) == ["error", *["passed"] * (CALLS - 1)], ends
    assert "nothing came for 2.5 s" in errors[0]


def test_an_effect_that_takes_long_holds_up_no_other_call(tmp_path: Path) -> None:
    """It is applied while the others are on the line, as its call begins when another has ended."""
    _install(tmp_path, "slow_effect", EFFECT, "voicetest.effects", "slow")
    with MediaAgent(NOISE) as agent:
        files = [_write(tmp_path, "a-short", agent.port, 0.5)]
        files += [_write(tmp_path, f"call{n}", agent.port, LASTS_S) for n in range(CALLS)]
        user = "user: {voice: espeak/en-us, effects: [{custom: slow}]}"
        slow = _write(tmp_path, "z-slow", agent.port, 0.5, user)
        text = (tmp_path / slow).read_text().replace('dtmf: "1"', "user: Hello.")
        (tmp_path / slow).write_text(text)
        found = _run(tmp_path, [*files, slow], CALLS + 1)
        traffic = [one for one in agent.traffic() if len(one.arrivals) >= (LASTS_S - 1) / FRAME_S]
    assert {one["status"] for one in found.values()} == {"passed"}, found
    assert len(traffic) == CALLS
    assert max(_longest_pause(one) for one in traffic) < FELT_S


def test_code_that_holds_up_all_calls_is_named_in_each_of_them(tmp_path: Path) -> None:
    _install(tmp_path, "slow_adapter", ADAPTER, "voicetest.adapters", "Slow")
    with MediaAgent(NOISE) as agent:
        names = [
            _write(tmp_path, name, agent.port, silence_s)
            for name, silence_s in (("a-short", 0.5), ("long", LASTS_S), ("sleeps", 0.5))
        ]
        for name in names:
            path = tmp_path / name
            text = path.read_text().replace("adapter: pipecat", "adapter: slow")
            sleeps = "sleeps: true, url" if name == "sleeps.yaml" else "url"
            path.write_text(text.replace("url", sleeps))
        found = _run(tmp_path, names, 2)
    told = [warning["message"] for warning in found["long"]["warnings"]]
    (named,) = [message for message in told if "held up all calls" in message]
    assert "Slow.connect" in named
    assert "slow_adapter.py" in named
