"""What WebRTC calls cost and how exact they are, beside bare aiortc on the same machine.

Ten calls at once to an agent on bare aiortc, in a process of its own, which speaks and is silent by
turns: by a client of bare aiortc that drops what it hears, and by `voicetest run`.
"""

from __future__ import annotations

import subprocess
import sys
import time
import wave
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np
import psutil
import pytest

from tests.benchmarks.process_tree import Watched, cpu_between
from tests.conftest import Speak
from voicetest.audio.chunk import INTERNAL
from voicetest.audio.resample import resample
from voicetest.audio.wav import read_span, write_wav
from voicetest.suite.benches import bench

pytestmark = pytest.mark.benchmark

CALLS = 10
SECONDS = 20
LATE_S = 0.06
"""A frame that comes so long after the one before it leaves a gap."""
_RATE, _FRAME_S = 8_000, 0.02
_BEGIN = 50
"""Frames of a call that are left out: others are still being opened."""
PROGRAM = [sys.executable, str(Path(__file__).with_name("bare_webrtc.py"))]
SCENARIO = """\
version: 1
name: Call {number}
agent: {{adapter: webrtc, signaling_url: "http://127.0.0.1:{port}/offer"}}
script:
  - play: line.wav
"""
CALLER = "I would like to know whether my parcel has left the depot yet, and when I can expect it."


@dataclass(frozen=True)
class Figures:
    """Of one client."""

    live_cpu: float
    """CPU seconds a call-minute, while all calls were on."""
    whole_cpu: float
    agent_cpu: float
    late_ms: tuple[float, float]
    """99 % of the frames and all are no further from their place in the schedule of their call."""
    gaps: int
    frames: int


@contextmanager
def _agent(folder: Path) -> Iterator[tuple[str, int]]:
    """The port and the process of an agent."""
    command = [*PROGRAM, "agent", "narrow.wav"]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) as agent:
        try:
            assert agent.stdout is not None
            yield agent.stdout.readline().removeprefix("listening on ").strip(), agent.pid
        finally:
            agent.kill()


def _measured(command: Sequence[str], folder: Path, port: str, agent: int) -> Figures:
    server = psutil.Process(agent)
    before = server.cpu_times()
    with (
        subprocess.Popen(
            command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process,
        Watched(process.pid) as watched,
    ):
        assert process.wait(200) == 0
    after = server.cpu_times()
    told = httpx.get(f"http://127.0.0.1:{port}/arrivals", timeout=30).json()
    came = [np.asarray(times) for times in told]
    assert len(came) == CALLS
    start, end = max(times[_BEGIN] for times in came), min(times[-1] for times in came)
    late = [
        np.abs(times[_BEGIN:] - times[_BEGIN] - _FRAME_S * np.arange(len(times) - _BEGIN))
        for times in came
    ]
    frames = sum(map(len, came))
    minutes = frames * _FRAME_S / 60
    everything = 1000 * np.concatenate(late)
    return Figures(
        live_cpu=cpu_between(watched.samples, start, end) / ((end - start) / 60 * CALLS),
        whole_cpu=watched.samples[-1].cpu_s / minutes,
        agent_cpu=(after.user + after.system - before.user - before.system) / minutes,
        late_ms=(float(np.percentile(everything, 99)), float(everything.max())),
        gaps=sum(int((np.diff(times[_BEGIN:]) > LATE_S).sum()) for times in came),
        frames=frames,
    )


@pytest.mark.timeout(600)
def test_ten_calls_at_once_beside_bare_aiortc(tmp_path: Path, speak: Speak) -> None:
    line = np.resize(speak(CALLER, "en-us"), SECONDS * INTERNAL.rate)
    write_wav(tmp_path / "line.wav", line)
    with wave.open(str(tmp_path / "narrow.wav"), "wb") as narrow:
        narrow.setnchannels(1)
        narrow.setsampwidth(2)
        narrow.setframerate(_RATE)
        narrow.writeframes(resample(line, INTERNAL.rate, _RATE).tobytes())
    with _agent(tmp_path) as (port, agent):
        bare = [*PROGRAM, "client", port, str(CALLS), str(SECONDS), "narrow.wav"]
        names = [f"call{number}.yaml" for number in range(CALLS)]
        for number, name in enumerate(names):
            (tmp_path / name).write_text(SCENARIO.format(number=number, port=port))
        ours = [sys.executable, "-m", "voicetest", "run", *names, "--clock", "real"]
        found: dict[str, Figures] = {}
        for who, command in (
            ("bare aiortc", bare),
            ("voicetest run", [*ours, "--jobs", str(CALLS), "--out", "runs"]),
        ):
            found[who] = _measured(command, tmp_path, port, agent)
            time.sleep(1)
    print(f"\n{CALLS} WebRTC calls of {SECONDS} s at once; CPU seconds a call-minute")
    for who, figures in found.items():
        ratio = figures.live_cpu / found["bare aiortc"].live_cpu
        print(
            f"{who:14} live {figures.live_cpu:.2f} ({ratio:.2f} x, goal 1.3),"
            f" whole {figures.whole_cpu:.2f}, agent {figures.agent_cpu:.2f};"
            f" late 99 % {figures.late_ms[0]:.0f} ms, worst {figures.late_ms[1]:.0f} ms,"
            f" {figures.gaps} gaps over {LATE_S * 1000:g} ms in {figures.frames} frames"
        )
    recordings = sorted(tmp_path.glob("runs/20*/*/recording.wav"))
    assert len(recordings) == CALLS
    for recording in recordings:
        heard = read_span(recording, 0, -1)
        assert len(heard) > (SECONDS - 1) * INTERNAL.rate
        assert (np.abs(heard.astype(int)).max(axis=0) > 2_000).all()


@pytest.mark.timeout(600)
@pytest.mark.parametrize("adapter", ["webrtc", "pipecat:webrtc"])
def test_the_numbers_of_a_call_are_within_25_ms(adapter: str) -> None:
    found = bench(adapter, 9)
    print(f"\n{adapter}: {found.duration_s:.0f} s call, {found.clock} time")
    for error in found.errors:
        print(f"{error.metric:18} n {error.n:3} median {error.median:.4f} 95 % {error.p95:.4f}")
    latency = next(error for error in found.errors if error.metric == "response_latency")
    assert latency.p95 <= 0.025
