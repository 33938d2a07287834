"""What `voicetest load` does with 150 calls at once that begin whatever became of those before.

Calls of 30 s begin five times a second, to an agent that speaks for 2 s and is silent for 2 s by
turns. Printed are starts that were dropped, whether memory grows while the number of calls does
not, and how late voicetest was: by its own account, and by that of the agent.

`VOICETEST_BENCH_MINUTES` (1) says for how long, `VOICETEST_BENCH_LOAD` (150) how many calls.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import mean

import numpy as np
import pytest

from tests.benchmarks.live_figures import lateness_ms
from tests.benchmarks.media_agent import FRAME_S, MediaAgent
from tests.benchmarks.process_tree import Sample, Watched, cpu_between
from tests.conftest import Speak
from voicetest.audio.chunk import INTERNAL
from voicetest.audio.wav import write_wav

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(3_600)]

CALLS = int(os.environ.get("VOICETEST_BENCH_LOAD", "150"))
MINUTES = float(os.environ.get("VOICETEST_BENCH_MINUTES", "1"))
LASTS_S = 30
SCENARIO = """\
version: 1
name: A call of half a minute
agent: {{adapter: pipecat, url: "ws://127.0.0.1:{port}"}}
script:
  - play: line.wav
"""
AGENT = "Thank you for calling, your parcel is on its way and will be with you on Thursday."
CALLER = "I would like to know whether my parcel has left the depot yet."


def _memory(samples: Sequence[Sample], start: float, end: float) -> float:
    """MiB of all processes together, in the mean of some time; what they share counts once."""
    return mean(sample.pss_mib for sample in samples if start <= sample.at <= end)


def test_many_calls_that_begin_at_a_rate(tmp_path: Path, speak: Speak) -> None:
    write_wav(tmp_path / "line.wav", np.resize(speak(CALLER, "en-us"), LASTS_S * INTERNAL.rate))
    rate = CALLS / LASTS_S
    words = ["load", "call.yaml", "--stage", f"{rate:g}/s, hold {LASTS_S + 60 * MINUTES:g}s"]
    with MediaAgent(speak(AGENT, "en-us+f2")) as agent:
        (tmp_path / "call.yaml").write_text(SCENARIO.format(port=agent.port))
        with (
            subprocess.Popen(
                [sys.executable, "-m", "voicetest", *words],
                cwd=tmp_path,
                env=os.environ | {"VOICETEST_CACHE": str(tmp_path / "cache")},
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            ) as load,
            Watched(load.pid) as watched,
        ):
            printed, _ = load.communicate(timeout=600 + 60 * MINUTES)
        traffic = [one for one in agent.traffic() if len(one.arrivals) > 1 / FRAME_S]
    found = json.loads((tmp_path / "loads/latest/load.json").read_text())
    print(f"\n{printed}")
    full = min(one.arrivals[0] for one in traffic) + LASTS_S
    last = max(one.arrivals[0] for one in traffic)
    halfway = (full + last) / 2
    cpu = cpu_between(watched.samples, full, last)
    early, late = (_memory(watched.samples, *span) for span in ((full, halfway), (halfway, last)))
    half, most, worst = lateness_ms(traffic)
    figures, own = found["figures"], found["keeping_time"]
    print(
        f"{CALLS} calls at once by {found['engine']}, {MINUTES:g} min of them: begun"
        f" {figures['begun']}, ended well {figures['ended_well']}, dropped {figures['dropped']}\n"
        f"at the agent: frames late by {half:.1f}, {most:.1f}, {worst:.1f} ms (50 %, 99 %, worst);"
        f" by its own account {own['late_calls']} calls late, starts late by"
        f" {own['start_late_p99_s'] or 0:.3f} s (99 %)\n"
        f"memory {early:.0f} MiB in the first half, {late:.0f} MiB in the second"
        f" ({late / early:.2f} x);"
        f" {cpu / (last - full) * 60 / CALLS:.2f} CPU s a call-minute, analysis included"
    )
    assert figures["begun"] + figures["dropped"] == round(rate * (LASTS_S + 60 * MINUTES))
    assert figures["ended_well"] + figures["errors"] + figures["failed"] == figures["begun"]
