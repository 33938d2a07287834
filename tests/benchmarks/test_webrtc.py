"""What WebRTC calls cost and how exact they are, beside bare aiortc on the same machine."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import AsyncExitStack
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest
import yaml
from aiortc import AudioStreamTrack, MediaStreamTrack, RTCPeerConnection

from tests.calls import Quiet
from voicetest.audio.wav import read_span
from voicetest.checks.result import Result
from voicetest.links.aiortc_ways import Reach, our_way
from voicetest.links.webrtc import peer_connection
from voicetest.run import plan, run
from voicetest.speech.cache import Cache
from voicetest.speech.providers import Speech
from voicetest.suite.benches import bench

pytestmark = pytest.mark.benchmark

CALLS = 10
PROCESSES = 2
"""As many as there are cores: a process has one interpreter for all its calls."""
BARE_S = 15.0
LATE_S = 0.06
"""A frame that comes so long after the one before it leaves a gap."""
SCENARIO = {
    "version": 1,
    "agent": {
        "adapter": "webrtc",
        "signaling_url": "https://agent.invalid/offer",
        "simulator": {
            "greeting": "Parcel service, how can I help you?",
            "fallback": "It is on its way to you.",
        },
    },
    "user": {"voice": "espeak/en-us+f2"},
    "script": ["agent", {"user": "Where is my parcel?"}, "agent", {"user": "Thank you."}, "agent"],
}


async def _bare(pairs: int) -> tuple[int, int]:
    """Pairs of peers that only exchange silence: frames that came, and gaps between them."""
    frames = gaps = 0

    async def listen(track: MediaStreamTrack) -> None:
        nonlocal frames, gaps
        before = time.perf_counter()
        while True:
            await track.recv()
            now = time.perf_counter()
            frames += 1
            gaps += now - before > LATE_S
            before = now

    listening: list[asyncio.Task[None]] = []

    def watch(peer: RTCPeerConnection) -> None:
        peer.on("track", lambda track: listening.append(asyncio.ensure_future(listen(track))))

    async with AsyncExitStack() as opened:
        for _ in range(pairs):
            near = await opened.enter_async_context(peer_connection())
            far = await opened.enter_async_context(peer_connection())
            for peer in (near, far):
                watch(peer)
                peer.addTrack(AudioStreamTrack())
            with our_way(Reach.LOOPBACK):
                await near.setLocalDescription(await near.createOffer())
                await far.setRemoteDescription(near.localDescription)
                await far.setLocalDescription(await far.createAnswer())
                await near.setRemoteDescription(far.localDescription)
        await asyncio.sleep(BARE_S)
        for task in listening:
            task.cancel()
    return frames, gaps


def _hold(folder: Path) -> tuple[float, list[Result]]:
    """This process's share of the calls: its CPU seconds, and how they went."""
    each = CALLS // PROCESSES
    folders = [folder / f"call{number}" for number in range(each)]
    for one in folders:
        (one / "segments").mkdir(parents=True)
    file = folder / "scenario.yaml"
    file.write_text(yaml.safe_dump(SCENARIO))
    with Speech(Cache(folder / "cache")) as speech, ThreadPoolExecutor(each) as threads:
        planned = [plan(file, {}, speech, offline=True) for _ in folders]
        before = time.process_time()
        jobs = [
            threads.submit(run, one, into, Quiet())
            for one, into in zip(planned, folders, strict=True)
        ]
        results = [job.result() for job in jobs]
        return time.process_time() - before, results


@pytest.mark.timeout(600)
def test_ten_calls_at_once_lose_no_recording(tmp_path: Path) -> None:
    before = time.process_time()
    frames, gaps = asyncio.run(_bare(CALLS))
    bare = (time.process_time() - before) / (CALLS * BARE_S / 60)
    print(f"\nbare aiortc, {CALLS} pairs in one process: {bare:.2f} CPU s per call-minute (both")
    print(f"ends), {gaps} gaps over {LATE_S * 1000:g} ms in {frames} frames")
    folders = [tmp_path / f"process{number}" for number in range(PROCESSES)]
    with ProcessPoolExecutor(PROCESSES, get_context("spawn")) as processes:
        held = list(processes.map(_hold, folders))
    spent = sum(cpu for cpu, _ in held)
    results = [result for _, several in held for result in several]
    minutes = sum(result.duration_s for result in results) / 60
    figures = [result.harness for result in results if result.harness is not None]
    inserted = sum(figure.playout_inserted_s for figure in figures)
    late = sorted(figure.lateness_p99_ms for figure in figures)
    print(f"{CALLS} calls, agents included: {spent / minutes:.2f} CPU s per call-minute,")
    print(f"{inserted:.2f} s of gaps in {minutes:.1f} min, ", end="")
    print(f"lateness p99 {late[0]:.0f} to {late[-1]:.0f} ms")
    assert [result.errors for result in results] == [()] * CALLS
    recordings = sorted(tmp_path.glob("process*/call*/recording.wav"))
    assert len(recordings) == CALLS
    for recording in recordings:
        heard = read_span(recording, 0, -1)
        assert len(heard) > 5 * 24_000
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
