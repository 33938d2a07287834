"""What many calls at once cost, and how exactly their frames came, as a server saw them."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil

from tests.benchmarks.media_agent import FRAME_S, MediaAgent, Traffic
from tests.benchmarks.process_tree import Sample, Watched, cpu_between

__all__ = ["HEAD", "Figures", "lateness_ms", "measured"]

HEAD = (
    f"{'client':24} {'calls':>5} {'late ms: 50 %':>13} {'99 %':>7} {'worst':>7} {'drift ms':>8}"
    f" {'opened s':>8} {'live CPU':>8} {'x bare':>6} {'whole':>6} {'server':>6} {'RSS':>5}"
    f" {'PSS':>5} {'wall s':>6}"
)
"""CPU is in seconds a call-minute, memory in MiB at its peak, of all processes together."""
_ENDS = round(1 / FRAME_S)
"""Frames at either end of a call that say how far it drifted."""


@dataclass(frozen=True)
class Figures:
    """Of one run of one client."""

    client: str
    calls: int
    exit_code: int
    frames: int
    """That came of all calls."""
    late_ms: tuple[float, float, float]
    """Half of the frames, 99 % and all are no further from the schedule of their call, which its
    first frame began."""
    drift_ms: float
    """By how much the last second of the call that drifted most is off the first, in the median."""
    opened_s: float
    """From the first connection to the last."""
    live_cpu: float
    """CPU seconds a call-minute, while all calls were on."""
    whole_cpu: float
    """The same of everything, from the start of the program to its end."""
    server_cpu: float
    """The same of the server."""
    rss_mib: float
    pss_mib: float
    wall_s: float
    output: str

    def row(self, bare: float | None) -> str:
        """A line below HEAD; `bare` is the live cost of the client to compare with."""
        half, most, worst = self.late_ms
        ratio = "" if bare is None or not bare else f"{self.live_cpu / bare:.2f}"
        return (
            f"{self.client:24} {self.calls:5} {half:13.2f} {most:7.2f} {worst:7.1f}"
            f" {self.drift_ms:8.2f} {self.opened_s:8.2f} {self.live_cpu:8.3f} {ratio:>6}"
            f" {self.whole_cpu:6.2f} {self.server_cpu:6.3f} {self.rss_mib:5.0f} {self.pss_mib:5.0f}"
            f" {self.wall_s:6.1f}"
        )


def measured(
    client: str,
    command: Sequence[str],
    agent: MediaAgent,
    folder: Path,
    limit_s: float,
    env: Mapping[str, str] | None = None,
) -> Figures:
    """Run the command of a client, in `folder`, that calls the agent."""
    server = psutil.Process(agent.pid)
    agent.traffic()
    before, began = server.cpu_times(), time.monotonic()
    log = folder / "output.txt"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env=os.environ | {"NO_COLOR": "1"} | dict(env or {}),
            start_new_session=True,
        )
        try:
            with Watched(process.pid) as watched:
                _, status, used = _ended(process, began + limit_s)
        finally:
            process.kill()
            process.wait()
    wall, after = time.monotonic() - began, server.cpu_times()
    traffic = [one for one in agent.traffic() if len(one.arrivals) > _ENDS]
    minutes = sum(len(one.arrivals) for one in traffic) * FRAME_S / 60
    if not minutes:
        raise AssertionError(f"{client} made no call: {log.read_text(errors='replace')[-2000:]}")
    whole = max(used, watched.samples[-1].cpu_s)
    spent = after.user + after.system - before.user - before.system
    return Figures(
        client=client,
        calls=len(traffic),
        exit_code=status,
        frames=sum(len(one.arrivals) for one in traffic),
        late_ms=lateness_ms(traffic),
        drift_ms=max(_drift(one) for one in traffic),
        opened_s=max(one.opened for one in traffic) - min(one.opened for one in traffic),
        live_cpu=_live(traffic, watched.samples),
        whole_cpu=whole / minutes,
        server_cpu=spent / minutes,
        rss_mib=max(sample.rss_mib for sample in watched.samples),
        pss_mib=max(sample.pss_mib for sample in watched.samples),
        wall_s=wall,
        output=log.read_text(errors="replace"),
    )


def _ended(process: subprocess.Popen[bytes], deadline: float) -> tuple[int, int, float]:
    """The id of the process, its exit code, and the CPU seconds of it and those it waited for."""
    while time.monotonic() < deadline:
        pid, status, used = os.wait4(process.pid, os.WNOHANG)
        if pid:
            process.returncode = os.waitstatus_to_exitcode(status)
            return pid, process.returncode, used.ru_utime + used.ru_stime
        time.sleep(0.1)
    raise AssertionError(f"{process.args!r} did not end")


def _offsets_ms(traffic: Traffic) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """By how much each frame came after its place in the schedule that the first one began."""
    came = np.asarray(traffic.arrivals)
    offsets: np.ndarray[tuple[int], np.dtype[np.float64]] = 1000 * (
        came - came[0] - FRAME_S * np.arange(len(came))
    )
    return offsets


def lateness_ms(traffic: Sequence[Traffic]) -> tuple[float, float, float]:
    """By how much half of the frames, 99 % and all are at most off the schedule of their call."""
    late = np.abs(np.concatenate([_offsets_ms(one) for one in traffic]))
    half, most = np.percentile(late, (50, 99))
    return float(half), float(most), float(late.max())


def _drift(traffic: Traffic) -> float:
    offsets = _offsets_ms(traffic)
    return float(abs(np.median(offsets[-_ENDS:]) - np.median(offsets[:_ENDS])))


def _live(traffic: Sequence[Traffic], samples: Sequence[Sample]) -> float:
    start = max(one.arrivals[0] for one in traffic)
    end = min(one.arrivals[-1] for one in traffic)
    if end - start < 1:
        return float("nan")  # they were never all on
    return cpu_between(samples, start, end) / ((end - start) / 60 * len(traffic))
