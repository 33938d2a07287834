"""What live calls cost and how exactly their frames leave, beside clients that do less.

All make the same call: a media stream (µ-law, 8 kHz), 50 frames a second to an agent that speaks
for 2 s and is silent for 2 s by turns, also while it is spoken to. In one run:

- `voicetest run`, as anybody runs it, on uvloop if that is installed;
- bare `websockets` and, where they are installed, bare picows on uvloop: frames on time from one
  ticker, what comes is thrown away;
- `langwatch-scenario` in an environment of its own (`make bench-peer`), by its adapter for Pipecat.

Lateness is measured where it matters, at the server: one process serves all of them, and what that
costs is in the table. Live CPU is that while all calls were on; the whole is everything from the
start of the program to its end, analysis and reports included. Ratios and counts can be held
against those of another machine, seconds cannot.

This is in place of what measured `Session` alone, over PCM of 24 kHz against a server that never
spoke: no call of a telephone takes that path, and it could not see what calls cost each other.

`VOICETEST_BENCH_CALLS` (1,20,100,200), `VOICETEST_BENCH_SECONDS` (10) and `VOICETEST_BENCH_AGAINST`
(the `voicetest` program of another build) change what is run.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.benchmarks.live_figures import HEAD, Figures, measured
from tests.benchmarks.media_agent import FRAME_S, MediaAgent
from tests.conftest import Speak
from voicetest.audio.chunk import INTERNAL, Encoding, Samples
from voicetest.audio.g711 import RATE, compress
from voicetest.audio.resample import resample
from voicetest.audio.wav import write_wav
from voicetest.real_loop import uvloop_version

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(1800)]

CALLS = tuple(int(n) for n in os.environ.get("VOICETEST_BENCH_CALLS", "1,20,100,200").split(","))
SECONDS = float(os.environ.get("VOICETEST_BENCH_SECONDS", "10"))
AGAINST = os.environ.get("VOICETEST_BENCH_AGAINST", "")
PEER_CALLS = 100
"""The most that the peer makes: more only take longer."""
LIMIT_S = 300.0
HERE = Path(__file__).parent
PEER = HERE.parents[1] / ".peers/scenario/bin/python"
AGENT = "Thank you for calling, your parcel is on its way and will be with you on Thursday."
CALLER = (
    "I would like to know whether my parcel has left the depot yet, and if it has, when I can"
    " expect it at my door, because I am going away on Friday and nobody will be at home then."
)
SCENARIO = """\
version: 1
name: Call {number}
agent: {{adapter: pipecat, url: "ws://127.0.0.1:{port}"}}
script:
  - play: line.wav
"""


def _lasting(sound: Samples) -> Samples:
    """The sound, over and over for as long as a call."""
    return np.resize(sound, round(SECONDS * INTERNAL.rate))


def _scenarios(folder: Path, calls: int, port: int) -> list[str]:
    names = [f"call{number:03}.yaml" for number in range(calls)]
    for number, name in enumerate(names):
        (folder / name).write_text(SCENARIO.format(number=number, port=port))
    return names


def _commands(folder: Path, calls: int, port: int) -> Iterator[tuple[str, list[str]]]:
    """Each client and how it is run, the bare one to compare with first."""
    told = [str(port), str(calls), f"{SECONDS:g}"]
    bare = [sys.executable, str(HERE / "bare_calls.py")]
    yield "bare websockets", [*bare, "websockets", *told, "line.ulaw"]
    if importlib.util.find_spec("picows") is not None:
        yield "bare picows, uvloop", [*bare, "picows", *told, "line.ulaw"]
    words = ["run", *_scenarios(folder, calls, port), "--clock", "real", "--jobs", str(calls)]
    loop = "uvloop" if uvloop_version() else "asyncio"
    yield f"voicetest run, {loop}", [sys.executable, "-m", "voicetest", *words]
    if AGAINST:
        yield "voicetest, other build", [AGAINST, *words]
    if PEER.exists() and calls <= PEER_CALLS:
        peer = [str(PEER), str(HERE / "scenario_calls.py"), *told, "line.wav"]
        yield "langwatch-scenario", peer


@pytest.mark.parametrize("calls", CALLS)
def test_calls_beside_clients_that_do_less(tmp_path: Path, speak: Speak, calls: int) -> None:
    line = _lasting(speak(CALLER, "en-us"))
    write_wav(tmp_path / "line.wav", line)
    wired = compress(resample(line, INTERNAL.rate, RATE), Encoding.MULAW)
    (tmp_path / "line.ulaw").write_bytes(wired)
    if not PEER.exists():
        print("\nlangwatch-scenario is not installed: run make bench-peer", end="")
    print(f"\n{HEAD}")
    bare: float | None = None
    figures: list[Figures] = []
    with MediaAgent(speak(AGENT, "en-us+f2")) as agent:
        for name, command in _commands(tmp_path, calls, agent.port):
            env = {"VOICETEST_CACHE": str(tmp_path / "cache" / name)}
            found = measured(name, command, agent, tmp_path, LIMIT_S, env)
            bare = found.live_cpu if bare is None else bare
            print(found.row(bare))
            figures.append(found)
    for found in figures:
        assert found.exit_code == 0, found.output[-2000:]
        assert found.calls == calls
        assert found.frames >= calls * (SECONDS / FRAME_S - 2)
